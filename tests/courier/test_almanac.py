"""The ledger's time never goes back."""

from tocsin.courier.sending.almanac import Almanac
from tocsin.lib.clock import HOUR, SECOND


class Clocks:
    def __init__(self) -> None:
        self.wall, self.boot = 1000 * SECOND, 50.0
        self.almanac = Almanac(lambda: self.wall * 1000, lambda: self.boot)

    def go(self, seconds: int) -> None:
        self.wall += seconds * SECOND
        self.boot += seconds


def test_it_follows_the_wall_clock():
    clocks = Clocks()
    clocks.go(5)
    assert clocks.almanac.now_us() == 1005 * SECOND
    clocks.wall += HOUR
    assert clocks.almanac.now_us() == 1005 * SECOND + HOUR


def test_a_clock_that_is_set_back_does_not_stop_it():
    clocks = Clocks()
    clocks.go(5)
    clocks.almanac.look()
    clocks.go(1)
    assert clocks.almanac.now_us() == 1006 * SECOND
    clocks.wall -= HOUR
    clocks.go(2)
    assert clocks.almanac.now_us() == 1008 * SECOND
    clocks.almanac.look()
    clocks.go(HOUR // SECOND)
    assert clocks.almanac.now_us() == 1008 * SECOND + HOUR
