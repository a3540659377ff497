"""What keeps one relay from being given its next message: pace, caps, a gentle return after trouble, and the others' shares."""

import time
from collections.abc import Callable
from typing import Protocol

from tocsin.courier.channel import Policy
from tocsin.courier.sending.caps import Caps
from tocsin.courier.sending.pace import Pace
from tocsin.courier.sending.recovery import Recovery
from tocsin.courier.sending.shares import Shares


class Limit(Protocol):
    """One limit. Seconds on a clock that never goes back."""

    def wait(self, now: float, lane: int) -> float:
        """Seconds until a message of `lane` may leave; 0 when it may now."""

    def take(self, now: float, lane: int) -> None:
        """One message leaves."""


class Limits:
    """All limits of one relay.

    `any`: whether there is a limit at all, or there may be. `shares`: how it divides the work with others, None when
    there are no others. `need`: called when more is to be reserved of its caps.
    """

    def __init__(self, name: str, policy: Policy, shares: Shares | None, need: Callable[[], None]) -> None:
        self._name = name
        self._shares = shares
        self._recovery = Recovery()
        self._limits: list[Limit] = []
        if policy.per_second:
            self._limits.append(Pace(policy.per_second))
        self.caps = Caps(need) if Caps.limits(policy) else None
        if self.caps:
            self._limits.append(self.caps)
        self.any = bool(self._limits or shares)
        self._troubled_at: float | None = None
        self._works = False

    def works(self, *, yes: bool) -> None:
        """Whether the relay works."""
        now = time.monotonic()
        if yes and self._troubled_at is not None:
            self._recovery.begin(now, now - self._troubled_at)
            self.any = True
            self._troubled_at = None
        elif not yes and self._troubled_at is None:
            self._troubled_at = now
        self._works = yes
        self.tell_shares()

    def tell_shares(self) -> None:
        """Whether the relay may be given messages has changed, maybe."""
        if self._shares:
            self._shares.works(self._name, yes=self._works and not self.used_up(time.monotonic()))

    def used_up(self, now: float) -> float:
        """Seconds for which the caps allow nothing but urgent messages."""
        return self.caps.used_up(now) if self.caps else 0.0

    def wait(self, lane: int, now: float) -> float:
        """Seconds until a message of `lane` may be given to the relay; 0 when it may now."""
        wait = self.own_wait(lane, now)
        return self._shares.wait(self._name, lane, now) if self._shares and not wait else wait

    def own_wait(self, lane: int, now: float) -> float:
        """The same for a message that no other relay could be given: whatever the others' shares are."""
        wait = self._recovery.wait(now, lane)
        for limit in self._limits:
            wait = max(wait, limit.wait(now, lane))
        return wait

    def take(self, lane: int, now: float) -> None:
        """A message of `lane` was given to the relay."""
        self._recovery.take(now, lane)
        for limit in self._limits:
            limit.take(now, lane)
        if self._shares:
            self._shares.take(self._name, now)

    def back(self) -> None:
        """What became of a message is known."""
        if self._shares:
            self._shares.back(self._name, time.monotonic())

    def idle(self, now: float) -> None:
        """There was nothing for it."""
        if self._shares:
            self._shares.idle(self._name, now)
