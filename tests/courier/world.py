"""One courier's desks at work on stand-in relays: no database, no sockets. What is to be written is looked at."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from tests.courier.pieces import lease, standing
from tests.courier.standins import StandinEdition, StandinRelay
from tocsin.courier.channel import Fate, Outcome
from tocsin.courier.ledger.journal import Journal
from tocsin.courier.sending.board import Piece
from tocsin.courier.sending.outbox import Slip
from tocsin.courier.sending.relays import RelayDesk
from tocsin.courier.sending.shares import Shares
from tocsin.courier.sending.station import Station
from tocsin.courier.sending.timing import Timing


class Surely:
    """A membership that is as sure as its world."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def is_sure(self) -> bool:
        return self._world.sure

    @property
    def sure_until(self) -> float:
        return float("inf") if self._world.sure else float("-inf")


class World:
    """The desks of `relays`, and a station whose outbox nobody empties."""

    def __init__(self, *relays: StandinRelay, **timing: float) -> None:
        self.sure = True
        membership: Any = Surely(self)
        self.station = Station(None, membership, Timing(**timing))  # type: ignore[arg-type]
        self.station.served = {0, 1, 2, 3}
        self.relays = relays or (StandinRelay(),)
        self.relay = self.relays[0]
        policies = {relay.name: relay.policy for relay in self.relays}
        shares = Shares(policies, self._call) if len(policies) > 1 else None
        operators: Any = SimpleNamespace(of=lambda domain: domain)
        self.desks = [RelayDesk(relay, self.station, shares, operators) for relay in self.relays]
        for desk in self.desks:
            desk.beside(self.desks)
        self.desk = self.desks[0]
        self._next = 1

    def _call(self, name: str) -> None:
        next(desk for desk in self.desks if desk.name == name).call()

    def add(
        self, number: int = 1, lane: int = 2, edition: Any = None, domain: str = "example.org", **changes: object
    ) -> list[int]:
        """Work for the desks, looked up already. The deliveries' ids."""
        ids = list(range(self._next, self._next + number))
        self._next += number
        self.station.board.add(lease(ids[0], lane), ids)
        for hold, some in self.station.board.to_look_up(number, lane):
            until = time.monotonic() + 1000
            pieces = [
                Piece(
                    hold,
                    standing(each, lane, **changes),
                    edition or StandinEdition(),
                    f"reader{each}@{domain}",
                    until,
                )
                for each in some
            ]
            self.station.board.stock(hold, pieces, len(some))
        self.station.wake()
        return ids

    def written(self, slip: Slip) -> list[Any]:
        """What is to be written of a kind."""
        return [item for kind, item in self.station.outbox._entries if kind is slip]

    def settled(self) -> dict[int, str]:
        return {result.delivery: result.evidence.value for result in self.written(Slip.SETTLE)}

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110 - nothing tells what a desk does
                await asyncio.sleep(0.001)

    async def quiet(self) -> None:
        """Until everybody did what can be done now."""
        for _ in range(50):
            await asyncio.sleep(0)

    def run(self, steps: Callable[["World"], Coroutine[Any, Any, None]]) -> None:
        async def all_of_it(folder: str) -> None:
            self.station.diary.open(Journal.create(Path(folder), "c0ffee", "this boot"))
            running = [asyncio.create_task(desk.run()) for desk in self.desks]
            try:
                await self.quiet()
                await steps(self)
            finally:
                self.station.stop()
                for desk in self.desks:
                    desk.hang_up()
                await asyncio.wait(running, timeout=5)

        with TemporaryDirectory() as folder:
            asyncio.run(all_of_it(folder))


def refusal(words: str, phase: str = "RCPT") -> Outcome:
    return Outcome(Fate.REFUSED if words[0] == "5" else Fate.REFUSED_NOW, words, phase)
