"""Being a courier among couriers: enlisting, beating, and giving up those who died.

On one boot of one machine a courier that can take the lock of another's journal knows it dead at once. Elsewhere, and for one
that is only stopped, it waits until the other's beat stood still for a lease on *its own* monotonic clock. Clocks of two
machines are never compared.
"""

import logging
import os
import socket
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from tocsin.courier.ledger import journal
from tocsin.courier.ledger.database import Row
from tocsin.courier.ledger.journal import Journal, Reading
from tocsin.courier.ledger.ledger import Ledger
from tocsin.courier.sending.clerk import Clerk
from tocsin.courier.sending.timing import Timing
from tocsin.lib import clock
from tocsin.lib.errors import BadEnvironment

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

logger = logging.getLogger(__name__)


def boot_id() -> str:
    """What is the same for all processes since the machine started, and never again."""
    return BOOT_ID.read_text(encoding="ascii").strip()


@dataclass
class Watch:
    """Other couriers' beats, as seen on our own clock."""

    lease: float
    _seen: dict[str, tuple[int, float]] = field(default_factory=dict)

    def stood_still(self, courier: str, beat: int, now: float) -> bool:
        """Whether that courier's beat has been the same for a lease."""
        known = self._seen.get(courier)
        if known is None or known[0] != beat:
            self._seen[courier] = (beat, now)
            return False
        return now - known[1] > self.lease

    def keep(self, couriers: set[str]) -> None:
        """Forget all others."""
        self._seen = {courier: seen for courier, seen in self._seen.items() if courier in couriers}


class Membership:
    """This courier's place among the couriers. `id` changes when it was given up and enlists anew.

    `sure_until`: when `is_sure` ends, on the monotonic clock, for those who only want to know whether to begin at all.
    `company`: how many other couriers were seen last. `alone_here`: none of them on another host.
    """

    def __init__(self, clerk: Clerk, folder: Path, timing: Timing) -> None:
        self.id = ""
        self.company = 0
        self.alone_here = True
        self._clerk = clerk
        self._folder = folder
        self._timing = timing
        self._watch = Watch(timing.lease)
        self._boot = boot_id()
        self._host = socket.gethostname()[:200]
        self._beat_at = float("-inf")
        self.sure_until = float("-inf")
        self._sure_for = timing.lease - timing.margin

    async def enlist(self) -> Journal:
        """Enlist under a new id, waiting for the database as long as it takes; its journal. Raises BadEnvironment."""
        courier = uuid.uuid4().hex
        try:
            journal = Journal.create(self._folder, courier, self._boot)
        except OSError as error:
            raise BadEnvironment(
                f"{self._folder} cannot be written: {error.strerror}",
                "Make the state directory writable, see its owner, and that its disk is not full.",
            ) from error
        now = clock.boottime()
        await self._clerk.insist(Ledger.register, courier, self._host, self._boot, os.getpid(), clock.now_us())
        self.id = courier
        self._beat_began(now)
        return journal

    def is_sure(self) -> bool:
        """Whether our leases are certainly still ours; on a clock that also runs while we are suspended."""
        sure = clock.boottime() - self._beat_at < self._sure_for
        if not sure:
            self.sure_until = float("-inf")
        return sure

    async def beat(self) -> bool:
        """Show that we live. False: we were given up."""
        now = clock.boottime()
        if not await self._clerk.do(Ledger.beat, self.id):
            self._beat_at = self.sure_until = float("-inf")
            return False
        self._beat_began(now)
        return True

    def _beat_began(self, at: float) -> None:
        self._beat_at = at
        self.sure_until = time.monotonic() - (clock.boottime() - at) + self._sure_for

    def forget_journal(self) -> None:
        """Everything in our journal is in the ledger."""
        journal.remove(self._folder, self.id)

    async def bury_the_dead(self) -> int:
        """Give back the batches of couriers that died, with what their journals tell. How many couriers that were.

        Raises LedgerAway.
        """
        others = await self._clerk.do(Ledger.others, self.id)
        known = {other["id"] for other in others}
        self._watch.keep(known)
        self.company = len(others)
        self.alone_here = all(other["host"] == self._host for other in others)
        buried = 0
        for other in others:
            same_boot = other["boot"] == self._boot
            dead = same_boot and journal.is_dead(self._folder, other["id"])
            if dead or self._watch.stood_still(other["id"], other["beat"], time.monotonic()):
                buried += await self._clerk.do(_bury, self._folder, other, same_boot=same_boot)
        for courier in journal.couriers(self._folder) - known - {self.id}:
            await self._clerk.do(_fold_late, self._folder, courier)
        return buried

    async def leave(self) -> None:
        """Give everything back and go; to be called when all that came back is in the ledger.

        Raises LedgerAway: then the others find our journal, and do it.
        """
        nothing = Reading(self.id, self._boot, replies=(), open=(), whole=True)
        await self._clerk.do(Ledger.bury, self.id, clock.now_us(), reading=nothing)
        self.forget_journal()


def _bury(ledger: Ledger, folder: Path, other: Row, *, same_boot: bool) -> bool:
    """Runs in the ledger's thread."""
    courier: str = other["id"]
    reading = journal.read(folder, courier)
    if not ledger.bury(courier, clock.now_us(), beat=other["beat"], reading=reading, same_boot=same_boot):
        return False
    logger.warning("courier %s (%s, process %s) is gone; its batches are free", courier, other["host"], other["pid"])
    journal.remove(folder, courier)
    return True


def _fold_late(ledger: Ledger, folder: Path, courier: str) -> None:
    """The courier was given up by others, who could not read what lies here. Runs in the ledger's thread."""
    if not journal.is_dead(folder, courier) or not ledger.knows(courier):
        return  # it is only just enlisting, or about to enlist anew, or of another database
    if reading := journal.read(folder, courier):
        ledger.fold_late(reading)
    journal.remove(folder, courier)
