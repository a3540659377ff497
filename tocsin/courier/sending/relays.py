"""One relay: its health, its limits, its connections, and what its answers mean.

Everything between `open_to` and `stumbled` is called for every message and waits for nothing.
"""

import asyncio
import logging
import math
import random
import time
from collections.abc import Sequence
from contextlib import suppress

from tocsin.courier.channel import Fate, Outcome, Relay, RelayTrouble, Session
from tocsin.courier.lanes import Lane
from tocsin.courier.ledger.results import Result
from tocsin.courier.sending.board import Piece
from tocsin.courier.sending.circuit import Circuit, Phase
from tocsin.courier.sending.crew import Crew, Taking
from tocsin.courier.sending.gates import Gates
from tocsin.courier.sending.judge import Case, Judge, Ruling, nameless
from tocsin.courier.sending.limits import Limits
from tocsin.courier.sending.operators import Operators
from tocsin.courier.sending.quotas import Account
from tocsin.courier.sending.shares import Shares
from tocsin.courier.sending.station import Station
from tocsin.courier.sending.window import Window
from tocsin.courier.sending.writing import Errand, Writing
from tocsin.courier.states import Evidence

COMPOSING = "composing"
OF_THE_MESSAGE = frozenset({"RCPT", "DATA", "BDAT", "body"})
"""The phases in which a relay may stumble over this one delivery."""
TOO_BIG = ("552 5.3.4", "552")
URGENT = (int(Lane.TRANSACTIONAL), int(Lane.ALERT))
NOT_SOON = 1.0
"""A relay that may not be given anything within so many seconds needs no connection yet."""
STUMBLED_SECONDS = 0.2

logger = logging.getLogger(__name__)


class RelayDesk:
    """Steers the connections of one relay. Implements `crew.Desk`."""

    def __init__(
        self, relay: Relay, station: Station, shares: Shares | None = None, operators: Operators | None = None
    ) -> None:
        self.name = relay.name
        self.policy = relay.policy
        lanes = frozenset(map(int, Lane)) if relay.policy.lanes is None else relay.policy.lanes
        self.lanes = tuple(sorted(lanes))
        self.urgent = tuple(lane for lane in self.lanes if lane in URGENT)
        self.others: Sequence[RelayDesk] = ()
        self.writing = Writing(relay.name, station)
        self._relay = relay
        self._station = station
        self._circuit = Circuit(random.Random(), station.timing.longest_wait)  # noqa: S311 - jitter
        self._judge: Judge[tuple[Errand, Result]] = Judge()
        self._window = Window(relay.policy.window)
        self._limits = Limits(relay.name, relay.policy, shares, station.quotas.ring)
        most = relay.policy.per_destination
        self._gates = Gates[Piece](most, operators) if most and operators else None
        self._crews: set[Crew] = set()
        self._balks = False  # it lets us in, but the last message it was offered ended the session
        self._timer: asyncio.TimerHandle | None = None

    @property
    def serves(self) -> tuple[int, ...]:
        """The lanes for which work may be claimed now."""
        if not self._circuit.takes_work:
            return ()
        return self.urgent if self._limits.used_up(time.monotonic()) > NOT_SOON else self.lanes

    @property
    def account(self) -> Account | None:
        """Its caps, if it has any."""
        caps = self._limits.caps
        return Account(self.name, self.policy, caps, self._caps_changed) if caps else None

    def _caps_changed(self) -> None:
        self._limits.tell_shares()
        self.call()
        self._station.hunger.ring()

    @property
    def connections(self) -> int:
        """How many connections may work at the same time now."""
        return self.policy.connections if self._circuit.phase is Phase.CLOSED else 1

    @property
    def busy(self) -> bool:
        """Whether something is in the hands of one of its sessions."""
        return any(crew.busy for crew in self._crews)

    # Connections

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

    async def _keep_connection(self) -> None:
        while not self._station.stopping:
            trial = self._circuit.begin_trial(time.monotonic())
            if lanes := self.lanes if trial else self._wanted():
                try:
                    await self._connection(lanes, trial=trial)
                finally:
                    if trial:
                        self._circuit.give_up()
            else:
                wait = self._circuit.wait(time.monotonic())
                await self._station.work.wait(wait or self._station.timing.poll)

    def _wanted(self) -> tuple[int, ...]:
        """The lanes that one more connection should serve now; none if none is needed.

        The last one is kept for urgent lanes, and opened when all others have their hands full.
        """
        board = self._station.board
        if not self.open_gates(time.monotonic()):
            return ()
        best = board.best(self.lanes)
        if best is None or self._circuit.phase is not Phase.CLOSED or not self._station.may_begin(time.monotonic()):
            return ()
        if self._limits.wait(best, time.monotonic()) > NOT_SOON:
            return ()
        kept = 1 if self.policy.connections > 1 else 0
        if len(self._crews) < self.policy.connections - kept:
            free = sum(not crew.busy for crew in self._crews)
            return self.lanes if board.waiting(self.lanes) > free else ()
        return self.urgent if best in self.urgent and all(crew.busy for crew in self._crews) else ()

    async def _connection(self, lanes: tuple[int, ...], *, trial: bool) -> None:
        crew = Crew(self, self._station, lanes, trial=trial, most=self.policy.per_connection)
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
            self._fail(str(trouble))
            return None
        if not self._balks:
            self._shows_life()
        return session

    async def _attend(self, crew: Crew, session: Session) -> None:
        """Let a session work until it ends, should end, or is idle for long."""
        try:
            crew.begin(session)
            idle = self._station.timing.idle
            while not crew.over.is_set() and (crew.busy or time.monotonic() - crew.idle_since < idle):
                with suppress(TimeoutError):
                    async with asyncio.timeout(idle):
                        await crew.over.wait()
        finally:
            crew.close()
            await session.close()

    # What a crew asks

    def open_to(self, crew: Crew) -> bool:
        """See `crew.Desk`. While the relay is in trouble only the one that tries may work."""
        phase = self._circuit.phase
        return phase is Phase.CLOSED or (crew.trial and phase is Phase.TRIAL)

    def window(self) -> int:
        """See `crew.Desk`. Whoever tries a relay that was in trouble tries with one message."""
        return self._window.size if self._circuit.phase is Phase.CLOSED else 1

    def wait(self, lane: int, now: float) -> float:
        """See `crew.Desk`. When it is time, the sessions are woken."""
        if not self._limits.any:
            return 0.0
        wait = self._limits.wait(lane, now)
        if wait and wait < math.inf and not self._timer:
            self._timer = asyncio.get_running_loop().call_later(wait, self.call)
        return wait

    def given(self, lane: int, now: float) -> None:
        """See `crew.Desk`."""
        if self._limits.any:
            self._limits.take(lane, now)

    def not_given(self, piece: Piece, now: float) -> None:
        """See `crew.Desk`."""
        if self._gates:
            self._gates.leave(piece.standing.delivery, "", now)

    def idle(self, now: float) -> None:
        """See `crew.Desk`."""
        self._limits.idle(now)

    def open_gates(self, now: float) -> bool:
        """See `crew.Desk`."""
        if not self._gates:
            return True
        for piece in self._gates.ready(now):
            self._station.board.put_back(piece, now)
        return not self._gates.full

    def takes(self, piece: Piece, now: float) -> Taking:
        """See `crew.Desk`. What this relay can never take is left to another."""
        tried = piece.hold.tried.get(piece.standing.delivery) if piece.hold.tried else None
        if tried is not None and self.name in tried:
            self._leave(piece, tried)
            return Taking.ENOUGH
        if self._gates and not self._gates.enter(piece.standing.delivery, piece.address, piece, now):
            return Taking.ANOTHER
        return Taking.THIS

    def stumbled(self, errand: Errand) -> None:
        """See `crew.Desk`."""
        self.not_given(errand.piece, time.monotonic())
        if errand.intended:
            self.writing.settle(errand, Evidence.LOST, "interrupted by a fault of ours")
        else:
            self.writing.put_aside(errand, "It met a fault of ours.")

    def heard(self, crew: Crew, errand: Errand, outcome: Outcome) -> None:
        """See `crew.Desk`."""
        if self._limits.any:
            self._limits.back()
        if self._gates:
            self._gates.leave(errand.piece.standing.delivery, outcome.reply, time.monotonic())
        fate = outcome.fate
        if fate is Fate.TAKEN:
            self._taken(crew, errand, outcome.reply)
        elif outcome.phase == COMPOSING or _is_too_big(outcome):
            self._cannot_take(crew, errand, outcome.reply)
        elif fate is Fate.RETURNED:
            self._returned(errand)
        elif fate is Fate.RELAY:
            self._troubled(crew, errand, outcome)
        elif fate is Fate.LOST:
            self._lost(crew, errand, outcome.reply)
        else:
            self._refused(crew, errand, outcome)

    # What came back

    def _taken(self, crew: Crew, errand: Errand, reply: str) -> None:
        crew.served = True
        result = self.writing.settle(errand, Evidence.TAKEN, reply)
        self._window.taken()
        ruling = self._judge.taken(result.finished_us)
        if ruling.cases:
            self._carry_out(ruling)
        if self._balks or self._circuit.phase is not Phase.CLOSED:
            self._shows_life()

    def _returned(self, errand: Errand) -> None:
        """It is tried again, by anyone, as if nothing had happened."""
        self.writing.not_sent(errand, "")
        self._station.board.put_back(errand.piece)

    def _troubled(self, crew: Crew, errand: Errand, outcome: Outcome) -> None:
        """A session that served may end; one that cannot even begin is trouble."""
        self.writing.not_sent(errand, outcome.reply)
        self._window.broken()
        if crew.served:
            self._station.board.put_back(errand.piece)
            return
        self._balks = True
        if outcome.phase in OF_THE_MESSAGE:  # it may itself be what ends sessions: others must not wait behind it
            self.writing.put_aside(errand, outcome.reply)
        else:
            self._station.board.put_back(errand.piece)
        self._fail(outcome.reply)

    def _lost(self, crew: Crew, errand: Errand, words: str) -> None:
        self.writing.settle(errand, Evidence.LOST, words)
        self._window.broken()
        crew.served = True
        if not crew.lost:  # a flight that is lost is one piece of evidence, not one for each message in it
            crew.lost = True
            self._carry_out(self._judge.lost(words))

    def _refused(self, crew: Crew, errand: Errand, outcome: Outcome) -> None:
        crew.served = True
        self._window.refused()
        standing = errand.piece.standing
        for_good = outcome.fate is Fate.REFUSED
        result = self.writing.result(errand, Evidence.REFUSED if for_good else Evidence.PUT_OFF, outcome.reply)
        since = standing.refused_us if for_good else standing.started_us
        case = Case((errand, result), outcome.reply, errand.recipient, since)
        self.writing.note(errand, result)
        self._carry_out(self._judge.refused(case) if for_good else self._judge.put_off(case))
        self._shows_life()

    def _cannot_take(self, crew: Crew, errand: Errand, reply: str) -> None:
        """This relay can never take this message, for its size or its address; another may."""
        crew.served = True
        piece = errand.piece
        tried = piece.hold.tried.get(piece.standing.delivery, frozenset()) | {self.name}
        piece.hold.tried[piece.standing.delivery] = tried
        if self._fitting(piece, tried):
            self._leave(piece, tried)
        else:
            logger.warning("delivery %s cannot be taken by any relay: %s", piece.standing.delivery, nameless(reply))
            self.writing.settle(errand, Evidence.REFUSED, reply)

    def _leave(self, piece: Piece, tried: frozenset[str]) -> None:
        """Leave a piece to another relay: now, or when one works again."""
        able = [desk for desk in self._fitting(piece, tried) if piece.standing.lane in desk.serves]
        if able:
            self._station.board.put_back(piece)
            for desk in able:
                desk.call()
        else:
            self.writing.put_aside(Errand(piece, "", self._station.almanac.now_us()), piece.standing.reply)

    def _fitting(self, piece: Piece, tried: frozenset[str]) -> "list[RelayDesk]":
        return [desk for desk in self.others if desk.name not in tried and piece.standing.lane in desk.lanes]

    def call(self) -> None:
        """There is something for this relay, or it may have it now."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        for crew in self._crews:
            asyncio.get_running_loop().call_soon(crew.wake)

    def nothing_more(self) -> None:
        """There is nothing to be claimed for this relay: what waits for evidence is decided without it."""
        if self._judge.waiting and not self.busy and not self._station.board.waiting(self.lanes):
            self._carry_out(self._judge.idle())

    # Judgement

    def _carry_out(self, ruling: Ruling[tuple[Errand, Result]]) -> None:
        for case, sentence in ruling.cases:
            errand, result = case.key
            self.writing.decide(errand, result, sentence)
        if ruling.trouble:
            self._fail(ruling.trouble, self._station.timing.longest_wait_when_refused)

    # Health

    def _shows_life(self) -> None:
        """It works, unless it is known for what it does to messages: that is not seen from its greeting."""
        self._balks = False
        if not self._judge.suspicious and self._circuit.work():
            logger.info("relay %s works", self.name)
            self._station.notices.post(self.name, "")
            self._limits.works(yes=True)
            self._station.wake()
            self._station.hunger.ring()

    def _fail(self, words: str, longest: float | None = None) -> None:
        news = self._circuit.trouble != words
        self._circuit.fail(words, time.monotonic(), longest)
        self._limits.works(yes=False)
        if news:
            logger.warning("relay %s is in trouble; what is planned for it waits: %s", self.name, nameless(words))
            self._station.notices.post(self.name, words)
        self.hang_up()
        for piece in self._gates.clear() if self._gates else ():
            self._station.board.put_back(piece)
        self._station.wake()
        self._station.hunger.ring()


def _is_too_big(outcome: Outcome) -> bool:
    """A relay that says at MAIL that a message is too big speaks of the message (RFC 1870 section 6.1)."""
    return outcome.phase == "MAIL" and outcome.reply.startswith(TOO_BIG)
