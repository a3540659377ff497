"""What came back from one relay, and what it means: for the delivery, for the relay, and for what is given to it next."""

import logging
import time
from typing import Protocol

from tocsin.courier.channel import Fate, Outcome
from tocsin.courier.ledger.results import Result
from tocsin.courier.sending.giving import Giving
from tocsin.courier.sending.health import Health
from tocsin.courier.sending.judge import Case, Judge, Ruling, nameless
from tocsin.courier.sending.station import Station
from tocsin.courier.sending.writing import Errand, Writing
from tocsin.courier.states import Evidence

COMPOSING = "composing"
OF_THE_MESSAGE = frozenset({"RCPT", "DATA", "BDAT", "body"})
"""The phases in which a relay may stumble over this one delivery."""
TOO_BIG = ("552 5.3.4", "552")
TAKEN, ACCEPTED = Fate.TAKEN, Evidence.TAKEN

logger = logging.getLogger(__name__)


class Witness(Protocol):
    """The session through which something came back. `served`: the relay answered to a message on it. `lost`: it died
    where messages may have been taken.
    """

    served: bool
    lost: bool


class Hearing:
    """Hears what came of one relay's errands. Called for every message; waits for nothing."""

    def __init__(self, station: Station, giving: Giving, writing: Writing, health: Health) -> None:
        self._station = station
        self._board = station.board
        self._giving = giving
        self._window = giving.window
        self._writing = writing
        self._health = health
        self._judge: Judge[tuple[Errand, Result]] = Judge()
        health.suspicious = lambda: self._judge.suspicious

    @property
    def waiting(self) -> int:
        """How many refusals wait for evidence."""
        return self._judge.waiting

    def heard(self, witness: Witness, errand: Errand, outcome: Outcome) -> None:
        """Deal with what came of an errand."""
        fate, reply, phase = outcome
        self._giving.back(errand.piece, reply)
        if fate is TAKEN:
            self._taken(witness, errand, reply)
        elif phase == COMPOSING or _is_too_big(outcome):
            self._cannot_take(witness, errand, reply)
        elif fate is Fate.RETURNED:
            self._returned(errand)
        elif fate is Fate.RELAY:
            self._troubled(witness, errand, outcome)
        elif fate is Fate.LOST:
            self._lost(witness, errand, reply)
        else:
            self._refused(witness, errand, outcome)

    def stumbled(self, errand: Errand) -> None:
        """A fault of ours ended an errand."""
        self._giving.not_given(errand.piece, time.monotonic())
        if errand.intended:
            self._writing.settle(errand, Evidence.LOST, "interrupted by a fault of ours")
        else:
            self._writing.put_aside(errand, "It met a fault of ours.")

    def nothing_more(self) -> None:
        """Nothing more is to be sent: what waits for evidence is decided without it."""
        self._carry_out(self._judge.idle())

    # What came back

    def _taken(self, witness: Witness, errand: Errand, reply: str) -> None:
        witness.served = True
        result = self._writing.settle(errand, ACCEPTED, reply)
        self._window.taken()
        ruling = self._judge.taken(result.finished_us)
        if ruling.cases:
            self._carry_out(ruling)
        if not self._health.good:
            self._health.shows_life()

    def _returned(self, errand: Errand) -> None:
        """It is tried again, by anyone, as if nothing had happened."""
        self._writing.not_sent(errand, "")
        self._board.put_back(errand.piece)

    def _troubled(self, witness: Witness, errand: Errand, outcome: Outcome) -> None:
        """A session that served may end; one that cannot even begin is trouble."""
        self._writing.not_sent(errand, outcome.reply)
        self._window.broken()
        if witness.served:
            self._board.put_back(errand.piece)
            return
        if outcome.phase in OF_THE_MESSAGE:  # it may itself be what ends sessions: others must not wait behind it
            self._writing.put_aside(errand, outcome.reply)
        else:
            self._board.put_back(errand.piece)
        self._health.balks(outcome.reply)

    def _lost(self, witness: Witness, errand: Errand, words: str) -> None:
        self._writing.settle(errand, Evidence.LOST, words)
        self._window.broken()
        witness.served = True
        if not witness.lost:  # a flight that is lost is one piece of evidence, not one for each message in it
            witness.lost = True
            self._carry_out(self._judge.lost(words))

    def _refused(self, witness: Witness, errand: Errand, outcome: Outcome) -> None:
        witness.served = True
        self._window.refused()
        standing = errand.piece.standing
        for_good = outcome.fate is Fate.REFUSED
        result = self._writing.result(errand, Evidence.REFUSED if for_good else Evidence.PUT_OFF, outcome.reply)
        since = standing.refused_us if for_good else standing.started_us
        case = Case((errand, result), outcome.reply, errand.recipient, since)
        self._writing.note(errand, result)
        self._carry_out(self._judge.refused(case) if for_good else self._judge.put_off(case))
        self._health.shows_life()

    def _cannot_take(self, witness: Witness, errand: Errand, reply: str) -> None:
        """This relay can never take this message, for its size or its address; another may."""
        witness.served = True
        if self._giving.cannot_take(errand.piece):
            self._writing.not_sent(errand, reply)
        else:
            delivery = errand.piece.standing.delivery
            logger.warning("delivery %s cannot be taken by any relay: %s", delivery, nameless(reply))
            self._writing.settle(errand, Evidence.REFUSED, reply)

    def _carry_out(self, ruling: Ruling[tuple[Errand, Result]]) -> None:
        for case, sentence in ruling.cases:
            errand, result = case.key
            self._writing.decide(errand, result, sentence)
        if ruling.trouble:
            self._health.fail(ruling.trouble, self._station.timing.longest_wait_when_refused)


def _is_too_big(outcome: Outcome) -> bool:
    """A relay that says at MAIL that a message is too big speaks of the message (RFC 1870 section 6.1)."""
    return outcome.phase == "MAIL" and outcome.reply.startswith(TOO_BIG)
