"""Leasing batches, and how the deliveries under a lease stand."""

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from tocsin.courier.ledger.database import Row
from tocsin.courier.ledger.part import Part, packed
from tocsin.courier.ledger.standing import Standing
from tocsin.courier.message import Message
from tocsin.courier.states import State

FIRST_GUESS = 200
"""How many rows a batch is thought to have before one was seen; `actions` cuts them so."""


@dataclass(frozen=True)
class Lease:
    """A batch that is ours while nobody replaced its token."""

    batch: int
    token: int
    dispatch: int
    lane: int
    first: int
    last: int
    leased_us: int

    @property
    def rows(self) -> int:
        """How many deliveries it has at most."""
        return self.last - self.first + 1


class Leases(Part):
    """The sending queue."""

    def claim(self, courier: str, lane: int, now: int, rows: int) -> list[Lease]:
        """Lease the batches of `lane` that are due first, together about `rows` deliveries and at least one batch.

        None when nothing is due, or when this courier was given up.
        """
        with self._database.transaction(durable=True):
            return self._claim_all(courier, lane, now, rows)

    def waiting_lanes(self, lanes: Collection[int], now: int) -> set[int]:
        """Those of some lanes in which something is due and free: a quick look before claims, which write."""
        return {int(row[0]) for row in self._database.table("waiting_lanes", rows=packed(sorted(lanes)), now=now)}

    def _claim_all(self, courier: str, lane: int, now: int, rows: int) -> list[Lease]:
        leases: list[Lease] = []
        if self._database.rows("enlisted", courier=courier):
            while found := self._claim(courier, lane, now, _batches(leases, rows)):
                leases += found
        return leases

    def _claim(self, courier: str, lane: int, now: int, number: int) -> list[Lease]:
        if number <= 0:  # a later batch may be larger than those before
            return []
        token = random.SystemRandom().getrandbits(61)  # plus its id: each batch has a token of its own
        claimed = self._database.rows("claim", courier=courier, lane=lane, now=now, number=number, token=token)
        return sorted((lease_of(row) for row in claimed), key=lambda lease: lease.batch)

    def due(self, lease: Lease) -> list[int]:
        """The deliveries of a lease that may be worked on, in order."""
        return self.due_of([lease])[0]

    def due_of(self, leases: Sequence[Lease]) -> list[list[int]]:
        """The same of several leases."""
        rows = packed((lease.token, lease.first, lease.last, lease.dispatch, lease.leased_us) for lease in leases)
        found: dict[int, list[int]] = {lease.token: [] for lease in leases}
        for token, _, delivery in sorted(self._database.table("due", rows=rows), key=tuple):
            found[token].append(delivery)
        return list(found.values())

    def standings(self, lease: Lease, ids: Sequence[int]) -> list[Standing]:
        """How deliveries of a lease stand right before their messages, all at one instant; in no order."""
        return list(map(Standing._make, self._database.table("standings", dispatch=lease.dispatch, rows=packed(ids))))

    def edition(self, edition: int) -> Message:
        """The message of an edition."""
        return Message.from_json(self._database.rows("edition", edition=edition)[0]["message"])

    def stopped(self, dispatches: Collection[int]) -> set[int]:
        """Those of some dispatches that were cancelled or paused."""
        return {row[0] for row in self._database.table("stopped", rows=packed(dispatches))}

    def release(self, leases: Iterable[Lease]) -> int:
        """Give leases back; a batch is due again when its next row is. How many were still ours."""
        rows = packed(sorted((lease.batch, lease.token) for lease in leases))
        with self._database.transaction():
            self._database.rows("lock_leases", rows=rows)
            return self._give_back(rows)

    def _give_back(self, rows: str) -> int:
        """Leases whose batches are locked since an earlier statement. A resumption that ended while we waited for the
        lock would not be seen by the statement that waited, and its batch would never be due again.
        """
        given_back = self._database.rows("release", rows=rows)
        # Nobody may claim it for long (every relay is down), and a person who cancels looks at what is left.
        for batch in sorted(row["id"] for row in given_back if row["due_us"] is not None and row["cancelled_us"]):
            self._database.change("withdraw_given_back", batch=batch, to_state=State.SUPPRESSED.value)
            self._database.change("take_off", batch=batch)
        return len(given_back)

    def release_strays(self, courier: str, held: set[int]) -> int:
        """Give back what is leased to this courier without its knowing: the answer to a claim was lost on the way.

        `held`: the tokens of those it knows of.
        """
        with self._database.transaction():
            leases = [lease_of(row) for row in self._database.rows("leases_of", courier=courier)]
            return self._give_back(packed((lease.batch, lease.token) for lease in leases if lease.token not in held))


def _batches(leases: list[Lease], rows: int) -> int:
    """How many more batches to ask for, by the size of those that came."""
    have = sum(lease.rows for lease in leases)
    size = have / len(leases) if leases else FIRST_GUESS
    if not leases:
        return max(1, int(rows / size))
    return int((rows - have) / size)


def lease_of(row: Row) -> Lease:
    """A lease from a row of `courier_batch`."""
    return Lease(
        batch=row["id"],
        token=row["token"],
        dispatch=row["dispatch_id"],
        lane=row["lane"],
        first=row["first_id"],
        last=row["last_id"],
        leased_us=row["leased_us"],
    )
