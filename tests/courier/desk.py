"""A ledger over a database where commits are real, and couriers that are only rows."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from tocsin.courier.ledger.database import open_database
from tocsin.courier.ledger.journal import Reading
from tocsin.courier.ledger.leases import Lease
from tocsin.courier.ledger.ledger import Ledger
from tocsin.courier.ledger.results import Intent, Result
from tocsin.courier.ledger.standing import Standing
from tocsin.courier.models import Batch, Delivery, Lane
from tocsin.courier.states import Evidence
from tocsin.lib import clock


def open_ledger(url: str) -> Ledger:
    return Ledger(open_database(url))


def enlist(ledger: Ledger, boot: str = "this boot") -> str:
    courier = uuid.uuid4().hex
    ledger.register(courier, "host", boot, 1, clock.now_us())
    return courier


@dataclass
class Hand:
    """One courier at work, step by step. `now` only moves when a test moves it."""

    ledger: Ledger
    courier: str = ""
    now: int = field(default_factory=clock.now_us)

    def __post_init__(self) -> None:
        self.courier = self.courier or enlist(self.ledger)

    def claim(self, lane: int = Lane.INSTANT) -> Lease:
        (lease,) = self.ledger.claim(self.courier, lane, self.now, 1)
        return lease

    def load(self, delivery: int) -> Standing:
        """How a delivery stands, under whatever lease."""
        batch = Batch.objects.get(dispatch=row(delivery).dispatch_id, first_id__lte=delivery, last_id__gte=delivery)
        lease = Lease(batch.pk, 0, batch.dispatch_id, batch.lane, batch.first_id, batch.last_id, 0)
        return self.ledger.standings(lease, [delivery])[0]

    def intent(self, lease: Lease, delivery: int, relay: str = "relay:25") -> Intent:
        """The next attempt at a delivery."""
        return Intent(delivery, lease.batch, lease.token, self.load(delivery).attempts + 1, relay, self.now)

    def result(self, this: Intent, evidence: Evidence = Evidence.TAKEN, reply: str = "words") -> Result:
        """What came back of an attempt, now."""
        return Result(
            this.delivery,
            this.batch,
            this.token,
            this.number,
            this.relay,
            this.started_us,
            max(self.now, this.started_us),
            evidence,
            reply,
        )

    def settle(self, lease: Lease, delivery: int, evidence: Evidence = Evidence.TAKEN, reply: str = "words") -> Result:
        """Try a delivery once, with that end."""
        result = self.result(self.intent(lease, delivery), evidence, reply)
        self.ledger.settle_many([result])
        return result

    def reading(self, replies: Sequence[Result] = (), still_open: Sequence[Intent] = ()) -> Reading:
        """A journal of this courier."""
        return Reading(self.courier, "this boot", tuple(replies), tuple(still_open), whole=True)


def row(delivery: int) -> Delivery:
    return Delivery.objects.get(pk=delivery)
