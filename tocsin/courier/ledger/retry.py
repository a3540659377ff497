"""When a delivery that did not settle is tried again. Pure; microseconds."""

from dataclasses import dataclass
from random import Random

from tocsin.lib.clock import HOUR, MINUTE, SECOND

JITTER = 0.2


@dataclass(frozen=True)
class RetryPlan:
    """The waits between tries.

    `put_off`: after the first, second, ... refusal for now; the last one repeats until the dispatch's deadline.
    `aside`: for a row that met a relay's own trouble; doubles up to `aside_most`.
    `resend`: after a first unsure.
    """

    put_off: tuple[int, ...] = (15 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR)
    aside: int = 5 * SECOND
    aside_most: int = 10 * MINUTE
    resend: int = 10 * SECOND

    def after_put_off(self, attempts: int, chance: Random) -> int:
        """How long to wait after that many attempts, with jitter so that a crowd does not come back at once."""
        return _jittered(self.put_off[min(max(attempts, 1), len(self.put_off)) - 1], chance)

    def after_trouble(self, attempts: int, chance: Random) -> int:
        """How long to leave a row aside whose refusal may have been the relay's own fault."""
        return _jittered(min(self.aside << min(max(attempts, 1) - 1, 20), self.aside_most), chance)


def _jittered(wait: int, chance: Random) -> int:
    return int(wait * chance.uniform(1 - JITTER, 1 + JITTER))
