"""What is to be written into the ledger: it waits here, gathered, so that the ledger writes many rows at a time.

Nothing that waits here is lost with the process: what came back is in the journal first. Every entry may be written
twice; it counts once.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import Enum
from itertools import islice
from typing import Any

from tocsin.courier.ledger.leases import Lease
from tocsin.courier.ledger.ledger import Ledger
from tocsin.courier.ledger.results import Drop, Result
from tocsin.courier.sending.clerk import Clerk
from tocsin.lib import clock

ROWS = 1000
GAP_SECONDS = 0.02
GATHER_SECONDS = 0.2
"""Every write takes and gives up the interpreter's lock dozens of times beside a busy event loop, however much it writes."""
FULL = 20_000
STUMBLED_SECONDS = 0.5

logger = logging.getLogger(__name__)


class Slip(Enum):
    """What an entry asks the ledger to do. Of one write they are done in this order."""

    __hash__ = object.__hash__  # Enum's own is Python code, and every message has one

    SETTLE = "settle"  # a Result
    NOTE = "note"  # a Result
    DECIDE = "decide"  # a Result
    PUT_ASIDE = "put aside"  # a Result
    DROP = "drop"  # a Drop
    RELEASE = "release"  # a Lease


FINAL = frozenset({Slip.SETTLE, Slip.DECIDE, Slip.PUT_ASIDE})
"""What ends an attempt."""

Entry = tuple[Slip, Any]


class Outbox:
    """Entries, in order. A lease is released after everything that was entered before it is written.

    `full`: nothing more should be begun before some of it is written.
    `written` is called with what was written, on the event loop.
    """

    def __init__(self, clerk: Clerk, written: Callable[[Sequence[Entry]], None] = lambda _: None) -> None:
        self._clerk = clerk
        self._written = written
        self.full = False
        self._entries: deque[Entry] = deque()
        self._tokens: set[int] = set()
        self._some = asyncio.Event()
        self._hurry = asyncio.Event()
        self._awake = False
        self._one_at_a_time = asyncio.Lock()

    @property
    def empty(self) -> bool:
        """Whether everything is written."""
        return not self._entries

    @property
    def tokens(self) -> set[int]:
        """The tokens of the leases that are still to be released."""
        return self._tokens

    def add(self, slip: Slip, item: Result | Drop) -> None:
        """Have something written soon."""
        self._entries.append((slip, item))
        if not self._awake:
            self._awake = True
            self._some.set()
        elif len(self._entries) == ROWS:
            self._hurry.set()
        elif len(self._entries) >= FULL:
            self.full = True

    def release(self, leases: Sequence[Lease]) -> None:
        """Have leases given back once all about them is written."""
        for lease in leases:
            self._tokens.add(lease.token)
            self._entries.append((Slip.RELEASE, lease))
        if leases:
            self._awake = True
            self._some.set()

    def hurry(self) -> None:
        """Do not gather any longer."""
        if self._entries:
            self._hurry.set()

    async def run(self) -> None:
        """Write what comes, for ever."""
        while True:
            await self._some.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(GATHER_SECONDS):
                    await self._hurry.wait()
            self._hurry.clear()
            await self.write_some()
            if not self._entries:
                self._awake = False
                self._some.clear()
            elif len(self._entries) >= ROWS:
                self._hurry.set()
            await asyncio.sleep(GAP_SECONDS)

    async def write_all(self) -> None:
        """Write everything there is."""
        while self._entries:
            await self.write_some()

    async def write_some(self) -> None:
        """Write the first entries, however long it takes until the ledger can."""
        async with self._one_at_a_time:
            await self._write_first()

    async def _write_first(self) -> None:
        entries = list(islice(self._entries, ROWS))
        try:
            await self._clerk.insist(_write, entries)
        except Exception:
            logger.exception("the courier stumbled over what it was to write")
            await asyncio.sleep(STUMBLED_SECONDS)
            await self._write_singly(entries)
        for slip, item in entries:
            self._entries.popleft()
            if slip is Slip.RELEASE:
                self._tokens.discard(item.token)
        self.full = len(self._entries) >= FULL
        self._written(entries)

    async def _write_singly(self, entries: Sequence[Entry]) -> None:
        """What cannot be written must not keep the rest. It stays in the journal, and its lease is given up with us."""
        for entry in entries:
            try:
                await self._clerk.insist(_write, [entry])
            except Exception:
                logger.exception("this cannot be written: %s", entry)


def _write(ledger: Ledger, entries: Sequence[Entry]) -> None:
    """Runs in the ledger's thread."""
    items: dict[Slip, list[Any]] = {slip: [] for slip in Slip}
    for slip, item in entries:
        items[slip].append(item)
    for slip, act in _ACTS.items():
        if items[slip]:
            act(ledger, items[slip])


_ACTS: dict[Slip, Callable[[Ledger, list[Any]], object]] = {
    Slip.SETTLE: lambda ledger, results: ledger.settle_many(results),
    Slip.NOTE: lambda ledger, results: ledger.note_many(results),
    Slip.DECIDE: lambda ledger, results: ledger.decide_many(results),
    Slip.PUT_ASIDE: lambda ledger, results: ledger.put_aside_many(results),
    Slip.DROP: lambda ledger, drops: ledger.drop_many(drops, clock.now_us()),
    Slip.RELEASE: lambda ledger, leases: ledger.release(leases),
}
