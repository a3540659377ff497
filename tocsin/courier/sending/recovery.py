"""How a relay that was in trouble gets its work back: not all at once. Pure; the clock is the caller's, in seconds.

A server that comes back meets everybody's queue. What it is given begins with a few messages a second and doubles
every few seconds, until there is nothing more to hold back. Alerts and mail that somebody waits for are not held back.
"""

from tocsin.courier.lanes import Lane
from tocsin.courier.sending.pace import Pace

LONG = 30.0
"""Seconds in trouble after which a relay is spared at first."""
FIRST_RATE = 10.0
DOUBLES_AFTER = 2.0
DOUBLINGS = 10
"""From 10 messages a second to more than 5,000, in 20 seconds."""


class Recovery:
    """Spares one relay. Begins without holding anything back."""

    def __init__(self) -> None:
        self._pace: Pace | None = None
        self._step = DOUBLINGS
        self._until = 0.0

    def begin(self, now: float, seconds_in_trouble: float) -> None:
        """The relay works again."""
        if seconds_in_trouble >= LONG:
            self._begin_step(0, now)

    def wait(self, now: float, lane: int) -> float:
        """Seconds until a message may leave; 0 when it may now."""
        while self._pace and now >= self._until:
            self._begin_step(self._step + 1, self._until)
        return self._pace.wait(now) if self._pace and lane > Lane.ALERT else 0.0

    def take(self, now: float, lane: int) -> None:  # noqa: ARG002
        """One message leaves. To be called when there is nothing to wait for."""
        if self._pace:
            self._pace.take(now)

    def _begin_step(self, step: int, now: float) -> None:
        self._step, self._until = step, now + DOUBLES_AFTER
        self._pace = Pace(FIRST_RATE * 2**step) if step < DOUBLINGS else None
