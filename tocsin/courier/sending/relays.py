"""One relay: its connections, opened while there is something for them, closed when it is in trouble.

What a connection is given is decided in `giving`, what comes back is heard in `hearing`, and both tell `health`.
"""

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from contextlib import suppress

from tocsin.courier.channel import Relay, RelayTrouble, Session
from tocsin.courier.sending.circuit import Circuit, Phase
from tocsin.courier.sending.crew import Crew
from tocsin.courier.sending.giving import NOT_SOON, Giving
from tocsin.courier.sending.health import Health
from tocsin.courier.sending.hearing import Hearing
from tocsin.courier.sending.operators import Operators
from tocsin.courier.sending.quotas import Account
from tocsin.courier.sending.shares import Shares
from tocsin.courier.sending.station import Station
from tocsin.courier.sending.writing import Writing

STUMBLED_SECONDS = 0.2

logger = logging.getLogger(__name__)


class RelayDesk:
    """Steers the connections of one relay."""

    def __init__(
        self, relay: Relay, station: Station, shares: Shares | None = None, operators: Operators | None = None
    ) -> None:
        self.name = relay.name
        self.policy = relay.policy
        self._relay = relay
        self._station = station
        self._circuit = Circuit(random.Random(), station.timing.longest_wait)  # noqa: S311 - jitter
        self._health = Health(relay.name, self._circuit, station.notices, self._changed)
        self._writing = Writing(relay.name, station)
        self.giving = Giving(
            relay.name, relay.policy, station, self._circuit, self._writing, self._wake, shares, operators
        )
        self._hearing = Hearing(station, self.giving, self._writing, self._health)
        self._crews: set[Crew] = set()

    @property
    def lanes(self) -> tuple[int, ...]:
        """The lanes it may be used for."""
        return self.giving.lanes

    @property
    def serves(self) -> tuple[int, ...]:
        """The lanes for which work may be claimed now."""
        return self.giving.serves

    @property
    def account(self) -> Account | None:
        """Its caps, if it has any."""
        caps = self.giving.limits.caps
        return Account(self.name, self.policy, caps, self._caps_changed) if caps else None

    @property
    def connections(self) -> int:
        """How many connections may work at the same time now."""
        return self.policy.connections if self._circuit.phase is Phase.CLOSED else 1

    @property
    def busy(self) -> bool:
        """Whether something is in the hands of one of its sessions."""
        return any(crew.out for crew in self._crews)

    def beside(self, desks: "Sequence[RelayDesk]") -> None:
        """Work beside these desks: to the others is left what this relay can never take."""
        self.giving.others = [desk.giving for desk in desks if desk is not self]

    async def run(self) -> None:
        """Work until the station stops."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self.policy.connections):
                group.create_task(self._keep_connection())

    def hang_up(self) -> None:
        """Let every session finish what it has in its hands, and end."""
        for crew in self._crews:
            crew.close()

    async def at_rest(self, seconds: float) -> None:
        """Wait until every session has ended; after so long, cut those off that have not."""
        deadline = time.monotonic() + seconds
        while self._crews and (left := deadline - time.monotonic()) > 0:
            await self._station.work.wait(left)
        for crew in self._crews:
            crew.cut_off()

    def call(self) -> None:
        """There is something for this relay, or it may have it now."""
        self.giving.call()

    def nothing_more(self) -> None:
        """There is nothing to be claimed for this relay: what waits for evidence is decided without it."""
        if self._hearing.waiting and not self.busy and not self._station.board.waiting(self.lanes):
            self._hearing.nothing_more()

    # Connections

    async def _keep_connection(self) -> None:
        while not self._station.stopping:
            trial = self._circuit.begin_trial(time.monotonic())
            if lanes := self.lanes if trial else self._wanted(time.monotonic()):
                try:
                    await self._connection(lanes, trial=trial)
                finally:
                    if trial:
                        self._circuit.give_up()
            else:
                wait = self._circuit.wait(time.monotonic())
                await self._station.work.wait(wait or self._station.timing.poll)

    def _wanted(self, now: float) -> tuple[int, ...]:
        """The lanes that one more connection should serve now; none if none is needed.

        The last one is kept for urgent lanes, and opened when all others have their hands full.
        """
        board, giving = self._station.board, self.giving
        if self._circuit.phase is not Phase.CLOSED or not self._station.may_begin(now) or not giving.open_gates(now):
            return ()
        free = sum(not crew.out for crew in self._crews)
        best = board.best(self.lanes)
        if giving.keeps:
            return () if free else self.lanes
        if best is None or giving.wait(best, now) > NOT_SOON:
            return ()
        kept = 1 if self.policy.connections > 1 else 0
        if len(self._crews) < self.policy.connections - kept:
            return self.lanes if board.waiting(self.lanes) > free else ()
        return giving.urgent if best in giving.urgent and not free else ()

    async def _connection(self, lanes: tuple[int, ...], *, trial: bool) -> None:
        crew = Crew(
            self.giving,
            self._hearing,
            self._writing,
            self._station,
            lanes,
            trial=trial,
            most=self.policy.per_connection,
        )
        self._crews.add(crew)
        try:
            if session := await self._connect(crew):
                await self._attend(crew, session)
        except Exception:
            logger.exception("a connection to %s stumbled and begins anew", self.name)
            await asyncio.sleep(STUMBLED_SECONDS)
        finally:
            crew.close()
            self._crews.discard(crew)
            self._station.idlers.discard(crew)
            self._station.wake()

    async def _connect(self, crew: Crew) -> Session | None:
        try:
            session = await self._relay.connect(crew)
        except RelayTrouble as trouble:
            self._health.fail(str(trouble))
            return None
        self._health.let_in()
        return session

    async def _attend(self, crew: Crew, session: Session) -> None:
        """Let a session work until it ends, should end, or is idle for long."""
        try:
            crew.begin(session)
            idle = self._station.timing.idle
            while not crew.over.is_set() and (crew.out or time.monotonic() - crew.idle_since < idle):
                with suppress(TimeoutError):
                    async with asyncio.timeout(idle):
                        await crew.over.wait()
        finally:
            crew.close()
            await session.close()

    # What changes

    def _wake(self) -> None:
        """Let the sessions ask again, though not at once: this may be called in the middle of things."""
        for crew in self._crews:
            asyncio.get_running_loop().call_soon(crew.wake)

    def _caps_changed(self) -> None:
        self.giving.limits.tell_shares()
        self.call()
        self._station.hunger.ring()

    def _changed(self, works: bool) -> None:
        self.giving.limits.works(yes=works)
        if not works:
            self.hang_up()
            self.giving.clear()
        self._station.wake()
        self._station.hunger.ring()
