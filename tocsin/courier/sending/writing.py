"""Writing down what one relay is given and what came of it: in the diary first, in the outbox for the ledger after.

What an answer means is decided in `relays`; here it only becomes records. Called for every message.
"""

import logging
from dataclasses import dataclass

from tocsin.courier.lanes import Lane
from tocsin.courier.ledger.results import Intent, Result
from tocsin.courier.sending.board import Piece
from tocsin.courier.sending.judge import Sentence
from tocsin.courier.sending.outbox import Slip
from tocsin.courier.sending.station import Station
from tocsin.courier.states import Evidence

ALERT = int(Lane.ALERT)
SETTLE, TAKEN = Slip.SETTLE, Evidence.TAKEN

logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Errand:
    """One attempt under way, as its intent has it. `intended`: bytes that complete the message may have left."""

    piece: Piece
    recipient: str
    intent: Intent
    intended: bool = False


class Writing:
    """Of one relay, by its name."""

    def __init__(self, relay: str, station: Station) -> None:
        self._relay = relay
        self._station = station

    def errand(self, piece: Piece, recipient: str = "", started_us: int = 0) -> Errand:
        """An attempt that begins now, unless it is said when."""
        lease, standing = piece.hold.lease, piece.standing
        started_us = started_us or self._station.almanac.now_us()
        intent = Intent(standing.delivery, lease.batch, lease.token, standing.attempts + 1, self._relay, started_us)
        return Errand(piece, recipient, intent)

    def result(self, errand: Errand, evidence: Evidence, reply: str) -> Result:
        """What came of an errand."""
        return Result(*errand.intent, self._station.almanac.now_us(), evidence, reply)

    def not_sent(self, errand: Errand, words: str) -> None:
        """It came back unsent, and somebody tries it again."""
        if errand.intended:
            self._station.diary.heard(self.result(errand, Evidence.RETURNED, words))
            self._station.diary.settled((errand.piece.standing.delivery,))

    def settle(self, errand: Errand, evidence: Evidence, reply: str) -> Result:
        """The evidence speaks for itself: it is over."""
        station, piece = self._station, errand.piece
        result = Result(*errand.intent, station.almanac.now_us(), evidence, reply)
        if errand.intended:
            station.diary.heard(result)
        station.outbox.add(SETTLE, result)
        if piece.hold.lease.lane <= ALERT:
            station.outbox.hurry()
        if evidence is not TAKEN:
            logger.info("delivery %s, attempt %s: %s", result.delivery, result.number, evidence.value)
        station.finish(piece)
        return result

    def note(self, errand: Errand, result: Result) -> None:
        """It was refused; what that means is decided later."""
        if errand.intended:
            self._station.diary.heard(result)
        self._station.outbox.add(Slip.NOTE, result)

    def decide(self, errand: Errand, result: Result, sentence: Sentence) -> None:
        """What becomes of a refusal that was noted."""
        match sentence:
            case Sentence.FAIL:
                self._station.outbox.add(Slip.DECIDE, result)
            case Sentence.DEFER:
                self._station.outbox.add(Slip.DECIDE, result._replace(evidence=Evidence.PUT_OFF))
            case Sentence.ASIDE:
                self._station.outbox.add(Slip.PUT_ASIDE, result)
        logger.info("delivery %s was refused: %s", result.delivery, sentence.value)
        self._station.finish(errand.piece)

    def put_aside(self, errand: Errand, reply: str) -> None:
        """It stays what it was, and is tried again later."""
        self._station.outbox.add(Slip.PUT_ASIDE, self.result(errand, Evidence.RETURNED, reply))
        self._station.finish(errand.piece)
