"""What one piece of evidence makes of one delivery. Pure: rows in, rows out; the table is in `states.py`.

An attempt that was the first and was accepted has no row of its own: the delivery's row is its record. Nor has one
whose row was only put aside, for nothing left of it. A delivery whose `attempts` is 0 has none.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from tocsin.courier.ledger.results import Drop, Result
from tocsin.courier.ledger.retry import RetryPlan
from tocsin.courier.states import CLAIMABLE, Evidence, ImpossibleMove, State, after

DUPLICATE = "duplicate"
TRIES_WHILE_UNSURE = 2
TOLD = frozenset({State.ACCEPTED, State.BOUNCED, State.COMPLAINED})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One row of `courier_attempt`. `outcome` is what was observed, or DUPLICATE. `relay` is empty if nobody knows."""

    number: int
    relay: str
    started_us: int
    finished_us: int
    outcome: str
    reply: str


@dataclass(slots=True)
class Account:
    """One delivery with its attempts, as the ledger has it and as evidence changes it.

    `erased`: its reader was, so no words are kept. `moved`: its row was changed. `written`: the numbers of attempts that
    were changed.
    """

    delivery: int
    state: State
    due_us: int | None
    doubts: int
    attempts: int
    at_us: int
    reply: str
    hold_unsure: bool
    give_up_us: int
    cancelled: bool
    cancel_reason: str
    erased: bool
    tries: dict[int, Attempt] = field(default_factory=dict)
    moved: bool = False
    written: set[int] = field(default_factory=set)


class Settling:
    """Applies evidence to accounts. `leased_us` is the lease's, None when it is not ours any more."""

    def __init__(self, plan: RetryPlan, chance: Random) -> None:
        self._plan = plan
        self._chance = chance

    def settle(self, account: Account, result: Result, leased_us: int | None) -> None:
        """Record what came back of an attempt, and move the delivery by it. The same result again changes nothing.

        A 250 always counts. Other outcomes count only under a lease that is still ours: whoever took it over knows
        more by now, and the outcome is kept with the attempt.
        """
        if result.evidence is Evidence.RETURNED or _known(account, result):
            return
        if result.evidence is Evidence.LOST and leased_us is not None and account.state not in CLAIMABLE:
            return  # nobody else had it: what came back was settled, and only its record is missing
        twice = result.evidence is Evidence.TAKEN and account.state in TOLD
        first = result.number == 1 and not account.attempts and not account.tries
        plain = first and result.evidence is Evidence.TAKEN
        if not plain:
            _record(account, result, DUPLICATE if twice else result.evidence.value)
        _count(account, result.number)
        counts = result.evidence is Evidence.TAKEN or leased_us is not None
        new = moved(account.state, result.evidence) if counts and not twice else None
        if new is not None:
            self._move(account, new, result.reply, result.finished_us, leased_us or 0)

    def doubt(self, account: Account, result: Result, leased_us: int | None) -> None:
        """Make unsure a delivery that may have been tried once more, nobody knows."""
        if leased_us is not None and account.state in CLAIMABLE:
            self.settle(account, result._replace(number=account.attempts + 1), leased_us)

    def note(self, account: Account, result: Result) -> None:
        """Record what came back of an attempt without moving the delivery: what it means is to be decided."""
        if not _known(account, result):
            _record(account, result, result.evidence.value)
            _count(account, result.number)

    def decide(self, account: Account, result: Result, leased_us: int | None) -> None:
        """Move a delivery by what was noted of its attempt."""
        new = moved(account.state, result.evidence) if leased_us is not None else None
        if new is not None:
            _count(account, result.number)
            self._move(account, new, result.reply, result.finished_us, leased_us or 0)

    def put_aside(self, account: Account, result: Result, leased_us: int | None) -> None:
        """Leave a delivery what it is, for a while: what it met was not its own fault."""
        if leased_us is not None and account.state in CLAIMABLE and account.due_us is not None:
            _count(account, result.number)
            wait = self._plan.after_trouble(result.number, self._chance)
            account.due_us = max(result.finished_us, leased_us) + wait
            account.reply = result.reply
            account.moved = True

    def drop(self, account: Account, drop: Drop, now: int, leased_us: int | None) -> None:
        """Settle a delivery that is not to be sent: withdrawn, expired or unsendable."""
        if leased_us is None or account.state not in CLAIMABLE:
            return
        with suppress(ImpossibleMove):  # otherwise it may have been taken once: it waits for a person
            account.state = after(account.state, drop.evidence)
        account.due_us, account.at_us, account.reply, account.moved = None, now, drop.reason, True

    def _move(self, account: Account, new: State, reply: str, at_us: int, leased_us: int) -> None:
        account.doubts += new is State.UNSURE
        # Due only after the lease began, whatever the clock did since: otherwise it would still count as being sent.
        account.due_us = self._next_due(account, new, max(at_us, leased_us))
        account.state, account.at_us, account.reply, account.moved = new, at_us, reply, True
        if account.cancelled and new in CLAIMABLE:  # the telling was cancelled while this was on the wire
            account.state, account.due_us = after(new, Evidence.WITHDRAWN), None
            account.reply = account.cancel_reason

    def _next_due(self, account: Account, new: State, now: int) -> int | None:
        if new is State.DEFERRED:
            wait = self._plan.after_put_off(account.attempts, self._chance)
            return min(now + wait, max(now, account.give_up_us))
        if new is State.UNSURE and account.doubts < TRIES_WHILE_UNSURE and not account.hold_unsure:
            return now + self._plan.resend
        return None


def moved(stored: State, evidence: Evidence) -> State | None:
    """Where what came back from the wire leads; None when it leaves the delivery what it is."""
    if evidence is Evidence.RETURNED:
        return None
    on_the_wire = after(stored, Evidence.CLAIMED) if stored in CLAIMABLE else stored
    try:
        return after(on_the_wire, evidence)
    except ImpossibleMove:
        return None


def _known(account: Account, result: Result) -> bool:
    """Whether this was recorded before. What was given up as lost is not known yet: later evidence is better."""
    taken = result.evidence is Evidence.TAKEN
    for attempt in account.tries.values():
        if attempt.started_us == result.started_us:
            return attempt.outcome != Evidence.LOST or result.evidence is Evidence.LOST
    if taken and account.state is State.ACCEPTED and account.at_us == result.finished_us:
        return True
    # What bounced was taken first. That 250 is not written anywhere any more when it was the first attempt's.
    return taken and account.state in TOLD - {State.ACCEPTED} and result.number == 1 and 1 not in account.tries


def _record(account: Account, result: Result, outcome: str) -> None:
    number = _number(account, result)
    account.tries[number] = Attempt(number, result.relay, result.started_us, result.finished_us, outcome, result.reply)
    account.written.add(number)
    _count(account, number)


def _number(account: Account, result: Result) -> int:
    """The attempt's own number, unless somebody else's attempt has it: a courier that was stopped in between."""
    for attempt in account.tries.values():
        if attempt.started_us == result.started_us:
            return attempt.number
    there = account.tries.get(result.number)
    first_was_taken = result.number == 1 and there is None and account.attempts > 0 and account.state in TOLD
    if there is None and not first_was_taken:
        return result.number
    if there is not None and there.outcome == Evidence.LOST and not (there.relay and result.evidence is Evidence.LOST):
        return result.number  # given up without its courier's word; this is it
    return max(account.attempts, *account.tries, result.number) + 1


def _count(account: Account, number: int) -> None:
    if number > account.attempts:
        account.attempts, account.moved = number, True
