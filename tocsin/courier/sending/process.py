"""The courier process: claims batches lane by lane while relays work, and keeps its place among the couriers.

Its imports hold neither Django nor Wagtail (a test looks). Sending is in `send.py`, relays in `relays.py`.
"""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import uvloop

from tocsin.courier.channel import Channel
from tocsin.courier.lanes import Lane
from tocsin.courier.ledger.ledger import Ledger
from tocsin.courier.sending.clerk import Clerk, LedgerAway
from tocsin.courier.sending.membership import Membership
from tocsin.courier.sending.relays import RelayDesk
from tocsin.courier.sending.send import Sender
from tocsin.courier.sending.station import Station
from tocsin.courier.sending.timing import Timing
from tocsin.lib import clock
from tocsin.lib.config import Config

STOPPING = (signal.SIGTERM, signal.SIGINT)
NO_RELAY = "(none)"

logger = logging.getLogger(__name__)


def run(config: Config, channel: Channel, timing: Timing | None = None) -> None:
    """Send until SIGTERM or SIGINT; then finish what is on the wire, give the rest back and return.

    Raises BadEnvironment when the state directory cannot be written.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(CourierProcess(config, channel, timing or Timing()).run())


class CourierProcess:
    """One courier, from enlisting to leaving."""

    def __init__(self, config: Config, channel: Channel, timing: Timing) -> None:
        self._timing = timing
        self._clerk = Clerk(config.database_url, timing.retry)
        self._membership = Membership(self._clerk, config.state_dir / "courier", timing)
        sender = Sender(self._clerk, self._membership, channel)
        self._station = Station(self._clerk, self._membership, sender, timing)
        self._desks = [RelayDesk(relay, self._station) for relay in channel.relays]
        self._told_to_stop = asyncio.Event()
        self._strays = False

    async def run(self) -> None:
        """Work until told to stop."""
        loop = asyncio.get_running_loop()
        for number in STOPPING:
            loop.add_signal_handler(number, self._told_to_stop.set)
        try:
            if await self._unless_stopped(self._begin()):
                await self._work()
        finally:
            self._clerk.close()

    async def _begin(self) -> None:
        await self._membership.enlist()
        names, unserved = {desk.name for desk in self._desks}, self._unserved()
        await self._clerk.insist(Ledger.relays_are, names | {NO_RELAY} if unserved else names)
        if unserved:
            logger.warning("%s", unserved)
            await self._clerk.insist(Ledger.relay_seen, NO_RELAY, unserved, clock.now_us())
        logger.info("courier %s has begun", self._membership.id)

    def _unserved(self) -> str:
        """What waits for ever with these relays, in words; empty when every lane is served."""
        missing = {*Lane}.difference(*(desk.lanes for desk in self._desks))
        if not self._desks:
            return "No relay is configured: what is planned waits. Set TOCSIN_RELAYS."
        if missing:
            names = ", ".join(lane.name.lower() for lane in sorted(missing))
            return f"No relay serves these lanes, what is planned there waits: {names}. Change lanes= in TOCSIN_RELAYS."
        return ""

    async def _unless_stopped(self, work: Awaitable[None]) -> bool:
        """Do `work` until it is done or we are told to stop; whether it was done."""
        task = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self._told_to_stop.wait())
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
            return False
        task.result()
        return True

    async def _work(self) -> None:
        around = [
            asyncio.create_task(self._again(self._beat, self._timing.beat)),
            asyncio.create_task(self._again(self._watch, self._timing.watch)),
            asyncio.create_task(self._again(self._listen, self._timing.doorbell)),
            asyncio.create_task(self._again(self._fetch, 0)),
        ]
        desks = [asyncio.create_task(desk.run()) for desk in self._desks]
        stop = asyncio.create_task(self._told_to_stop.wait())
        # A desk never ends by itself. If one does, it is better to end altogether and be started again.
        await asyncio.wait({stop, *desks}, return_when=asyncio.FIRST_COMPLETED)
        self._station.stop()
        _, late = await asyncio.wait({stop, *desks}, timeout=self._timing.grace if desks else 0)
        await _end({*late, *around}, self._timing.farewell)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timing.farewell):
                await self._membership.leave()
        logger.info("courier %s has ended", self._membership.id)
        for desk in desks:
            if desk.done() and not desk.cancelled():
                desk.result()

    async def _again(self, action: Callable[[], Awaitable[None]], pause: float) -> None:
        """Do `action` for ever; nothing that goes wrong with it ends the courier."""
        while True:
            try:
                await action()
                await asyncio.sleep(pause)
            except LedgerAway as error:
                logger.debug("the ledger is away: %s", error)
                await asyncio.sleep(max(pause, 0.2))
            except Exception:
                logger.exception("the courier stumbled and goes on")
                await asyncio.sleep(max(pause, 1.0))

    async def _beat(self) -> None:
        if not await self._membership.beat():
            self._station.board.clear()
            await self._membership.reenlist()
            self._station.wake()

    async def _watch(self) -> None:
        if await self._membership.bury_the_dead():
            self._station.hunger.ring()

    async def _listen(self) -> None:
        if await self._clerk.do(Ledger.rang):
            self._station.hunger.ring()

    async def _fetch(self) -> None:
        """Claim what the connections can take; when there is nothing more, wait until somebody rings."""
        seen = self._station.hunger.rings
        ready = {lane for desk in self._desks if desk.takes_work for lane in desk.lanes}
        if self._station.board.serve(ready):
            self._station.work.ring()
        await self._station.release_finished()
        if self._station.stopping or not await self._claim(ready):
            for desk in self._desks:
                await desk.nothing_more()
            await self._station.hunger.wait(self._timing.poll, since=seen)

    async def _claim(self, ready: set[int]) -> bool:
        """Claim one batch, of the best lane that has one and not enough on the board. Whether there was one."""
        await self._release_strays()
        board, waiting = self._station.board, 0
        capacity = sum(desk.connections for desk in self._desks if desk.takes_work)
        for lane in sorted(ready):
            waiting += board.waiting({lane})
            if waiting >= capacity:
                return False
            self._strays = True
            leases = await self._clerk.do(Ledger.claim, self._membership.id, lane, clock.now_us(), 1)
            for lease in leases:
                board.add(lease, await self._clerk.do(Ledger.due, lease))
            self._strays = False
            if leases:
                self._station.work.ring()
                return True
        return False

    async def _release_strays(self) -> None:
        if self._strays:
            await self._clerk.do(Ledger.release_strays, self._membership.id, self._station.board.tokens)
            self._strays = False


async def _end(tasks: "set[asyncio.Task[Any]]", seconds: float) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=seconds)
