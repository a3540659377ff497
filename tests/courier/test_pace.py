"""What a relay is given in a second, and what it is spared when it comes back from trouble."""

from hypothesis import given
from hypothesis import strategies as st

from tocsin.courier.lanes import Lane
from tocsin.courier.sending.pace import BURST_SECONDS, Pace
from tocsin.courier.sending.recovery import DOUBLES_AFTER, DOUBLINGS, FIRST_RATE, LONG, Recovery

RATES = st.floats(0.01, 5000)
PAUSES = st.lists(st.floats(0, 3) | st.just(0.0), max_size=300)


def departures(pace: Pace, pauses: list[float]) -> list[float]:
    """When messages leave that are ready after each of these pauses."""
    now, left = 1000.0, []
    for pause in pauses:
        now += pause
        now += pace.wait(now)
        pace.take(now)
        left.append(now)
    return left


@given(RATES, PAUSES)
def test_no_span_of_time_sees_more_than_its_share(rate: float, pauses: list[float]):
    left = departures(Pace(rate), pauses)
    for first in range(0, len(left), 7):
        for last in range(first, len(left)):
            seconds = left[last] - left[first]
            assert last - first + 1 <= 1 + rate * (seconds + BURST_SECONDS) + 1e-6 * (last + 1)


@given(RATES)
def test_whoever_always_has_more_gets_the_full_rate(rate: float):
    left = departures(Pace(rate), [0.0] * 200)
    assert (len(left) - 1) / rate - BURST_SECONDS <= left[-1] - left[0] <= (len(left) - 1) / rate + 1e-6


@given(RATES, st.floats(0, 1e6))
def test_after_a_pause_the_first_leaves_at_once(rate: float, pause: float):
    pace = Pace(rate)
    last = departures(pace, [0.0] * 50)[-1]
    assert pace.wait(last + 1 / rate + pause) == 0


@given(RATES, PAUSES, st.floats(0, 10))
def test_asking_takes_nothing_and_the_wait_is_enough(rate: float, pauses: list[float], later: float):
    pace = Pace(rate)
    departures(pace, pauses)
    wait = pace.wait(1000.0 + later)
    assert pace.wait(1000.0 + later) == wait
    assert pace.wait(1000.0 + later + wait) <= 1e-6


def sent_within(recovery: Recovery, begin: float, seconds: float, lane: Lane = Lane.DIGEST) -> int:
    now, sent = begin, 0
    while now < begin + seconds and sent < 20_000:
        wait = recovery.wait(now, lane)
        if wait:
            now += wait
        else:
            recovery.take(now, lane)
            sent += 1
    return sent


def test_after_long_trouble_work_comes_back_gradually():
    recovery = Recovery()
    recovery.begin(50.0, LONG)
    counts = [sent_within(recovery, 50.0 + step * DOUBLES_AFTER, DOUBLES_AFTER) for step in range(4)]
    for step, count in enumerate(counts):
        rate = FIRST_RATE * 2**step
        assert rate * DOUBLES_AFTER <= count <= rate * (DOUBLES_AFTER + BURST_SECONDS) + 2
    assert recovery.wait(50.0 + DOUBLINGS * DOUBLES_AFTER, Lane.DIGEST) == 0
    assert sent_within(recovery, 50.0 + DOUBLINGS * DOUBLES_AFTER, 1.0) == 20_000


def test_after_a_hiccup_nothing_is_held_back():
    recovery = Recovery()
    recovery.begin(50.0, LONG - 1)
    assert sent_within(recovery, 50.0, 1.0) == 20_000


def test_an_alert_does_not_wait_for_a_recovery():
    recovery = Recovery()
    recovery.begin(50.0, LONG)
    assert sent_within(recovery, 50.0, 1.0, Lane.ALERT) == 20_000
