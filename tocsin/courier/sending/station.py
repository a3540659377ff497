"""What the parts of one courier process share: the board, the bells, and who is told to stop."""

import asyncio
from contextlib import suppress

from tocsin.courier.ledger.ledger import Ledger
from tocsin.courier.sending.board import Board
from tocsin.courier.sending.clerk import Clerk
from tocsin.courier.sending.membership import Membership
from tocsin.courier.sending.send import Sender
from tocsin.courier.sending.timing import Timing


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


class Station:
    """`work` rings when there may be something on the board, `hunger` when a connection found nothing there."""

    def __init__(self, clerk: Clerk, membership: Membership, sender: Sender, timing: Timing) -> None:
        self.clerk = clerk
        self.membership = membership
        self.sender = sender
        self.timing = timing
        self.board = Board()
        self.work = Bell()
        self.hunger = Bell()
        self.stopping = False

    def stop(self) -> None:
        """Let nobody begin anything new."""
        self.stopping = True
        self.wake()

    def wake(self) -> None:
        """Let everybody look again."""
        self.work.ring()
        self.hunger.ring()

    async def release_finished(self) -> None:
        """Give back the leases under which nothing is left to do."""
        if finished := self.board.pop_finished():
            await self.clerk.insist(Ledger.release, finished)
