"""What is claimed and looked up follows the pace."""

from tocsin.courier.sending.flow import CLAIM_MOST, LOOK_UP_MOST, Flow


def pace(flow: Flow, rate: float, seconds: float, since: float = 0.0, count: int = 0) -> int:
    for step in range(int(seconds * 10) + 1):
        flow.see(count + int(rate * step / 10), since + step / 10)
    return count + int(rate * seconds)


def test_a_fast_relay_gets_as_much_as_is_allowed_within_moments():
    flow = Flow()
    pace(flow, 8000, 0.2)
    assert (flow.to_claim, flow.to_look_up) == (CLAIM_MOST, LOOK_UP_MOST)


def test_a_slow_relay_gets_ten_seconds_worth():
    flow = Flow()
    pace(flow, 5, 20)
    assert 45 <= flow.to_claim <= 60
    assert flow.to_look_up <= 3


def test_it_slows_down_within_seconds():
    flow = Flow()
    count = pace(flow, 1000, 1)
    pace(flow, 10, 10, since=1.0, count=count)
    assert flow.rate < 50


def test_it_never_expects_more_than_the_relays_allow():
    assert Flow(most=2.0).to_claim == 20
