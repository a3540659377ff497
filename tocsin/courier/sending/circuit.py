"""Whether a relay may be used now. Pure; the clock is the caller's, in seconds.

A circuit begins open: one connection tries the relay before any work is taken for it. Trouble opens it again, for one
second at first, then twice as long each time; then one connection tries, and what it meets decides.
"""

from enum import Enum
from random import Random

FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
JITTER = 0.2


class Phase(Enum):
    """Where a circuit stands."""

    OPEN = "open"  # nobody may pass until the wait is over
    TRIAL = "trial"  # one connection is trying
    CLOSED = "closed"  # it works


class Circuit:
    """The circuit of one relay. `trouble` has the words of what opened it, empty while it works or is untried."""

    def __init__(self, chance: Random, longest_wait: float = LONGEST_WAIT) -> None:
        self.phase = Phase.OPEN
        self.trouble = ""
        self._chance = chance
        self._longest_wait = longest_wait
        self._failures = 0
        self._until = 0.0

    @property
    def takes_work(self) -> bool:
        """Whether work may be claimed for this relay."""
        return self.phase is not Phase.OPEN

    def begin_trial(self, now: float) -> bool:
        """Whether the caller is the one connection that may try now. It must end with `fail`, `work` or `give_up`."""
        if self.phase is Phase.OPEN and now >= self._until:
            self.phase = Phase.TRIAL
            return True
        return False

    def give_up(self) -> None:
        """The trial ended without having met anything."""
        if self.phase is Phase.TRIAL:
            self.phase = Phase.OPEN

    def fail(self, words: str, now: float, longest: float | None = None) -> None:
        """The relay is in trouble. Several connections that meet the same trouble count once."""
        self.trouble = words
        if self.phase is Phase.OPEN and now < self._until:
            return
        self.phase = Phase.OPEN
        wait = min(FIRST_WAIT * 2**self._failures, self._longest_wait, longest or self._longest_wait)
        self._failures = min(self._failures + 1, 30)
        self._until = now + wait * self._chance.uniform(1 - JITTER, 1 + JITTER)

    def work(self) -> bool:
        """The relay did its work. True if that is news."""
        news = self.phase is not Phase.CLOSED
        self.phase, self.trouble, self._failures = Phase.CLOSED, "", 0
        return news

    def wait(self, now: float) -> float:
        """Seconds until a trial may begin."""
        return max(0.0, self._until - now)
