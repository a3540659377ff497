"""The caps of a relay hold for any hour and any day, over restarts, for all couriers, whatever the clock does."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.courier.desk import open_ledger
from tocsin.courier.channel import Policy
from tocsin.courier.ledger import quota
from tocsin.courier.ledger.quota import DAY, KEPT, RAMP_BEGINS_ANEW, Use
from tocsin.courier.models import RelayUse
from tocsin.lib.clock import HOUR, MINUTE, SECOND

NOW = 1_800_000_000 * SECOND


def take(use: Use, policy: Policy, wanted: int, now: int, *, urgent: bool = False) -> tuple[int, Use]:
    use = use.at(now)
    room = quota.left(use, policy, urgent=urgent)
    granted = wanted if room is None else min(wanted, room)
    return granted, use.plus(granted, now)


steps = st.lists(
    st.tuples(st.integers(0, 50 * MINUTE) | st.integers(0, 9 * HOUR), st.integers(1, 60), st.booleans()), max_size=60
)


@given(st.integers(1, 100), st.integers(1, 200), steps)
def test_no_hour_and_no_day_sees_more_than_its_cap(hour: int, day: int, asked: list[tuple[int, int, bool]]):
    policy, use, now = Policy(per_hour=hour, per_day=day), Use.new(NOW), NOW
    granted: list[tuple[int, int]] = []
    for pause, wanted, urgent in asked:
        now += pause
        number, use = take(Use.from_json(use.first_us, use.last_us, use.to_json()), policy, wanted, now, urgent=urgent)
        granted.append((now, number))
    for end, _ in granted:
        assert sum(number for at, number in granted if end - HOUR <= at <= end) <= hour
        assert sum(number for at, number in granted if end - DAY <= at <= end) <= day


@given(st.integers(1, 100), st.lists(st.tuples(st.integers(-2 * HOUR, HOUR), st.integers(1, 60)), max_size=60))
def test_a_clock_set_back_grants_nothing_twice(hour: int, asked: list[tuple[int, int]]):
    """A step is how far the time really went on, at least a second, and how far the clock says so."""
    policy, use, clock, really = Policy(per_hour=hour), Use.new(NOW), NOW, 0
    granted: list[tuple[int, int]] = []
    for step, wanted in asked:
        really += max(step, SECOND)
        clock += step  # never ahead of what really passed
        number, use = take(use, policy, wanted, clock)
        granted.append((really, number))
    for end, _ in granted:
        assert sum(number for at, number in granted if end - HOUR <= at <= end) <= hour


def test_a_clock_that_was_far_ahead_does_not_stop_mail_for_ever():
    policy = Policy(per_hour=20, per_day=20)
    granted, use = take(Use.new(NOW), policy, 20, NOW + 900 * DAY, urgent=True)
    assert granted == 20
    granted, use = take(use, policy, 20, NOW, urgent=True)
    assert granted == 0
    assert quota.again_us(use, policy, urgent=True) <= NOW + DAY + 15 * MINUTE
    assert take(use, policy, 20, NOW + DAY + 15 * MINUTE, urgent=True)[0] == 20


@given(st.integers(1, 100), st.integers(1, 100), steps, st.booleans())
def test_whoever_comes_back_when_told_gets_something(hour, day, asked, urgent):
    policy, use, now = Policy(per_hour=hour, per_day=day), Use.new(NOW), NOW
    for pause, wanted, other in asked:
        now += pause
        _, use = take(use, policy, wanted, now, urgent=other)
    use = use.at(now)
    again = quota.again_us(use, policy, urgent=urgent)
    if quota.left(use, policy, urgent=urgent):
        assert again == now
    else:
        assert quota.left(use.at(again - 1), policy, urgent=urgent) == 0
        assert quota.left(use.at(again), policy, urgent=urgent)


@given(st.integers(1, 10_000))
def test_a_twentieth_is_kept_for_what_is_urgent(cap: int):
    policy = Policy(per_hour=cap)
    granted, use = take(Use.new(NOW), policy, 10**6, NOW)
    assert granted == cap - cap // KEPT
    assert take(use, policy, 10**6, NOW, urgent=True)[0] == cap // KEPT


def test_without_caps_there_is_no_end():
    assert take(Use.new(NOW), Policy(), 10**6, NOW)[0] == 10**6


def room_on(day: int, policy: Policy) -> int | None:
    return quota.left(Use(NOW, NOW, Use.new(NOW).slots).at(NOW + day * DAY), policy, urgent=True)


def test_a_new_relay_may_do_half_as_many_more_every_day():
    assert [room_on(day, Policy(ramp=200)) for day in range(5)] == [200, 300, 450, 675, 1012]
    assert [room_on(day, Policy(ramp=200, per_day=500)) for day in range(5)] == [200, 300, 450, 500, 500]


@pytest.mark.parametrize("day", [quota.LONGEST_RAMP + 1, 10_000])
def test_a_ramp_ends(day: int):
    used_yesterday = Use(NOW, NOW + (day - 1) * DAY, Use.new(NOW).slots).at(NOW + day * DAY)
    assert quota.left(used_yesterday, Policy(ramp=1), urgent=True) is None
    assert quota.left(used_yesterday, Policy(ramp=1, per_day=70), urgent=True) == 70


def test_a_relay_that_was_not_used_for_long_begins_anew():
    use = Use(NOW, NOW + 20 * DAY, Use.new(NOW).slots)
    late = NOW + 20 * DAY + RAMP_BEGINS_ANEW
    assert quota.left(use.at(late), Policy(ramp=10), urgent=True) == int(10 * 1.5**50)
    assert quota.left(use.at(late + 1), Policy(ramp=10), urgent=True) == 10


def test_a_ramp_that_began_in_the_future_begins_now():
    use = Use(NOW + 900 * DAY, NOW + 900 * DAY, Use.new(NOW).slots).at(NOW)
    assert quota.left(use.at(NOW + DAY), Policy(ramp=10), urgent=True) == 15


# In the database


def test_what_one_courier_reserved_counts_for_the_others_and_after_a_restart(committed):
    policy = Policy(per_hour=100)
    first, second = open_ledger(committed), open_ledger(committed)
    reservation = first.reserve("mail:25", policy, 60, NOW)
    assert (reservation.granted, reservation.again_us) == (60, None)
    first.close()
    short = second.reserve("mail:25", policy, 60, NOW + MINUTE)
    assert short.granted == 35
    assert short.again_us == NOW - NOW % MINUTE + HOUR + MINUTE
    assert second.reserve("mail:25", policy, 60, NOW + MINUTE, urgent=True).granted == 5
    assert second.reserve("other:25", policy, 60, NOW + MINUTE).granted == 60
    assert second.reserve("mail:25", policy, 60, short.again_us).granted == 55
    second.close()


def test_what_was_not_used_is_given_back_once(committed):
    policy, ledger = Policy(per_hour=10), open_ledger(committed)
    early = ledger.reserve("mail:25", policy, 5, NOW)
    late = ledger.reserve("mail:25", policy, 5, NOW + 2 * MINUTE)
    ledger.give_back(late, 3)
    assert ledger.reserve("mail:25", policy, 9, NOW + 3 * MINUTE).granted == 3
    ledger.give_back(early, 99)
    assert ledger.reserve("mail:25", policy, 9, NOW + 3 * MINUTE).granted == 5
    ledger.close()


def test_what_is_given_back_late_counts_for_nobody(committed):
    policy, ledger = Policy(per_hour=10), open_ledger(committed)
    early = ledger.reserve("mail:25", policy, 10, NOW)
    assert ledger.reserve("mail:25", policy, 10, NOW + 2 * HOUR).granted == 10
    ledger.give_back(early, 10)
    assert ledger.reserve("mail:25", policy, 10, NOW + 2 * HOUR).granted == 0
    ledger.close()


def test_couriers_that_reserve_at_the_same_time_get_the_cap_together(committed):
    def reserve(_: int) -> int:
        ledger = open_ledger(committed)
        try:
            return sum(ledger.reserve("mail:25", Policy(per_day=97), 3, NOW, urgent=True).granted for _ in range(10))
        finally:
            ledger.close()

    with ThreadPoolExecutor(4) as couriers:
        assert sum(couriers.map(reserve, range(4))) == 97
    assert RelayUse.objects.count() == 1


def test_what_is_kept_stays_small(committed):
    ledger = open_ledger(committed)
    for minute in range(0, 3 * 24 * 60, 20):
        ledger.reserve("mail:25", Policy(per_hour=9_000_000, per_day=90_000_000), 123_456, NOW + minute * MINUTE)
    ledger.close()
    assert len(RelayUse.objects.get().spent) < 4_000
