"""Writing down what happened to deliveries, up to 1,000 at a time.

What nearly all of them are, accepted at the first attempt, is one statement and its own transaction. What that did not move
is loaded, settled one by one in `settling.py`, and written back in two.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from tocsin.courier.ledger.database import Database
from tocsin.courier.ledger.part import Part, cut, packed
from tocsin.courier.ledger.results import Drop, Result
from tocsin.courier.ledger.retry import RetryPlan
from tocsin.courier.ledger.settling import Account, Attempt, Settling
from tocsin.courier.states import Evidence, State

Item = TypeVar("Item", Result, Drop)
Began = dict[tuple[int, int], int]
"""When leases (batch, token) began, in microseconds."""
Apply = Callable[[Account, Item, int | None], None]


class Deliveries(Part):
    """The deliveries' states. All of it may be repeated: the same result again changes nothing."""

    def __init__(self, database: Database, plan: RetryPlan | None = None) -> None:
        super().__init__(database, plan)
        self._settling = Settling(self._plan, self._chance)

    def settle_many(self, results: Sequence[Result]) -> None:
        """Record what came back of attempts, and move the deliveries by it."""
        if rest := self._accept_firsts(results):  # by itself: leases are locked before deliveries
            with self._database.transaction():
                self._each(rest, self._settling.settle)

    def note_many(self, results: Sequence[Result]) -> None:
        """Record what came back of attempts without moving the deliveries: what it means is to be decided."""
        with self._database.transaction():
            self._each(results, lambda account, result, _: self._settling.note(account, result))

    def decide_many(self, results: Sequence[Result]) -> None:
        """Move deliveries by what was noted of their attempts; `evidence` is what that means."""
        with self._database.transaction():
            self._each(results, self._settling.decide)

    def put_aside_many(self, results: Sequence[Result]) -> None:
        """Leave deliveries what they are, for a while: what they met was not their own fault."""
        with self._database.transaction():
            self._each(results, self._settling.put_aside)

    def drop_many(self, drops: Sequence[Drop], now: int) -> None:
        """Settle deliveries that are not to be sent."""
        with self._database.transaction():
            self._each(drops, lambda account, drop, leased_us: self._settling.drop(account, drop, now, leased_us))

    def _accept_firsts(self, results: Sequence[Result]) -> Sequence[Result]:
        """Settle what was accepted at the first attempt; the results that this may not have settled."""
        taken = Evidence.TAKEN
        first = [
            (result.delivery, result.finished_us, cut(result.reply))
            for result in results
            if result.evidence is taken and result.number == 1
        ]
        alone = len({result.delivery for result in results}) == len(results)
        if not alone or not first:
            return results
        first.sort()
        if self._database.change("accept_firsts", rows=packed(first)) < len(first):
            return results
        return [result for result in results if result.evidence is not taken or result.number != 1]

    def _each(self, items: Sequence[Item], apply: Apply[Item]) -> None:
        """Apply something to each delivery of `items`, in order, and write back what changed."""
        began = self._leased(items)
        accounts = self._accounts(sorted({item.delivery for item in items}))
        for item in items:
            if account := accounts.get(item.delivery):
                apply(account, item, began.get((item.batch, item.token)))
        self._write_attempts([account for account in accounts.values() if account.written])
        self._write_deliveries([account for account in accounts.values() if account.moved])

    def _leased(self, items: Sequence[Item]) -> Began:
        """When those of the items' leases that are still held began. They stay so while this transaction lasts."""
        leases = sorted({(item.batch, item.token) for item in items})
        rows = self._database.table("held_leases", rows=packed(leases))
        return {(batch, token): leased_us for batch, token, leased_us in rows}

    def _accounts(self, deliveries: list[int]) -> dict[int, Account]:
        rows = packed(deliveries)
        accounts = {
            row[0]: Account(row[0], State(row[1]), *row[2:]) for row in self._database.table("accounts", rows=rows)
        }
        for delivery, *attempt in self._database.table("attempts", rows=rows):
            accounts[delivery].tries[attempt[0]] = Attempt(*attempt)
        return accounts

    def _write_attempts(self, accounts: list[Account]) -> None:
        rows = [
            (account.delivery, number, this.relay, this.started_us, this.finished_us, this.outcome, words)
            for account in accounts
            for number in sorted(account.written)
            for this in (account.tries[number],)
            for words in ("" if account.erased else cut(this.reply),)
        ]
        if rows:
            self._database.change("write_attempts", rows=packed(rows))

    def _write_deliveries(self, accounts: list[Account]) -> None:
        rows = [
            (this.delivery, this.state.value, this.due_us, this.doubts, this.attempts, this.at_us, words)
            for this in accounts
            for words in ("" if this.erased and this.state is not State.SUPPRESSED else cut(this.reply),)
        ]
        if rows:
            self._database.change("write_deliveries", rows=packed(rows))
