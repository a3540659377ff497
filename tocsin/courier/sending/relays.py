"""One relay: its connections, its health, and what its refusals mean."""

import asyncio
import logging
import random
from contextlib import suppress

from tocsin.courier.channel import Relay, RelayTrouble, Session
from tocsin.courier.lanes import Lane
from tocsin.courier.ledger.ledger import Ledger
from tocsin.courier.sending.board import Job
from tocsin.courier.sending.circuit import Circuit, Phase
from tocsin.courier.sending.clerk import LedgerAway
from tocsin.courier.sending.connection import Connection
from tocsin.courier.sending.judge import Case, Judge, Ruling, Sentence
from tocsin.courier.sending.send import End, Report
from tocsin.courier.sending.station import Station
from tocsin.courier.states import Evidence
from tocsin.lib import clock

AWAY_SECONDS = 0.2

logger = logging.getLogger(__name__)


class RelayDesk:
    """Steers the connections of one relay."""

    def __init__(self, relay: Relay, station: Station) -> None:
        self.name = relay.name
        self.lanes = frozenset(map(int, Lane)) if relay.lanes is None else relay.lanes
        self.busy = 0
        self._relay = relay
        self._station = station
        self._circuit = Circuit(random.Random(), station.timing.longest_wait)  # noqa: S311 - jitter
        self._judge: Judge[tuple[Job, Report]] = Judge()
        self._balks = False  # it lets us in, but the last message it was offered ended the session

    @property
    def takes_work(self) -> bool:
        """Whether work may be claimed for this relay."""
        return self._circuit.takes_work

    @property
    def connections(self) -> int:
        """How many connections may work at the same time now."""
        return self._relay.connections if self._circuit.phase is Phase.CLOSED else 1

    async def run(self) -> None:
        """Work until the station stops."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._relay.connections):
                group.create_task(self._keep_connection())

    async def _keep_connection(self) -> None:
        while not self._station.stopping:
            trial = self._circuit.begin_trial(_now())
            if trial or self._circuit.phase is Phase.CLOSED:
                try:
                    await Connection(self, self._station, trial=trial).run()
                finally:
                    if trial:
                        self._circuit.give_up()
            else:
                wait = self._circuit.wait(_now())
                await self._station.work.wait(wait or self._station.timing.poll)

    # What a connection asks

    def may_work(self, *, trial: bool) -> bool:
        """Whether a connection may take (more) work; while the relay is in trouble only the one that tries."""
        return self._circuit.phase is Phase.CLOSED or (trial and self._circuit.phase is Phase.TRIAL)

    async def connect(self) -> Session | None:
        """Open a session; None when the relay is in trouble."""
        try:
            session = await self._relay.connect()
        except RelayTrouble as trouble:
            await self._fail(str(trouble))
            return None
        if not self._balks:
            await self._shows_life()
        return session

    async def take_in(self, job: Job, report: Report, *, fresh: bool) -> None:
        """Deal with what came of a job."""
        match report.end:
            case End.AGAIN:
                self._station.board.put_back(job)
                await asyncio.sleep(AWAY_SECONDS)
            case End.RELAY if fresh:  # a session that served may end; one that cannot even begin is trouble
                self._balks = True
                await self._part_with(job, report)
                await self._fail(report.reply)
            case End.RELAY:
                self._station.board.put_back(job)
            case End.REFUSED:
                case = Case((job, report), report.reply, report.address, report.refused_us)
                await self._carry_out(self._judge.refused(case))
                await self._shows_life()
            case End.TAKEN:
                await self._finish(job)
                await self._carry_out(self._judge.taken(clock.now_us()))
                await self._shows_life()
            case End.PUT_OFF:
                await self._finish(job)
                await self._shows_life()
            case End.LOST:
                await self._finish(job)
                await self._carry_out(self._judge.lost(report.reply))
            case _:
                await self._finish(job)

    async def _part_with(self, job: Job, report: Report) -> None:
        """A delivery that may itself be what ends sessions stands aside for a while: others must not wait behind it."""
        if report.this is None:
            self._station.board.put_back(job)
        else:
            await self._station.clerk.insist(Ledger.put_aside, report.this, report.reply, clock.now_us())
            await self._finish(job)

    async def nothing_more(self) -> None:
        """There is nothing to be claimed for this relay: what waits for evidence is decided without it."""
        if self._judge.waiting and not self.busy and not self._station.board.waiting(self.lanes):
            await self._carry_out(self._judge.idle())

    # Judgement

    async def _carry_out(self, ruling: Ruling[tuple[Job, Report]]) -> None:
        for case, sentence in ruling.cases:
            job, report = case.key
            await self._execute(report, sentence)
            await self._finish(job)
        if ruling.trouble:
            await self._fail(ruling.trouble, self._station.timing.longest_wait_when_refused)

    async def _execute(self, report: Report, sentence: Sentence) -> None:
        if report.this is None:
            return
        insist, now = self._station.clerk.insist, clock.now_us()
        match sentence:
            case Sentence.FAIL:
                await insist(Ledger.decide, report.this, Evidence.REFUSED, report.reply, now)
            case Sentence.DEFER:
                await insist(Ledger.decide, report.this, Evidence.PUT_OFF, report.reply, now)
            case Sentence.ASIDE:
                await insist(Ledger.put_aside, report.this, report.reply, now)
        logger.info("delivery %s was refused: %s", report.this.delivery, sentence.value)

    async def _finish(self, job: Job) -> None:
        self._station.board.finish(job)
        await self._station.release_finished()

    # Health

    async def _shows_life(self) -> None:
        """It works, unless it is known for what it does to messages: that is not seen from its greeting."""
        self._balks = False
        if not self._judge.suspicious and self._circuit.work():
            logger.info("relay %s works", self.name)
            await self._show("")
            self._station.wake()

    async def _fail(self, words: str, longest: float | None = None) -> None:
        news = self._circuit.trouble != words
        self._circuit.fail(words, _now(), longest)
        if news:
            logger.warning("relay %s is in trouble; what is planned for it waits", self.name)
            await self._show(words)
        self._station.wake()

    async def _show(self, trouble: str) -> None:
        with suppress(LedgerAway):
            await self._station.clerk.do(Ledger.relay_seen, self.name, trouble, clock.now_us())


def _now() -> float:
    return asyncio.get_running_loop().time()
