"""One delivery over one connection: looked at, composed, begun, handed over, settled.

The order is the promise. The intent is committed before bytes leave that can complete the message; what came back is
committed before anything else happens. Killed between any two lines here, the ledger knows what may have been taken.
"""

import logging
from collections import OrderedDict
from dataclasses import dataclass, replace
from enum import Enum

from tocsin.courier.channel import CannotCompose, Channel, Composed, Fate, Outcome, Parcel, Recipient, Session
from tocsin.courier.ledger.ledger import Ledger, Try
from tocsin.courier.ledger.standing import Standing
from tocsin.courier.sending.board import Job
from tocsin.courier.sending.clerk import Clerk, LedgerAway
from tocsin.courier.sending.membership import Membership
from tocsin.courier.states import Evidence
from tocsin.lib import clock

COMPOSED_KEPT = 16
COMPOSING = "composing"
OF_THE_MESSAGE = frozenset({"RCPT", "DATA", "body"})
"""The phases in which a relay may stumble over this one delivery."""

logger = logging.getLogger(__name__)


class End(Enum):
    """How a try ended, for whoever steers the connections."""

    SETTLED = "settled"  # nothing more is to be done about it now
    TAKEN = "taken"
    PUT_OFF = "put off"
    REFUSED = "refused"  # noted; what it means is not decided
    LOST = "lost"
    RELAY = "relay"  # the relay's trouble: it may be tried again at once elsewhere
    AGAIN = "again"  # nothing happened: it may be tried again when the ledger is there


CLEAR = {
    Fate.TAKEN: (Evidence.TAKEN, End.TAKEN),
    Fate.REFUSED_NOW: (Evidence.PUT_OFF, End.PUT_OFF),
    Fate.LOST: (Evidence.LOST, End.LOST),
}
"""Outcomes that say by themselves what became of the delivery."""


@dataclass(frozen=True)
class Report:
    """What came of one job."""

    end: End
    this: Try | None = None
    reply: str = ""
    address: str = ""
    refused_us: int | None = None


@dataclass
class _Flight:
    """One try under way. `written`: its intent may be in the ledger. `begun`: its bytes may be on the wire.

    `away`: it was not begun because nobody could say whose lease it is. `evidence`: what came back, with its words.
    """

    this: Try
    written: bool = False
    begun: bool = False
    away: bool = False
    evidence: tuple[Evidence, str] | None = None


class Sender:
    """Sends single deliveries; shared by all connections."""

    def __init__(self, clerk: Clerk, membership: Membership, channel: Channel) -> None:
        self._clerk = clerk
        self._membership = membership
        self._channel = channel
        self._composed: OrderedDict[int, Composed | CannotCompose] = OrderedDict()

    async def send(self, job: Job, session: Session, relay: str) -> Report:
        """Try one delivery. Raises only when cancelled; whatever else goes wrong is in the report."""
        flight = _Flight(Try(job.delivery, job.lease, 1, self._membership.id, relay, clock.now_us()))
        try:
            return await self._send(flight, job, session)
        except LedgerAway:
            return Report(End.AGAIN)
        except Exception as error:
            logger.exception("delivery %s met a fault of ours; it is tried again later", job.delivery)
            await self._interrupted(flight, error)
            return Report(End.SETTLED)
        except BaseException as error:
            if flight.written:
                await self._interrupted(flight, error)
            raise

    async def _send(self, flight: _Flight, job: Job, session: Session) -> Report:
        standing = await self._clerk.do(Ledger.load, job.delivery)
        if not standing.open or await self._dropped(job, standing):
            return Report(End.SETTLED)
        flight.this = replace(flight.this, number=standing.attempts + 1)
        try:
            parcel = await self._parcel(flight.this, standing)
        except CannotCompose as error:
            await self._drop(job, Evidence.UNSENDABLE, f"It cannot be composed: {error}")
            return Report(End.SETTLED)
        outcome = await session.hand_over(parcel, lambda: self._may_start(flight))
        return await self._report(flight, outcome, standing, parcel.recipient)

    async def _interrupted(self, flight: _Flight, error: BaseException) -> None:
        """Something that is not the relay's doing ended the try: what is on the wire is unsure, the rest waits.

        What came back is known, even if it could not be written down.
        """
        words = f"interrupted: {type(error).__name__}"
        unknown = Evidence.LOST if flight.begun else Evidence.RETURNED, words
        await self._settle(flight.this, *(flight.evidence or unknown))
        if not flight.begun:
            await self._clerk.insist(Ledger.put_aside, flight.this, words, clock.now_us())

    async def _dropped(self, job: Job, standing: Standing) -> bool:
        why = standing.drop(clock.now_us())
        if why is None:
            return False
        await self._drop(job, *why)
        return True

    async def _drop(self, job: Job, evidence: Evidence, reason: str) -> None:
        state = await self._clerk.do(Ledger.drop, job.lease, job.delivery, evidence, reason, clock.now_us())
        logger.info("delivery %s is not sent: %s, %s", job.delivery, evidence.value, state.value)

    async def _parcel(self, this: Try, standing: Standing) -> Parcel:
        message = await self._clerk.do(Ledger.edition, standing.edition) if standing.for_staff else None
        recipient = Recipient(
            delivery_id=this.delivery,
            address=message.to_address if message else standing.address,
            name=standing.name,
            public_id=standing.public_id,
            started_us=standing.started_us or this.started_us,
        )
        return (await self._edition(standing.edition)).address(recipient)

    async def _edition(self, edition: int) -> Composed:
        """An edition, composed once while it is in use. Raises CannotCompose."""
        if edition not in self._composed:
            message = await self._clerk.do(Ledger.edition, edition)
            try:
                self._composed[edition] = self._channel.compose(edition, message)
            except CannotCompose as error:
                self._composed[edition] = error
            if len(self._composed) > COMPOSED_KEPT:
                self._composed.popitem(last=False)
        found = self._composed[edition]
        if isinstance(found, CannotCompose):
            raise CannotCompose(*found.args)  # raised itself each time, it would gather every caller's frames
        return found

    async def _may_start(self, flight: _Flight) -> bool:
        """Commit the intent. The lease is looked at before and, since the commit may have taken long, after."""
        if not self._membership.is_sure():
            flight.away = True
            return False
        flight.written = True
        try:
            begun = await self._clerk.do(Ledger.begin, flight.this)
        except LedgerAway:
            flight.away = True
            return False
        flight.written = begun
        flight.away = begun and not self._membership.is_sure()
        flight.begun = begun and not flight.away
        return flight.begun

    async def _report(self, flight: _Flight, outcome: Outcome, standing: Standing, address: str) -> Report:
        this, reply = flight.this, outcome.reply
        if outcome.fate in CLEAR:
            evidence, end = CLEAR[outcome.fate]
            flight.evidence = evidence, reply
            await self._settle(this, evidence, reply)
            return Report(end, reply=reply)
        if outcome.fate is Fate.REFUSED and outcome.phase == COMPOSING:
            await self._settle(this, Evidence.REFUSED, reply)
            return Report(End.SETTLED)
        if outcome.fate is Fate.REFUSED:
            await self._clerk.insist(Ledger.note, this, Evidence.REFUSED, reply, clock.now_us())
            return Report(End.REFUSED, this, reply, address, standing.refused_us)
        if flight.written:
            await self._settle(this, Evidence.RETURNED, reply)
        if outcome.fate is Fate.RELAY:
            return Report(End.RELAY, this if outcome.phase in OF_THE_MESSAGE else None, reply)
        return Report(End.AGAIN if flight.away else End.SETTLED)

    async def _settle(self, this: Try, evidence: Evidence, reply: str) -> None:
        state = await self._clerk.insist(Ledger.settle, this, evidence, reply, clock.now_us())
        level = logging.DEBUG if evidence is Evidence.TAKEN else logging.INFO
        logger.log(level, "delivery %s, attempt %s: %s, %s", this.delivery, this.number, evidence.value, state.value)
