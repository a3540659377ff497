"""Which of several relays may have the next message. Pure; the clock is the caller's, in seconds.

Connections ask when they have room, and a relay that is ahead of its share waits for the others, shortly: only for those
that work, serve the lane and want more, that are idle or at work, and only while they are not much slower than itself.
For a slow relay nobody waits: whoever asks gets what there is. Nor does an alert wait for a relay that is busy.
"""

from collections.abc import Callable, Mapping

from tocsin.courier.channel import Policy
from tocsin.courier.lanes import Lane

AHEAD = 32
"""How many messages the heaviest relay may be ahead of its share, the others in proportion: whole flights leave."""
SLOWER = 4
"""A relay that manages less than this part of what another does is not waited for by that one."""
PATIENCE = 0.05
"""Seconds within which an idle relay must take what is left to it."""
ASK_AGAIN = 0.02
"""Seconds after which to ask again when a relay that is at work is waited for."""
IDLE_SECONDS = 2.0
"""How long a relay counts as idle after it last found nothing."""
MEASURED_SECONDS = 0.1
"""How much time at work is looked at to know how fast a relay is."""


class _Speed:
    """Messages that come back in a second in which some are on their way."""

    def __init__(self) -> None:
        self.on_the_way = 0
        self._known: float | None = None
        self._done = 0
        self._busy = 0.0
        self._since = 0.0

    def start(self, now: float) -> None:
        if not self.on_the_way:
            self._since = now
        self.on_the_way += 1

    def finish(self, now: float) -> None:
        self.measure(now)
        self._done += 1
        self.on_the_way -= 1

    def estimate(self, now: float) -> float | None:
        """As measured, or by what little was seen so far."""
        known = self.measure(now)
        return self._done / self._busy if known is None and self._busy else known

    def measure(self, now: float) -> float | None:
        """None while it is not known."""
        if self.on_the_way:
            self._busy += now - self._since
            self._since = now
        if self._busy >= MEASURED_SECONDS:
            self._known, self._done, self._busy = self._done / self._busy, 0, 0.0
        return self._known


class _Share:
    def __init__(self, name: str, policy: Policy) -> None:
        self.name = name
        self.lanes = policy.lanes
        self.weight = policy.weight
        self.works = False
        self.served = 0.0  # messages, divided by the weight
        self.speed = _Speed()
        self.idle_until = float("-inf")
        self.waits = False  # it was told to wait, and may not have asked since
        self.offered: float | None = None  # since when another relay leaves a message to this one, while it is idle

    def serves(self, lane: int) -> bool:
        return self.works and (self.lanes is None or lane in self.lanes)


class Shares:
    """Divides the work of every lane among the relays that work, by their weights.

    `policies`: by the relays' names. `wake` is called with the name of a relay that is to ask now: a message was left
    to it, or it need not wait any longer. It must not ask at once, for `wake` is called in the middle of things.
    """

    def __init__(self, policies: Mapping[str, Policy], wake: Callable[[str], None]) -> None:
        self._shares = {name: _Share(name, policy) for name, policy in policies.items()}
        self._rivals: dict[tuple[str, int], tuple[_Share, ...]] = {}
        self._leader = 0.0
        self._ahead = AHEAD / max(1, *(policy.weight for policy in policies.values()))
        self._wake = wake

    def works(self, name: str, *, yes: bool) -> None:
        """Whether a relay may be given messages at all: its circuit is closed and its caps are not used up."""
        self._shares[name].works = yes
        self._rivals.clear()
        for share in self._shares.values():
            self._stop_waiting(share)

    def idle(self, name: str, now: float) -> None:
        """A connection of this relay has room, and there was nothing for it."""
        self._shares[name].idle_until = now + IDLE_SECONDS

    def wait(self, name: str, lane: int, now: float) -> float:
        """Seconds after which this relay is to ask again at the latest for a message of `lane`; 0: it may have one now.

        Infinite for a standby that is not needed.
        """
        mine = self._shares[name]
        rivals = self._rivals.get((name, lane))
        if rivals is None:
            rivals = self._rivals[name, lane] = self._others(mine, lane)
        if not mine.weight:
            mine.waits = bool(rivals)
            return float("inf") if rivals else 0.0
        wait, behind = 0.0, mine.served - self._ahead
        for share in rivals:
            if share.served < behind:
                wait = max(wait, self._patience(share, mine, lane, now))
        mine.waits = wait > 0
        if wait:
            mine.idle_until = now + IDLE_SECONDS
        return wait

    def take(self, name: str, now: float) -> None:
        """This relay was given a message."""
        mine = self._shares[name]
        mine.speed.start(now)
        mine.idle_until, mine.offered = now, None
        if not mine.weight:
            return
        # What a relay did not want when it could have had it is not made up for later.
        mine.served = max(mine.served, self._leader - 2 * self._ahead) + 1 / mine.weight
        self._leader = max(self._leader, mine.served)
        for share in self._shares.values():
            if share.waits and share.weight and share.served - mine.served <= self._ahead / 2:
                self._stop_waiting(share)

    def back(self, name: str, now: float) -> None:
        """What became of a message is known."""
        self._shares[name].speed.finish(now)

    def _others(self, mine: _Share, lane: int) -> tuple[_Share, ...]:
        """The other relays that serve a lane; no standbys."""
        return tuple(
            share for share in self._shares.values() if share is not mine and share.weight and share.serves(lane)
        )  # fmt: skip

    def _stop_waiting(self, share: _Share) -> None:
        if share.waits:
            share.waits = False
            self._wake(share.name)

    def _patience(self, share: _Share, mine: _Share, lane: int, now: float) -> float:
        """How long to wait for a relay that has had less than its share."""
        if share.idle_until > now:
            if share.offered is None:
                share.offered = now
                self._wake(share.name)
            if now < share.offered + PATIENCE:
                return PATIENCE
            share.offered, share.idle_until = None, now  # it does not want it after all
        if lane <= Lane.ALERT or not share.speed.on_the_way:
            return 0.0
        theirs, ours = share.speed.measure(now), mine.speed.estimate(now)
        slow = theirs is not None and ours is not None and theirs * SLOWER < ours
        return 0.0 if slow else ASK_AGAIN
