"""What the parts of one courier process share: the board, the outbox, the diary, the bells, and who is told to stop."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from tocsin.courier.ledger.leases import Lease
from tocsin.courier.ledger.results import Drop
from tocsin.courier.sending.almanac import Almanac
from tocsin.courier.sending.board import Board, Piece
from tocsin.courier.sending.clerk import Clerk
from tocsin.courier.sending.diary import Diary
from tocsin.courier.sending.membership import Membership
from tocsin.courier.sending.notices import Notices
from tocsin.courier.sending.outbox import FINAL, Entry, Outbox, Slip
from tocsin.courier.sending.timing import Timing
from tocsin.courier.states import Evidence

logger = logging.getLogger(__name__)


class Bell:
    """Wakes everybody who waits. `rings` counts, so that nobody misses a ring between looking and waiting."""

    def __init__(self) -> None:
        self.rings = 0
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake whoever waits."""
        self.rings += 1
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, seconds: float, since: int | None = None) -> None:
        """Wait for a ring, at most so long; not at all if it rang since it had rung `since` times."""
        if since is not None and since != self.rings:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()


class Idler(Protocol):
    """Somebody who found nothing to do."""

    def wake(self) -> None:
        """There may be something now."""


class Station:
    """`work` rings when there may be something to open a connection for, `hunger` when the board should be filled.

    `quotas` when more is to be reserved of a relay's caps.

    `idlers`: the sessions that are open and found nothing to take. `served`: the lanes that some working relay serves.
    """

    def __init__(self, clerk: Clerk, membership: Membership, timing: Timing) -> None:
        self.clerk = clerk
        self.membership = membership
        self.timing = timing
        self.almanac = Almanac()
        self.work = Bell()
        self.hunger = Bell()
        self.quotas = Bell()
        self.board = Board(self.hunger.ring)
        self.notices = Notices(clerk)
        self.diary = Diary(self.notices, self.wake)
        self.outbox = Outbox(clerk, self._written)
        self.idlers: set[Idler] = set()
        self.served: set[int] = set()
        self.stopping = False
        self._waking = False

    def may_begin(self, now: float) -> bool:
        """Whether anything new may be begun at all."""
        return now < self.membership.sure_until and not (self.stopping or self.diary.stuck or self.outbox.full)

    def stop(self) -> None:
        """Let nobody begin anything new."""
        self.stopping = True
        self.wake()
        self.hunger.ring()

    def wake(self) -> None:
        """There may be work: soon, those look again who found none, and those who would open a connection for it."""
        if not self._waking:
            self._waking = True
            asyncio.get_running_loop().call_soon(self._wake)

    def rest(self, idler: Idler) -> None:
        """Somebody found nothing to do, and is to be woken when there may be something."""
        self.idlers.add(idler)

    def _wake(self) -> None:
        self._waking = False
        idlers, self.idlers = self.idlers, set()
        for idler in idlers:
            idler.wake()
        self.work.ring()

    def finish(self, piece: Piece) -> None:
        """Nothing more is to be done about a piece under its lease."""
        if self.board.finish(piece):
            self.release_finished()

    def release_finished(self) -> None:
        """Give back, once all about them is written, the leases under which nothing is left to do."""
        self.outbox.release(self.board.pop_finished(self.served))
        if not self.board.tokens:
            self.outbox.hurry()  # nothing else is at hand

    def _written(self, entries: Sequence[Entry]) -> None:
        self.diary.settled([item.delivery for slip, item in entries if slip in FINAL])
        self.wake()

    def drop(self, lease: Lease, delivery: int, evidence: Evidence, reason: str) -> None:
        """A delivery is not to be sent."""
        self.outbox.add(Slip.DROP, Drop(delivery, lease.batch, lease.token, evidence, reason))
        logger.info("delivery %s is not sent: %s", delivery, evidence.value)
