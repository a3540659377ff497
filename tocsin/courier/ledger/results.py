"""What the courier asks the ledger to write down of deliveries, many at a time. Plain data.

`batch` and `token` name the lease under which it happened; `number` counts a delivery's attempts from 1. Times are
microseconds.
"""

from dataclasses import dataclass

from tocsin.courier.states import Evidence


@dataclass(frozen=True, slots=True)
class Result:
    """What came back of one attempt. `reply`: the relay's own words. An attempt is known by its number and its start."""

    delivery: int
    batch: int
    token: int
    number: int
    relay: str
    started_us: int
    finished_us: int
    evidence: Evidence
    reply: str


@dataclass(frozen=True, slots=True)
class Drop:
    """A delivery that is not to be sent, and why: withdrawn, expired or unsendable."""

    delivery: int
    batch: int
    token: int
    evidence: Evidence
    reason: str


@dataclass(frozen=True, slots=True)
class Intent:
    """An attempt of which bytes that can complete its message are about to leave."""

    delivery: int
    batch: int
    token: int
    number: int
    relay: str
    started_us: int
