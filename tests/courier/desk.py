"""A ledger over a database where commits are real, and couriers that are only rows."""

import uuid
from dataclasses import dataclass, field

from tocsin.courier.ledger.database import open_database
from tocsin.courier.ledger.ledger import Lease, Ledger, Try
from tocsin.courier.ledger.standing import Standing
from tocsin.courier.models import Delivery, Lane
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
        return self.ledger.load(delivery)

    def attempt(self, lease: Lease, delivery: int, relay: str = "relay:25") -> Try:
        number = self.load(delivery).attempts + 1
        return Try(delivery, lease, number, self.courier, relay, self.now)

    def begin(self, lease: Lease, delivery: int) -> Try:
        this = self.attempt(lease, delivery)
        assert self.ledger.begin(this)
        return this

    def settle(self, lease: Lease, delivery: int, evidence: object, reply: str = "words") -> Try:
        this = self.attempt(lease, delivery)
        self.ledger.settle(this, evidence, reply, self.now)  # type: ignore[arg-type]
        return this


def row(delivery: int) -> Delivery:
    return Delivery.objects.get(pk=delivery)
