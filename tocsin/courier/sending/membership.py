"""Being a courier among couriers: enlisting, beating, and giving up those who died.

On one boot of one machine a courier that can take another's lock file knows it dead at once. Elsewhere, and for one
that is only stopped, it waits until the other's beat stood still for a lease on *its own* monotonic clock. Clocks of two
machines are never compared.
"""

import fcntl
import logging
import os
import socket
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tocsin.courier.ledger.database import Row
from tocsin.courier.ledger.ledger import Ledger
from tocsin.courier.sending.clerk import Clerk, LedgerAway
from tocsin.courier.sending.timing import Timing
from tocsin.lib import clock
from tocsin.lib.errors import BadEnvironment

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

logger = logging.getLogger(__name__)


def boot_id() -> str:
    """What is the same for all processes since the machine started, and never again."""
    return BOOT_ID.read_text(encoding="ascii").strip()


class Lock:
    """A file that is locked while its courier lives."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None

    def path(self, courier: str) -> Path:
        """The lock file of a courier."""
        return self._folder / f"{courier}.lock"

    def take(self, courier: str) -> None:
        """Make and lock the file of this courier. Raises BadEnvironment."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = self.path(courier).open("xb")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BadEnvironment(
                f"{self._folder} cannot be written: {error.strerror}",
                "Make the state directory writable, see its owner.",
            ) from error

    def drop(self) -> None:
        """Unlock our file."""
        if self._file:
            self._file.close()
            self._file = None

    def is_free(self, courier: str) -> bool:
        """Whether another courier's file is here and nobody holds it: that courier is dead."""
        try:
            with self.path(courier).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


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
    """This courier's place among the couriers. `id` changes when it was given up and enlists anew."""

    def __init__(self, clerk: Clerk, folder: Path, timing: Timing) -> None:
        self.id = ""
        self._clerk = clerk
        self._lock = Lock(folder)
        self._timing = timing
        self._watch = Watch(timing.lease)
        self._boot = boot_id()
        self._beat_at = float("-inf")

    async def enlist(self) -> None:
        """Enlist under a new id, waiting for the database as long as it takes. Raises BadEnvironment."""
        courier = uuid.uuid4().hex
        self._lock.take(courier)
        now = clock.boottime()
        await self._clerk.insist(
            Ledger.register, courier, socket.gethostname()[:200], self._boot, os.getpid(), clock.now_us()
        )
        self.id, self._beat_at = courier, now

    def is_sure(self) -> bool:
        """Whether our leases are certainly still ours; on a clock that also runs while we are suspended."""
        return clock.boottime() - self._beat_at < self._timing.lease - self._timing.margin

    async def beat(self) -> bool:
        """Show that we live. False: we were given up."""
        now = clock.boottime()
        if not await self._clerk.do(Ledger.beat, self.id):
            return False
        self._beat_at = now
        return True

    async def reenlist(self) -> None:
        """Begin again after having been given up."""
        logger.warning("this courier was given up while it was away; it enlists anew")
        self._beat_at = float("-inf")
        self._lock.drop()
        self._lock.path(self.id).unlink(missing_ok=True)
        await self.enlist()

    async def bury_the_dead(self) -> int:
        """Give back the batches of couriers that died. How many couriers that were. Raises LedgerAway."""
        others = await self._clerk.do(Ledger.others, self.id)
        self._watch.keep({other["id"] for other in others})
        buried = 0
        for other in others:
            same_boot = other["boot"] == self._boot
            dead = same_boot and self._lock.is_free(other["id"])
            if dead or self._watch.stood_still(other["id"], other["beat"], time.monotonic()):
                buried += await self._bury(other, same_boot=same_boot)
        return buried

    async def _bury(self, other: Row, *, same_boot: bool) -> bool:
        courier: str = other["id"]
        if not await self._clerk.do(Ledger.bury, courier, clock.now_us(), beat=other["beat"], same_boot=same_boot):
            return False
        logger.warning(
            "courier %s (%s, process %s) is gone; its batches are free", courier, other["host"], other["pid"]
        )
        self._lock.path(courier).unlink(missing_ok=True)
        return True

    async def leave(self) -> None:
        """Give everything back and go; what is still on the wire is unsure."""
        with suppress(LedgerAway):  # then the others find our lock free, and do it
            await self._clerk.do(Ledger.bury, self.id, clock.now_us())
            self._lock.path(self.id).unlink(missing_ok=True)
        self._lock.drop()
