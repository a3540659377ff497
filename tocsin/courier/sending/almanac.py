"""The ledger's time as this process keeps it: it never goes back, whatever is done to the machine's clock."""

import time
from collections.abc import Callable

from tocsin.lib import clock


class Almanac:
    """Follows the wall clock; when that is set back, goes on by the clock that counts since the machine started.

    `look` is called now and then: it notes what both clocks say. `wall`: nanoseconds; `steady`: seconds.
    """

    def __init__(self, wall: Callable[[], int] = time.time_ns, steady: Callable[[], float] = clock.boottime) -> None:
        self._wall = wall
        self._steady = steady
        self._last = 0
        self._ahead = 0
        self._set_back = False
        self.look()

    def look(self) -> None:
        """Note how far the ledger's time is ahead of the steady clock."""
        self._ahead = self.now_us() - self._since_boot()

    def now_us(self) -> int:
        """Microseconds since the epoch, UTC."""
        now = self._wall() // 1000
        if now < self._last or self._set_back:
            steady = max(self._last, self._since_boot() + self._ahead)
            self._set_back = now < steady
            now = max(now, steady)
        self._last = now
        return now

    def _since_boot(self) -> int:
        return int(self._steady() * clock.SECOND)
