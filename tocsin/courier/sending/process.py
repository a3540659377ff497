"""The courier process: begins, goes on until it is told to stop, and ends. What it does meanwhile is in its parts.

Its imports hold neither Django nor Wagtail (a test looks).
"""

import asyncio
import gc
import logging
import math
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import uvloop

from tocsin.courier.channel import Channel
from tocsin.courier.lanes import Lane
from tocsin.courier.ledger.epoch import Epoch
from tocsin.courier.ledger.ledger import Ledger
from tocsin.courier.sending.clerk import Clerk, LedgerAway
from tocsin.courier.sending.fetcher import Fetcher
from tocsin.courier.sending.flow import Flow
from tocsin.courier.sending.membership import Membership
from tocsin.courier.sending.notices import NO_RELAY
from tocsin.courier.sending.operators import Operators, resolver
from tocsin.courier.sending.quotas import Quotas
from tocsin.courier.sending.relays import RelayDesk
from tocsin.courier.sending.shares import Shares
from tocsin.courier.sending.station import Station
from tocsin.courier.sending.timing import Timing
from tocsin.lib.config import Config

STOPPING = (signal.SIGTERM, signal.SIGINT)
COLLECT_EVERY = 50_000
"""Objects made before garbage is looked for: what is made for a message is nearly always gone with it."""
SWITCH_SECONDS = 0.00005
"""How long the ledger's thread waits at most until the event loop is told to let go of the interpreter's lock. The loop does
let go by itself between any two events, about every 100 us, but has the lock again before the other thread is awake, and a
thread that is woken in vain begins to wait anew. So this is shorter than an event takes.
"""

logger = logging.getLogger(__name__)


def run(config: Config, channel: Channel, timing: Timing | None = None) -> None:
    """Send until SIGTERM or SIGINT; then finish what is on the wire, give the rest back and return.

    Raises BadEnvironment when the state directory cannot be written.
    """
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY)
    sys.setswitchinterval(SWITCH_SECONDS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(CourierProcess(config, channel, timing or Timing()).run())


class CourierProcess:
    """One courier, from enlisting to leaving."""

    def __init__(self, config: Config, channel: Channel, timing: Timing) -> None:
        self._timing = timing
        folder = config.state_dir / "courier"
        self._clerk = Clerk(config.database_url, timing.retry, Epoch.at(folder))
        self._membership = Membership(self._clerk, folder, timing)
        self._station = Station(self._clerk, self._membership, timing)
        policies = {relay.name: relay.policy for relay in channel.relays}
        shares = Shares(policies, self._call) if len(policies) > 1 else None
        self._operators = _operators(channel)
        self._desks = [RelayDesk(relay, self._station, shares, self._operators) for relay in channel.relays]
        accounts = [account for desk in self._desks if (account := desk.account)]
        self._quotas = Quotas(self._clerk, accounts)
        for desk in self._desks:
            desk.beside(self._desks)
        self._fetcher = Fetcher(self._station, channel, Flow(_most(self._desks)))
        self._told_to_stop = asyncio.Event()

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

    def _call(self, name: str) -> None:
        for desk in self._desks:
            if desk.name == name:
                desk.call()

    async def _begin(self) -> None:
        self._station.diary.open(await self._membership.enlist())
        names, unserved = {desk.name for desk in self._desks}, self._unserved()
        await self._clerk.insist(Ledger.relays_are, names | {NO_RELAY} if unserved else names)
        if unserved:
            logger.warning("%s", unserved)
            self._station.notices.post(NO_RELAY, unserved)
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

    # At work

    async def _work(self) -> None:
        writing = asyncio.create_task(self._station.outbox.run())
        around = [
            asyncio.create_task(self._again(self._beat, self._timing.beat)),
            asyncio.create_task(self._again(self._watch, self._timing.watch)),
            asyncio.create_task(self._again(self._listen, self._timing.doorbell)),
            asyncio.create_task(self._again(self._fetch, 0)),
            asyncio.create_task(self._again(self._bring, 0)),
        ]
        desks = [asyncio.create_task(desk.run()) for desk in self._desks]
        stop = asyncio.create_task(self._told_to_stop.wait())
        # A desk never ends by itself. If one does, it is better to end altogether and be started again.
        await asyncio.wait({stop, writing, *desks}, return_when=asyncio.FIRST_COMPLETED)
        self._station.stop()
        for desk in self._desks:
            desk.hang_up()
        _, late = await asyncio.wait({stop, *desks}, timeout=self._timing.grace if desks else 0)
        await _end({*late, *around}, self._timing.farewell)
        await self._leave(writing)
        logger.info("courier %s has ended", self._membership.id)
        for task in (writing, *desks):
            if task.done() and not task.cancelled():
                task.result()

    async def _leave(self, writing: "asyncio.Task[None]") -> None:
        """Write down what came back, and give everything back. What cannot be written now is in the journal."""
        await _end({writing}, self._timing.farewell)
        self._station.diary.close()
        if any(desk.busy for desk in self._desks):
            return  # what these have in their hands only the journal knows
        with suppress(TimeoutError, LedgerAway):
            async with asyncio.timeout(self._timing.farewell):
                await self._station.outbox.write_all()
                await self._quotas.close()
                await self._membership.leave()

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
        self._station.almanac.look()
        if not await self._membership.beat():
            await self._begin_anew()

    async def _begin_anew(self) -> None:
        """We were given up: let come back what is on the wire, write it down, and enlist under a new id."""
        logger.warning("this courier was given up while it was away; it enlists anew")
        self._station.board.clear()
        for desk in self._desks:
            desk.hang_up()
        await asyncio.gather(*(desk.at_rest(self._timing.grace) for desk in self._desks))
        await self._station.outbox.write_all()
        self._station.diary.close()
        self._membership.forget_journal()
        self._station.diary.open(await self._membership.enlist())
        self._station.wake()
        self._station.hunger.ring()

    async def _watch(self) -> None:
        if await self._membership.bury_the_dead():
            self._station.hunger.ring()

    async def _listen(self) -> None:
        await self._station.notices.write()
        if await self._clerk.do(Ledger.rang):
            self._fetcher.ring()
            self._station.hunger.ring()

    async def _bring(self) -> None:
        """Reserve of the relays' caps what is needed soon."""
        seen = self._station.quotas.rings
        await self._quotas.bring()
        await self._station.quotas.wait(self._timing.poll, since=seen)

    async def _fetch(self) -> None:
        """Get what the relays can take; when there is nothing more, wait until somebody rings."""
        station = self._station
        seen = station.hunger.rings
        served = [lanes for desk in self._desks if (lanes := desk.serves)]
        station.served = {lane for lanes in served for lane in lanes}
        station.release_finished()
        least = sum(desk.connections for desk in self._desks if desk.serves)
        if station.stopping or not await self._get(served, least):
            for desk in self._desks:
                desk.nothing_more()
            station.wake()
            await station.hunger.wait(self._timing.poll, since=seen)

    async def _get(self, served: Sequence[tuple[int, ...]], least: int) -> bool:
        try:
            return await self._fetcher.fetch(served, least)
        except OSError as error:
            self._station.diary.fail(error)
            return False


async def _end(tasks: "set[asyncio.Task[Any]]", seconds: float) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=seconds)


def _operators(channel: Channel) -> Operators | None:
    """Asked for only by relays that pass the remote servers' replies through."""
    asked = any(relay.policy.per_destination for relay in channel.relays)
    return Operators(resolver()) if asked else None


def _most(desks: Sequence[RelayDesk]) -> float:
    """How many messages a second the relays allow altogether."""
    return sum(desk.policy.per_second or math.inf for desk in desks)
