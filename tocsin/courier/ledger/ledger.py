"""The only module that moves a delivery's state, by the table in `states.py`, in named SQL on either database.

Each operation is one transaction, or a part of the caller's. Killed between any two of them, the ledger tells the
truth: an attempt is open exactly while bytes that can complete its message may be on the wire.
"""

from contextlib import suppress
from dataclasses import dataclass
from types import EllipsisType
from typing import Any

from tocsin.courier.ledger.couriers import DIED
from tocsin.courier.ledger.database import Row
from tocsin.courier.ledger.joining import Joining
from tocsin.courier.ledger.journal import Reading
from tocsin.courier.ledger.leases import Lease, lease_of
from tocsin.courier.ledger.part import cut
from tocsin.courier.ledger.reserving import Reserving
from tocsin.courier.ledger.results import Drop, Result
from tocsin.courier.ledger.settling import DUPLICATE, TRIES_WHILE_UNSURE, moved
from tocsin.courier.ledger.standing import Standing
from tocsin.courier.ledger.statements import Dialect
from tocsin.courier.states import CLAIMABLE, Evidence, ImpossibleMove, State, after

__all__ = ["DUPLICATE", "Drop", "Lease", "Ledger", "Result", "Standing", "Try"]

POWER_LOST = "The machine stopped while this message was waiting to be sent; whether it was sent is not known."


@dataclass(frozen=True)
class Try:
    """One attempt at one delivery, under a lease, through a relay."""

    delivery: int
    lease: Lease
    number: int
    courier: str
    relay: str
    started_us: int


class Ledger(Joining, Reserving):
    """The ledger's operations over one connection."""

    # One delivery

    def load(self, delivery: int) -> Standing:
        """How a delivery stands right before its message."""
        return Standing.from_row(self._database.table("load", delivery=delivery)[0])

    def begin(self, this: Try) -> bool:
        """Commit that bytes which can complete this message are about to leave. False: they must not leave."""
        run = self._database
        with run.transaction():
            if not self._holds(this.lease) or self._claimable(this.delivery) is None:
                return False
            values = _attempt(this)
            return run.change("open_attempt", now=values.pop("started"), **values) == 1

    def settle(self, this: Try, evidence: Evidence, reply: str, now: int) -> State:
        """Record what came back of a try, and move the delivery by it. The state it is in then. May be repeated.

        A 250 always counts. Other outcomes count only under a lease that is still ours: whoever took it over knows
        more by now, and the outcome is kept with the attempt.
        """
        with self._database.transaction():
            held = self._holds(this.lease)
            row = self._standing(this.delivery)
            stored = State(row["state"])
            twice = evidence is Evidence.TAKEN and stored in {State.ACCEPTED, State.BOUNCED, State.COMPLAINED}
            new = moved(stored, evidence) if held or evidence is Evidence.TAKEN else None
            if not self._close(this, DUPLICATE if twice else evidence.value, reply, now) or new is None:
                return stored
            self._move(this, row, new, reply, now)
        return new

    def note(self, this: Try, evidence: Evidence, reply: str, now: int) -> None:
        """Record what came back of a try without moving the delivery: what it means is to be decided."""
        with self._database.transaction():
            self._close(this, evidence.value, reply, now)

    def decide(self, this: Try, evidence: Evidence, reply: str, now: int) -> State:
        """Move a delivery by what was noted of its try. The state it is in then."""
        with self._database.transaction():
            held = self._holds(this.lease)
            row = self._standing(this.delivery)
            new = moved(State(row["state"]), evidence) if held else None
            if new is None:
                return State(row["state"])
            self._move(this, row, new, reply, now)
        return new

    def put_aside(self, this: Try, reply: str, now: int) -> None:
        """Leave a delivery what it is, for a while: what it met was not its own fault."""
        run = self._database
        with run.transaction():
            if self._holds(this.lease) and self._claimable(this.delivery) is not None:
                wait = self._plan.after_trouble(this.number, self._chance)
                due = max(now, this.lease.leased_us) + wait
                run.change("put_aside", delivery=this.delivery, due=due, attempts=this.number, reply=cut(reply))

    def drop(self, lease: Lease, delivery: int, evidence: Evidence, reason: str, now: int) -> State:
        """Settle a delivery that is not to be sent: withdrawn, expired or unsendable. The state it is in then."""
        with self._database.transaction():
            held = self._holds(lease)
            row = self._standing(delivery)
            stored = State(row["state"])
            if not held or stored not in CLAIMABLE:
                return stored
            try:
                new = after(stored, evidence)
            except ImpossibleMove:
                new = stored  # it may have been taken once: it waits for a person
            self._write(delivery, row, new, None, reason, now)
        return new

    # Couriers

    def bury(
        self,
        courier: str,
        now: int,
        *,
        beat: int | None = None,
        reading: "Reading | EllipsisType | None" = ...,
        same_boot: bool = True,
    ) -> bool:
        """As in `Couriers`; without a word about a journal, the open attempts in the ledger tell what was on the wire."""
        if not isinstance(reading, EllipsisType):
            return super().bury(courier, now, beat=beat, reading=reading, same_boot=same_boot)
        run = self._database
        exact = same_boot or run.dialect is Dialect.POSTGRESQL
        with run.transaction(durable=True):
            if run.change("bury", courier=courier, beat=beat, now=now) != 1:
                return False
            for row in run.rows("leases_of", courier=courier):
                lease = lease_of(row)
                self._doubt_open(lease, now, exact=exact)
                self.release([lease])
        return True

    # Around

    def rang(self) -> bool:
        """Whether there may be something new to claim."""
        return self._database.rang()

    def close(self) -> None:
        """Close the connection."""
        with suppress(Exception):  # it may be broken already
            self._database.close()

    def relay_seen(self, name: str, trouble: str, now: int) -> None:
        """Keep what was last seen of a relay; empty `trouble` while it works."""
        self._database.change("relay_seen", name=name, trouble=cut(trouble), now=now)

    def relays_are(self, names: set[str]) -> None:
        """Forget the relays that are not configured any more."""
        for row in self._database.rows("relays"):
            if row["name"] not in names:
                self._database.change("relay_gone", name=row["name"])

    # Parts

    def _holds(self, lease: Lease) -> bool:
        return bool(self._database.rows("held", batch=lease.batch, token=lease.token))

    def _standing(self, delivery: int) -> Row:
        return self._database.rows("standing", delivery=delivery)[0]

    def _claimable(self, delivery: int) -> Row | None:
        row = self._standing(delivery)
        return row if State(row["state"]) in CLAIMABLE and row["due_us"] is not None else None

    def _close(self, this: Try, outcome: str, reply: str, now: int) -> bool:
        values = _attempt(this)
        return self._database.change("close_attempt", outcome=outcome, reply=cut(reply), now=now, **values) == 1

    def _doubt_open(self, lease: Lease, now: int, *, exact: bool) -> None:
        """Make unsure what a dead courier had, or may have had, on the wire."""
        run = self._database
        wire = run.rows("on_the_wire", first=lease.first, last=lease.last, dispatch=lease.dispatch)
        numbers: dict[int, int] = {row["id"]: row["number"] for row in wire}
        for delivery in numbers if exact else sorted({*numbers, *self.due(lease)}):
            row = self._standing(delivery)
            number = numbers.get(delivery, int(row["attempts"]))
            new = moved(State(row["state"]), Evidence.LOST)
            reply = DIED if delivery in numbers else POWER_LOST
            run.change("give_up_attempt", delivery=delivery, now=now, outcome=Evidence.LOST.value, reply=reply)
            if new is not None:
                self._move(Try(delivery, lease, number, "", "", now), row, new, reply, now)

    def _move(self, this: Try, row: Row, new: State, reply: str, now: int) -> None:
        attempts = max(this.number, row["attempts"])
        doubts = row["doubts"] + (new is State.UNSURE)
        # Due only after the lease began, whatever the clock did since: otherwise it would still count as being sent.
        due = self._next_due(new, row, attempts, doubts, max(now, this.lease.leased_us))
        self._write(this.delivery, {**row, "attempts": attempts, "doubts": doubts}, new, due, reply, now)

    def _next_due(self, state: State, row: Row, attempts: int, doubts: int, now: int) -> int | None:
        if state is State.DEFERRED:
            give_up: int = row["give_up_us"]
            return min(now + self._plan.after_put_off(attempts, self._chance), max(now, give_up))
        if state is State.UNSURE and doubts < TRIES_WHILE_UNSURE and not row["hold_unsure"]:
            return now + self._plan.resend
        return None

    def _write(self, delivery: int, row: Row, new: State, due: int | None, reply: str, now: int) -> None:
        self._database.change(
            "move",
            delivery=delivery,
            state=new.value,
            due=due,
            doubts=row["doubts"],
            attempts=row["attempts"],
            now=now,
            reply=cut(reply),
        )


def _attempt(this: Try) -> dict[str, Any]:
    return {
        "delivery": this.delivery,
        "number": this.number,
        "relay": this.relay,
        "started": this.started_us,
    }
