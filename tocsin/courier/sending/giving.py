"""What one relay is given next: by its health, its limits, and what it can take. Asked for every message; waits for nothing."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from tocsin.courier.channel import Policy
from tocsin.courier.lanes import Lane
from tocsin.courier.sending.board import Piece
from tocsin.courier.sending.circuit import Circuit, Phase
from tocsin.courier.sending.gates import Gates
from tocsin.courier.sending.limits import Limits
from tocsin.courier.sending.operators import Operators
from tocsin.courier.sending.shares import Shares
from tocsin.courier.sending.station import Idler, Station
from tocsin.courier.sending.window import Window
from tocsin.courier.sending.writing import Errand, Writing

ALERT = int(Lane.ALERT)
URGENT = (int(Lane.TRANSACTIONAL), ALERT)
CLOSED = Phase.CLOSED
NOT_SOON = 1.0
"""A relay that may not be given anything within so many seconds need not have anything at hand."""


class Taker(Idler, Protocol):
    """One session's crew, as far as it is given things. `lanes`: those it serves, best first. `out`: what it has in its
    hands. `trial`: it tries a relay that was in trouble. `takes_many`: whole messages leave without an answer in between;
    `filling`: whether its flight is being filled.
    """

    lanes: tuple[int, ...]
    out: dict[int, Errand]
    trial: bool
    takes_many: bool
    filling: bool


class Giving:
    """Gives the sessions of one relay what they may have. `again` is called when it is time that they ask again.

    `window`: how many messages one of them may have in its hands. `others`: of the other relays.
    """

    def __init__(
        self,
        name: str,
        policy: Policy,
        station: Station,
        circuit: Circuit,
        writing: Writing,
        again: Callable[[], None],
        shares: Shares | None = None,
        operators: Operators | None = None,
    ) -> None:
        self.name = name
        self.lanes = tuple(sorted(map(int, Lane if policy.lanes is None else policy.lanes)))
        self.urgent = tuple(lane for lane in self.lanes if lane in URGENT)
        self.window = Window(policy.window)
        self.limits = Limits(name, policy, shares, station.quotas.ring)
        self.others: Sequence[Giving] = ()
        self._station = station
        self._board = station.board
        self._circuit = circuit
        self._writing = writing
        self._again = again
        most = policy.per_destination
        self._gates = Gates[Piece](most, operators) if most and operators else None
        self._kept: deque[Piece] = deque()  # what others can never take and left to this relay
        self._timer: asyncio.TimerHandle | None = None

    @property
    def serves(self) -> tuple[int, ...]:
        """The lanes for which work may be claimed now."""
        if not self._circuit.takes_work:
            return ()
        return self.urgent if self.limits.used_up(time.monotonic()) > NOT_SOON else self.lanes

    @property
    def keeps(self) -> bool:
        """Whether something waits for this relay that others can never take."""
        return bool(self._kept)

    # For every message

    def next(self, taker: Taker, now: float) -> Piece | None:
        """The next piece for a session, which is out with it from now on; None when there is none for it now.

        It is woken when there may be; if its hands are full, it comes by itself when something came back.
        """
        board, limits, gates, station = self._board, self.limits, self._gates, self._station
        while (
            (self._circuit.phase is CLOSED or self._is_tried_by(taker))
            and station.may_begin(now)
            and (gates is None or self.open_gates(now))
        ):
            if self._kept and (piece := self._next_kept(taker, now)):
                return piece
            lane = board.best(taker.lanes)
            if lane is None:
                limits.idle(now)
                break
            if taker.out and not self._fits(taker, lane):
                return None
            if limits.any and self.wait(lane, now):
                break
            piece = board.take(lane, now)
            if piece is None:
                break
            if piece.hold.tried and self._is_for_another(piece):
                self.leave(piece)
            elif gates is None or gates.enter(piece.standing.delivery, piece.address, piece, now):
                return piece
        station.rest(taker)
        return None

    def given(self, piece: Piece, now: float) -> None:
        """A piece was addressed, and is on its way."""
        if self.limits.any:
            self.limits.take(piece.standing.lane, now)

    def not_given(self, piece: Piece, now: float) -> None:
        """A piece could not be addressed."""
        if self._gates:
            self._gates.leave(piece.standing.delivery, "", now)

    def back(self, piece: Piece, reply: str) -> None:
        """It is known what became of a piece."""
        if self.limits.any:
            self.limits.back()
        if self._gates:
            self._gates.leave(piece.standing.delivery, reply, time.monotonic())

    def _is_tried_by(self, taker: Taker) -> bool:
        """While the relay is in trouble only the one that tries it may work."""
        return taker.trial and self._circuit.phase is Phase.TRIAL

    def _fits(self, taker: Taker, lane: int) -> bool:
        """Whether one more may be on its way beside what is. With CHUNKING a flight is filled when half of the last is
        answered; an alert has a flight of its own, so that a connection that dies leaves one alert unsure. Whoever tries a
        relay that was in trouble tries with one message.
        """
        out, most = len(taker.out), self.window.size if self._circuit.phase is CLOSED else 1
        if not taker.takes_many:
            return out < 2 and out < most
        if lane <= ALERT:
            return False
        taker.filling = out < most if taker.filling else out <= most // 2
        return taker.filling

    # What waits

    def wait(self, lane: int, now: float) -> float:
        """Seconds until a message of that lane may be given to the relay, by its limits; 0: now. Then it is asked again."""
        return self._asked_again_in(self.limits.wait(lane, now))

    def _asked_again_in(self, wait: float) -> float:
        if wait and wait < math.inf and not self._timer:
            self._timer = asyncio.get_running_loop().call_later(wait, self.call)
        return wait

    def call(self) -> None:
        """There is something for this relay, or it may have it now."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._again()

    def open_gates(self, now: float) -> bool:
        """Lay out what waited for its operator and may pass now. Whether more may be taken up."""
        if not self._gates:
            return True
        for piece in self._gates.ready(now):
            self._board.put_back(piece, now)
        return not self._gates.full

    def clear(self) -> None:
        """Nothing waits for this relay any more: it is in trouble."""
        for piece in (*(self._gates.clear() if self._gates else ()), *self._kept):
            self._board.put_back(piece)
        self._kept.clear()

    # What only some relays can take

    def cannot_take(self, piece: Piece) -> bool:
        """This relay can never take a piece, for its size or its address. Whether it was left to another that may."""
        delivery, tried = piece.standing.delivery, piece.hold.tried
        tried[delivery] = tried.get(delivery, frozenset()) | {self.name}
        if fitting := bool(self._fitting(piece)):
            self.leave(piece)
        return fitting

    def leave(self, piece: Piece) -> None:
        """Leave a piece to another relay: now, or when one works again."""
        for other in self._fitting(piece):
            if piece.standing.lane in other.serves:
                other.keep(piece)
                return
        self._writing.put_aside(self._writing.errand(piece), piece.standing.reply)

    def keep(self, piece: Piece) -> None:
        """A piece that another relay left to this one. It does not count as part of this one's share."""
        self._kept.append(piece)
        self.call()
        self._station.wake()

    def _next_kept(self, taker: Taker, now: float) -> Piece | None:
        while self._kept:
            piece = self._kept[0]
            if piece.hold.closed or piece.best_before < now:
                self._board.put_back(self._kept.popleft(), now)
                continue
            lane = piece.standing.lane
            if lane not in taker.lanes or (taker.out and not self._fits(taker, lane)):
                break
            if self._asked_again_in(self.limits.own_wait(lane, now)):
                break
            self._kept.popleft()
            if self._gates is None or self._gates.enter(piece.standing.delivery, piece.address, piece, now):
                return piece
        return None

    def _is_for_another(self, piece: Piece) -> bool:
        return self.name in piece.hold.tried.get(piece.standing.delivery, ())

    def _fitting(self, piece: Piece) -> "list[Giving]":
        tried, lane = piece.hold.tried.get(piece.standing.delivery, frozenset()), piece.standing.lane
        return [other for other in self.others if other.name not in tried and lane in other.lanes]
