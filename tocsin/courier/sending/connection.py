"""One connection to a relay at work: it takes one delivery after the other from the board."""

import asyncio
import logging
from typing import Protocol

from tocsin.courier.channel import Session
from tocsin.courier.sending.board import Job
from tocsin.courier.sending.send import End, Report
from tocsin.courier.sending.station import Station

AWAY_SECONDS = 0.2

logger = logging.getLogger(__name__)


class Desk(Protocol):
    """What a connection asks of its relay's desk."""

    name: str
    lanes: frozenset[int]
    busy: int

    async def connect(self) -> Session | None:
        """Open a session; None when the relay is in trouble."""

    async def take_in(self, job: Job, report: Report, *, fresh: bool) -> None:
        """Deal with what came of a job. `fresh`: nothing came of its session before."""

    def may_work(self, *, trial: bool) -> bool:
        """Whether this connection may take (more) work."""


class Connection:
    """One session's life: from the first job, or for a trial from the connecting, to its end."""

    def __init__(self, desk: Desk, station: Station, *, trial: bool) -> None:
        self._desk = desk
        self._station = station
        self._trial = trial
        self._session: Session | None = None
        self._fresh = True
        self._idle_since = _now()

    async def run(self) -> None:
        """Work until the session ends, is idle for long, or the relay is in trouble. Never raises but when cancelled."""
        try:
            if not self._trial or await self._open():
                while self._may_go_on():
                    await self._step()
        except Exception:
            logger.exception("a connection to %s stumbled and begins anew", self._desk.name)
            await asyncio.sleep(AWAY_SECONDS)
        finally:
            if self._session:
                await self._session.close()

    def _may_go_on(self) -> bool:
        if self._station.stopping or not self._desk.may_work(trial=self._trial):
            return False
        if self._session is None:
            return True
        return self._session.usable and _now() - self._idle_since < self._station.timing.idle

    async def _open(self) -> bool:
        if self._session is None:
            self._session = await self._desk.connect()
        return self._session is not None

    async def _step(self) -> None:
        station = self._station
        job = station.board.take(self._desk.lanes) if station.membership.is_sure() else None
        if job is None:
            station.hunger.ring()
            await station.work.wait(station.timing.poll)
            return
        if not station.board.waiting(self._desk.lanes):
            station.hunger.ring()  # the next batch is claimed while this message is on its way
        self._desk.busy += 1
        try:
            await self._work_on(job)
        finally:
            self._desk.busy -= 1
        self._idle_since = _now()

    async def _work_on(self, job: Job) -> None:
        try:
            await self._open()
        finally:
            if self._session is None:
                self._station.board.put_back(job)
        if self._session is None:
            return
        try:
            report = await self._station.sender.send(job, self._session, self._desk.name)
            await self._desk.take_in(job, report, fresh=self._fresh)
        except Exception:
            self._station.board.finish(job)  # or its lease would be held for ever
            raise
        self._fresh = self._fresh and report.end is End.RELAY


def _now() -> float:
    return asyncio.get_running_loop().time()
