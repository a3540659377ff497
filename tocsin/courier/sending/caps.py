"""What this courier may still hand to a relay of its hour's and day's caps. Pure; the clock is the caller's, in seconds.

The caps are counted in the ledger for all couriers together; here is what was reserved there and is in hand. It is asked
for in blocks, ahead of time while work goes on, and what is not used within KEEP_SECONDS is to be given back: others may
need it, and what was reserved long ago is counted at the wrong hour.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from tocsin.courier.channel import Policy
from tocsin.courier.lanes import Lane
from tocsin.courier.ledger.reserving import Reservation

FIRST_BLOCK = 8
LARGEST_BLOCK = 1000
QUICKLY = 1.0
"""A block that was used up within so many seconds was too small."""
KEEP_SECONDS = 10.0
LONGEST_WAIT = 60.0
"""Seconds after which the ledger is asked again at the latest: others give back, and clocks are set."""


@dataclass(frozen=True)
class Request:
    """What is to be reserved now."""

    wanted: int
    urgent: bool


@dataclass
class _Block:
    reservation: Reservation
    left: int
    since: float

    @property
    def until(self) -> float:
        return self.since + KEEP_SECONDS


class _Hand:
    """Blocks in hand, for messages that are urgent or for any. Those that are used up are dropped."""

    def __init__(self) -> None:
        self.blocks: deque[_Block] = deque()
        self.left = 0  # in all blocks
        self.again = float("-inf")
        self.size = FIRST_BLOCK
        self.asked = False
        self.needed = False

    def has(self, now: float) -> bool:
        return bool(self.blocks) and now < self.blocks[-1].until

    def take(self, now: float) -> bool:
        """Whether it is time for the next block."""
        block = self.blocks[0]
        if now >= block.until:
            block = next(block for block in self.blocks if now < block.until)
        block.left -= 1
        self.left -= 1
        if not block.left:
            self.blocks.remove(block)
            if now - block.since < QUICKLY:
                self.size = min(self.size * 2, LARGEST_BLOCK)
        return self.left * 2 <= self.size and now >= self.again

    def pop(self, now: float) -> list[_Block]:
        """The blocks that are too old."""
        old = [block for block in self.blocks if now >= block.until]
        self.blocks = deque(block for block in self.blocks if now < block.until)
        self.left -= sum(block.left for block in old)
        if old:
            self.size = max(1, self.size // 2)
        return old


class Caps:
    """The caps of one relay; to be used for relays that have any. Goes for `wait` and `take` like `Pace`.

    `need` is called when there is something to `request`.
    """

    def __init__(self, need: Callable[[], None] = lambda: None) -> None:
        self._any, self._urgent = _Hand(), _Hand()
        self._need = need

    @staticmethod
    def limits(policy: Policy) -> bool:
        """Whether a relay has caps at all."""
        return not (policy.per_hour is None and policy.per_day is None and policy.ramp is None)

    def wait(self, now: float, lane: int) -> float:
        """Seconds until a message may leave; 0 when it may now; infinite until something asked for was granted."""
        if self._any.has(now):
            return 0.0
        hand = self._urgent if lane <= Lane.ALERT and now < self._any.again else self._any
        if hand.has(now):
            return 0.0
        if now < hand.again:
            return hand.again - now
        self._want(hand)
        return float("inf")

    def take(self, now: float, lane: int) -> None:  # noqa: ARG002
        """One message leaves. To be called when there is nothing to wait for."""
        hand = self._any if self._any.has(now) else self._urgent
        if hand.take(now):
            self._want(hand)

    def request(self) -> Request | None:
        """What is to be reserved in the ledger now; None: nothing. Answer with `grant` or `fail`."""
        for hand, urgent in ((self._urgent, True), (self._any, False)):
            if hand.needed:
                hand.needed, hand.asked = False, True
                return Request(hand.size, urgent)
        return None

    def grant(self, request: Request, reservation: Reservation, now: float) -> None:
        """What the ledger granted."""
        hand = self._urgent if request.urgent else self._any
        hand.asked = False
        if reservation.granted:
            hand.blocks.append(_Block(reservation, reservation.granted, now))
            hand.left += reservation.granted
        if reservation.again_us is not None:
            seconds = (reservation.again_us - reservation.at_us) / 1_000_000
            hand.again = now + min(max(seconds, 1.0), LONGEST_WAIT)

    def fail(self, request: Request) -> None:
        """The ledger could not be asked."""
        (self._urgent if request.urgent else self._any).asked = False

    def leftovers(self, now: float) -> list[tuple[Reservation, int]]:
        """What was reserved and is to be given back, with how many of it: every second, and at the end with an infinite
        `now`.
        """
        return [(block.reservation, block.left) for hand in (self._urgent, self._any) for block in hand.pop(now)]

    def used_up(self, now: float) -> float:
        """Seconds for which nothing but urgent messages may leave, as far as is known; 0 when others may."""
        return 0.0 if self._any.has(now) else max(0.0, self._any.again - now)

    def _want(self, hand: _Hand) -> None:
        if not hand.asked and not hand.needed:
            hand.needed = True
            self._need()
