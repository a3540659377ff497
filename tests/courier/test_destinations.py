"""How much an operator of mail servers is given at a time, as it asks us to slow down and takes what it is given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.courier.sending.destinations import (
    LONGEST_GAP,
    MOST_KEPT,
    PROOF,
    SHORTEST_GAP,
    Destinations,
    Parked,
    asks_to_slow_down,
)

SLOW_DOWN = "421 4.7.28 our system has detected an unusual rate of mail"
OK = "250 2.0.0 ok"


@pytest.mark.parametrize(
    "reply",
    [
        SLOW_DOWN,
        "421 too many connections from your IP",
        "451 4.7.500 Server busy. Please try again later, too many messages",
        "452 4.3.2 system not accepting network messages",
        "451 4.7.1 Throttled: slow down",
        "421-4.7.0 temporarily deferred due to unexpected volume",
    ],
)
def test_who_asks_to_slow_down(reply: str):
    assert asks_to_slow_down(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        OK,
        "550 5.7.1 too many complaints",
        "452 4.2.2 mailbox full: quota exceeded",
        "451 4.7.1 greylisted, try later",
    ],
)
def test_who_does_not(reply: str):
    assert not asks_to_slow_down(reply)


def fill(destinations: Destinations, operator: str, now: float) -> int:
    """How many may leave at once."""
    count = 0
    while not destinations.wait(operator, now):
        destinations.take(operator, now)
        count += 1
    return count


def round_trips(destinations: Destinations, number: int, now: float, reply: str = OK) -> float:
    """One message after the other; when the last came back."""
    for _ in range(number):
        now += destinations.wait("big.example", now)
        destinations.take("big.example", now)
        now += 0.1
        destinations.back("big.example", now, reply)
    return now


def test_each_operator_has_its_own_places():
    destinations = Destinations(3)
    assert fill(destinations, "big.example", 0) == 3
    assert destinations.wait("big.example", 0) == float("inf")
    assert fill(destinations, "other.example", 0) == 3
    destinations.back("big.example", 0, OK)
    assert destinations.wait("big.example", 0) == 0


def test_who_asks_to_slow_down_gets_half_as_many():
    destinations = Destinations(8)
    assert fill(destinations, "big.example", 0) == 8
    for _ in range(8):  # what left before the first of them counts once
        destinations.back("big.example", 1, SLOW_DOWN)
    assert fill(destinations, "big.example", 1) == 4


def test_then_one_at_a_time_with_ever_longer_gaps():
    destinations, now, gaps = Destinations(2), 0.0, []
    for _ in range(15):
        now = round_trips(destinations, 1, now, SLOW_DOWN)
        gaps.append(destinations.wait("big.example", now))
    assert gaps[:5] == pytest.approx([0.0, SHORTEST_GAP, 2 * SHORTEST_GAP, 4 * SHORTEST_GAP, 8 * SHORTEST_GAP])
    assert max(gaps) == pytest.approx(LONGEST_GAP)


def test_it_recovers_slowly():
    destinations = Destinations(3)
    now = round_trips(destinations, 3, 0.0, SLOW_DOWN)
    assert destinations.wait("big.example", now) > 0
    now = round_trips(destinations, 2 * PROOF, now)
    assert destinations.wait("big.example", now) == 0
    assert fill(destinations, "big.example", now) == 1
    destinations.back("big.example", now, OK)
    now = round_trips(destinations, PROOF * 3, now)
    assert fill(destinations, "big.example", now) == 3


def test_a_refusal_in_between_counts_for_nothing():
    destinations = Destinations(2)
    now = round_trips(destinations, 1, 0.0, SLOW_DOWN)
    now = round_trips(destinations, PROOF - 1, now)
    now = round_trips(destinations, 5, now, "550 5.1.1 no such user")
    assert fill(destinations, "big.example", now) == 1


@given(
    st.integers(1, 20),
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 5), st.sampled_from([OK, SLOW_DOWN, "550 no", ""]))),
)
def test_never_more_than_the_most_and_never_stuck(most: int, events: list[tuple[str, float, str]]):
    destinations, now = Destinations(most), 0.0
    on_the_way = dict.fromkeys("abc", 0)
    for operator, pause, reply in events:
        now += pause
        if on_the_way[operator] and pause < 2:
            destinations.back(operator, now, reply)
            on_the_way[operator] -= 1
        elif not destinations.wait(operator, now):
            destinations.take(operator, now)
            on_the_way[operator] += 1
        assert on_the_way[operator] <= most
        if not on_the_way[operator]:
            assert destinations.wait(operator, now) <= LONGEST_GAP


def test_it_remembers_only_so_many():
    destinations = Destinations(2)
    for number in range(MOST_KEPT + 10):
        destinations.take(f"{number}.example", 0)
        destinations.back(f"{number}.example", 0, SLOW_DOWN)
    assert len(destinations._operators) <= MOST_KEPT


def test_what_waits_for_its_operator_holds_up_nobody():
    destinations, parked = Destinations(1), Parked[int]()
    for operator in ("a", "b"):
        destinations.take(operator, 0)
    for item, operator in enumerate("aabb"):
        parked.add(operator, item)
    assert parked.pop_each(destinations, 0) == []
    destinations.back("b", 0, OK)
    assert parked.pop_each(destinations, 0) == [2]
    destinations.back("a", 0, OK)
    assert parked.pop_each(destinations, 0) == [0, 3]
    assert parked.pop_each(destinations, 0) == [1]
    assert parked.size == 0


def test_what_waits_can_be_taken_back():
    parked = Parked[int]()
    for item, operator in enumerate("aab"):
        parked.add(operator, item)
    assert sorted(parked.clear()) == [0, 1, 2]
    assert (parked.size, parked.clear()) == (0, [])
