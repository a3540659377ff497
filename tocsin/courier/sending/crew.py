"""One session's crew: gives it parcels one after the other, writes down what is about to leave, hears what came back.

Called on the event loop, for every message. Nothing here waits; what waits for the ledger waits in the outbox.
"""

import logging
import time
from asyncio import Event
from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from tocsin.courier.channel import CannotCompose, Outcome, Parcel, Recipient, Session
from tocsin.courier.lanes import Lane
from tocsin.courier.sending.board import Piece
from tocsin.courier.sending.station import Station
from tocsin.courier.sending.writing import Errand, Writing
from tocsin.courier.states import Evidence

ALERT = int(Lane.ALERT)

logger = logging.getLogger(__name__)


class Taking(Enum):
    """Whether a relay takes a piece."""

    THIS = "this"
    ANOTHER = "another"  # not this one; ask for the next
    ENOUGH = "enough"  # no more now


class Desk(Protocol):
    """What a crew asks of its relay's desk."""

    writing: Writing

    def open_to(self, crew: "Crew") -> bool:
        """Whether this crew may take (more) work."""

    def wait(self, lane: int, now: float) -> float:
        """Seconds until a message of that lane may be given to the relay, by its limits; 0: now."""

    def open_gates(self, now: float) -> bool:
        """Lay out what waited for its operator and may pass now. Whether more may be taken up."""

    def takes(self, piece: Piece, now: float) -> Taking:
        """Whether the relay may be given this piece. If not, it was dealt with."""

    def given(self, lane: int, now: float) -> None:
        """A message of that lane was given to a session."""

    def not_given(self, piece: Piece, now: float) -> None:
        """A piece that was to be taken could not be addressed."""

    def idle(self, now: float) -> None:
        """There was nothing for a session."""

    def window(self) -> int:
        """How many messages one session may have in its hands."""

    def heard(self, crew: "Crew", errand: Errand, outcome: Outcome) -> None:
        """Deal with what came of an errand."""

    def stumbled(self, errand: Errand) -> None:
        """A fault of ours ended an errand before it began."""


class Crew:
    """Implements `courier.channel.Crew` for one session that serves `lanes`, best first.

    `trial`: it tries a relay that was in trouble. `over` is set when the session ended or should be closed. `served`:
    the relay answered to a message on it. `lost`: it died where messages may have been taken.
    """

    def __init__(
        self, desk: Desk, station: Station, lanes: tuple[int, ...], *, trial: bool, most: int | None = None
    ) -> None:
        self.lanes = lanes
        self.trial = trial
        self.over = Event()
        self.served = False
        self.lost = False
        self.idle_since = time.monotonic()
        self._closing = False
        self._left = most
        self._desk = desk
        self._station = station
        self._board = station.board
        self._session: Session | None = None
        self._out: dict[int, Errand] = {}
        self._filling = True

    @property
    def busy(self) -> bool:
        """Whether it has something in its hands."""
        return bool(self._out)

    def begin(self, session: Session) -> None:
        """The session is open: let it work."""
        self._session = session
        session.wake()

    def wake(self) -> None:
        """There may be something to take."""
        if self._session and not self._closing:
            self._session.wake()

    def close(self) -> None:
        """Take nothing more."""
        self._closing = True
        self.over.set()

    def cut_off(self) -> None:
        """End the session now, whatever it has in its hands."""
        self.close()
        if self._session:
            self._session.abort()

    # What the session asks

    def next_parcel(self) -> Parcel | None:
        """See `courier.channel.Crew`."""
        try:
            return self._next_parcel(time.monotonic())
        except Exception:
            logger.exception("the courier stumbled over what is to be sent next")
            self.close()
            return None

    def may_start(self, parcels: Sequence[Parcel]) -> bool:
        """See `courier.channel.Crew`.

        The lease is looked at last: whoever gives us up from then on finds the intents in our journal.
        """
        errands = [self._out[parcel.delivery_id] for parcel in parcels]
        if not self._station.diary.begin([self._desk.writing.intent(errand) for errand in errands]):
            return False
        for errand in errands:
            errand.intended = True
        return self._station.membership.is_sure()

    def came_back(self, parcel: Parcel, outcome: Outcome) -> None:
        """See `courier.channel.Crew`."""
        errand = self._out.pop(parcel.delivery_id)
        try:
            self._desk.heard(self, errand, outcome)
        except Exception:
            logger.exception("the courier stumbled over what came of delivery %s", parcel.delivery_id)
            self._desk.stumbled(errand)
        if self._left == 0 and not self._out:
            self.over.set()

    def ended(self, words: str) -> None:
        """See `courier.channel.Crew`."""
        if words:
            logger.debug("a session ended: %s", words)
        self.close()

    # Parts

    def _next_parcel(self, now: float) -> Parcel | None:
        if self._closing or self._left == 0:
            return None
        desk, board = self._desk, self._board
        while desk.open_to(self) and self._station.may_begin(now) and desk.open_gates(now):
            lane = board.best(self.lanes)
            if lane is None:
                desk.idle(now)
                break
            if self._out and not self._has_room(lane):
                return None  # it asks again when something came back
            if desk.wait(lane, now):
                break
            piece = board.take(self.lanes, now)
            if piece is None:
                break
            taking = desk.takes(piece, now)
            if taking is Taking.ENOUGH:
                break
            if taking is Taking.ANOTHER:
                continue
            if parcel := self._parcel(piece):
                desk.given(lane, now)
                self._left = self._left and self._left - 1
                self.idle_since = now
                return parcel
            desk.not_given(piece, now)
        self._station.diary.flush()
        self._station.idlers.add(self)
        return None

    def _has_room(self, lane: int) -> bool:
        """Whether one more may be on its way beside what is. With CHUNKING a flight is filled when half of the last is answered; an
        alert has a flight of its own, so that a connection that dies leaves one alert unsure.
        """
        out = len(self._out)
        most = self._desk.window()
        if not (self._session and self._session.takes_many):
            return out < min(2, most)
        if lane <= ALERT:
            return False
        self._filling = out < most if self._filling else out <= most // 2
        return self._filling

    def _parcel(self, piece: Piece) -> Parcel | None:
        standing = piece.standing
        now = self._station.almanac.now_us()
        recipient = Recipient(
            standing.delivery, piece.address, standing.name, standing.public_id, standing.started_us or now
        )
        try:
            parcel = piece.edition.address(recipient)
        except CannotCompose as error:
            self._station.drop(
                piece.hold.lease, standing.delivery, Evidence.UNSENDABLE, f"It cannot be composed: {error}"
            )
            self._station.finish(piece)
            return None
        except Exception:
            logger.exception("delivery %s met a fault of ours; it is tried again later", standing.delivery)
            self._desk.stumbled(Errand(piece, piece.address, now))
            return None
        self._out[standing.delivery] = Errand(piece, parcel.recipient, now)
        return parcel
