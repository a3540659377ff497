"""One session's crew: gives it parcels one after the other, writes down what is about to leave, hears what came back.

Called on the event loop, for every message. Nothing here waits; what waits for the ledger waits in the outbox.
"""

import logging
import time
from asyncio import Event
from collections.abc import Sequence
from operator import attrgetter

from tocsin.courier.channel import CannotCompose, Outcome, Parcel, Recipient, Session
from tocsin.courier.sending.board import KnownFault, Piece
from tocsin.courier.sending.giving import Giving
from tocsin.courier.sending.hearing import Hearing
from tocsin.courier.sending.station import Station
from tocsin.courier.sending.writing import Errand, Writing
from tocsin.courier.states import Evidence

DELIVERY, INTENT = attrgetter("delivery_id"), attrgetter("intent")

logger = logging.getLogger(__name__)


class Crew:
    """Implements `courier.channel.Crew` for one session that serves `lanes`, best first.

    `trial`: it tries a relay that was in trouble. `over` is set when the session ended or should be closed. `served`:
    the relay answered to a message on it. `lost`: it died where messages may have been taken. `out`: what it has in its
    hands. `most`: after so many messages the connection is renewed.
    """

    def __init__(
        self,
        giving: Giving,
        hearing: Hearing,
        writing: Writing,
        station: Station,
        lanes: tuple[int, ...],
        *,
        trial: bool,
        most: int | None = None,
    ) -> None:
        self.lanes = lanes
        self.trial = trial
        self.over = Event()
        self.out: dict[int, Errand] = {}
        self.takes_many = False
        self.filling = True
        self.served = False
        self.lost = False
        self.idle_since = time.monotonic()
        self._giving = giving
        self._hearing = hearing
        self._writing = writing
        self._station = station
        self._closing = False
        self._left = most
        self._session: Session | None = None

    def begin(self, session: Session) -> None:
        """The session is open: let it work."""
        self._session = session
        self.takes_many = session.takes_many
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
        if self._closing or self._left == 0:
            return None
        try:
            now = time.monotonic()
            while piece := self._giving.next(self, now):
                if parcel := self._addressed(piece):
                    self._giving.given(piece, now)
                    self._left = self._left and self._left - 1
                    self.idle_since = now
                    return parcel
                self._giving.not_given(piece, now)
        except Exception:
            logger.exception("the courier stumbled over what is to be sent next")
            self.close()
        return None

    def may_start(self, parcels: Sequence[Parcel]) -> bool:
        """See `courier.channel.Crew`.

        The lease is looked at last: whoever gives us up from then on finds the intents in our journal.
        """
        station, errands = self._station, list(map(self.out.__getitem__, map(DELIVERY, parcels)))
        if not station.diary.begin(list(map(INTENT, errands))):
            return False
        for errand in errands:
            errand.intended = True
        return station.membership.is_sure()

    def came_back(self, parcel: Parcel, outcome: Outcome) -> None:
        """See `courier.channel.Crew`."""
        errand = self.out.pop(parcel.delivery_id)
        try:
            self._hearing.heard(self, errand, outcome)
        except Exception:
            logger.exception("the courier stumbled over what came of delivery %s", parcel.delivery_id)
            self._hearing.stumbled(errand)
        if self._left == 0 and not self.out:
            self.over.set()

    def ended(self, words: str) -> None:
        """See `courier.channel.Crew`."""
        if words:
            logger.debug("a session ended: %s", words)
        self.close()

    def _addressed(self, piece: Piece) -> Parcel | None:
        """The message of a piece, which is in our hands from now on; None when none can be made of it."""
        standing, now_us = piece.standing, self._station.almanac.now_us()
        started_us = standing.started_us or now_us
        recipient = Recipient(standing.delivery, piece.address, standing.name, standing.public_id, started_us)
        try:
            parcel = piece.edition.address(recipient)
        except CannotCompose as error:
            words = f"It cannot be composed: {error}"
            self._station.drop(piece.hold.lease, standing.delivery, Evidence.UNSENDABLE, words)
            self._station.finish(piece)
            return None
        except Exception as error:
            traced = None if isinstance(error, KnownFault) else error  # that one was told with its edition
            logger.error("delivery %s met a fault of ours; it is tried again later", standing.delivery, exc_info=traced)
            self._hearing.stumbled(self._writing.errand(piece))
            return None
        self.out[standing.delivery] = self._writing.errand(piece, parcel.recipient, now_us)
        return parcel
