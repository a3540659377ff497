"""What the courier asks the ledger to write down of deliveries, many at a time. Plain data.

`batch` and `token` name the lease under which it happened; `number` counts a delivery's attempts from 1. Times are
microseconds. One of each is made for every message, and a frozen dataclass takes three times as long to make as a tuple.
"""

from dataclasses import dataclass
from typing import NamedTuple

from tocsin.courier.states import Evidence


class Result(NamedTuple):
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


class Intent(NamedTuple):
    """An attempt of which bytes that can complete its message are about to leave."""

    delivery: int
    batch: int
    token: int
    number: int
    relay: str
    started_us: int
