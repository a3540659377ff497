"""What is to be written is gathered, written in order, and never lost while the ledger is away."""

import asyncio

import pytest

from tests.courier.pieces import lease
from tocsin.courier.ledger.results import Drop, Result
from tocsin.courier.sending.outbox import ROWS, Outbox, Slip
from tocsin.courier.states import Evidence


def result(delivery: int) -> Result:
    return Result(delivery, 1, 1, 1, "relay:25", 1, 2, Evidence.TAKEN, "250 ok")


class Ledger:
    """Keeps what it was asked for: one entry for each call. `broken`: deliveries that cannot be written."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[int]]] = []
        self.broken: set[int] = set()

    def _many(self, name, items):
        ids = [getattr(item, "delivery", None) or item.token for item in items]
        if self.broken & set(ids):
            raise ValueError("a fault of ours")
        self.calls.append((name, ids))

    def __getattr__(self, name):
        return lambda items, *_: self._many(name, items)


class Clerk:
    """Lets the ledger work unless it is away."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.there = asyncio.Event()
        self.there.set()

    async def insist(self, operation, *args):
        await self.there.wait()
        return operation(self.ledger, *args)


def run(steps):
    async def all_of_it():
        clerk = Clerk()
        written: list[object] = []
        outbox = Outbox(clerk, written.extend)
        running = asyncio.create_task(outbox.run())
        try:
            async with asyncio.timeout(10):
                await steps(clerk, outbox, written)
        finally:
            running.cancel()

    asyncio.run(all_of_it())


async def emptied(outbox):
    while not outbox.empty:  # noqa: ASYNC110 - an outbox tells nobody
        await asyncio.sleep(0.001)


def test_results_are_gathered_and_leases_released_after_them():
    async def steps(clerk, outbox, written):
        outbox.release([lease(7)])
        for delivery in (1, 2, 3):
            outbox.add(Slip.SETTLE, result(delivery))
        outbox.release([lease(8)])
        assert outbox.tokens == {7, 8}
        await emptied(outbox)
        assert clerk.ledger.calls == [("settle_many", [1, 2, 3]), ("release", [7, 8])]
        assert not outbox.tokens
        assert len(written) == 5

    run(steps)


def test_what_is_decided_is_decided_after_it_was_noted():
    async def steps(clerk, outbox, written):
        outbox.add(Slip.NOTE, result(1))
        outbox.add(Slip.DECIDE, result(1))
        outbox.add(Slip.DROP, Drop(2, 1, 1, Evidence.WITHDRAWN, "left"))
        await emptied(outbox)
        assert [name for name, _ in clerk.ledger.calls] == ["note_many", "decide_many", "drop_many"]

    run(steps)


def test_many_are_written_at_once_but_not_too_many():
    async def steps(clerk, outbox, written):
        for delivery in range(1, 2501):
            outbox.add(Slip.SETTLE, result(delivery))
        await emptied(outbox)
        sizes = [len(ids) for _, ids in clerk.ledger.calls]
        assert sum(sizes) == 2500
        assert max(sizes) == ROWS

    run(steps)


def test_what_is_urgent_is_not_gathered():
    async def steps(clerk, outbox, written):
        outbox.add(Slip.SETTLE, result(1))
        outbox.hurry()
        for _ in range(10):
            await asyncio.sleep(0)
        assert outbox.empty

    run(steps)


def test_while_the_ledger_is_away_nothing_is_lost_and_it_gets_full():
    async def steps(clerk, outbox, written):
        clerk.there.clear()
        for delivery in range(1, 20_001):
            outbox.add(Slip.SETTLE, result(delivery))
        await asyncio.sleep(0.01)
        assert outbox.full
        assert not written
        clerk.there.set()
        await emptied(outbox)
        assert sorted(each for _, ids in clerk.ledger.calls for each in ids) == list(range(1, 20_001))
        assert not outbox.full

    run(steps)


@pytest.mark.parametrize("together", [True, False])
def test_one_that_cannot_be_written_keeps_no_other(caplog, monkeypatch, together):
    monkeypatch.setattr("tocsin.courier.sending.outbox.STUMBLED_SECONDS", 0.01)

    async def steps(clerk, outbox, written):
        clerk.ledger.broken = {2}
        for delivery in (1, 2, 3):
            outbox.add(Slip.SETTLE, result(delivery))
            if not together:
                await emptied(outbox)
        await emptied(outbox)
        assert sorted(each for _, ids in clerk.ledger.calls for each in ids) == [1, 3]

    run(steps)
    assert "cannot be written" in caplog.text
