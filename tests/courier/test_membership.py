"""Being a courier: knowing whether the leases are certainly ours, and what a journal of somebody else's is good for."""

import asyncio

from tests.courier.people import make_readers, tell_everyone
from tocsin.courier.ledger.journal import Journal
from tocsin.courier.ledger.results import Intent, Result
from tocsin.courier.ledger.retry import RetryPlan
from tocsin.courier.models import Courier, Delivery
from tocsin.courier.sending import membership as leases
from tocsin.courier.sending.clerk import Clerk
from tocsin.courier.sending.membership import Membership, boot_id
from tocsin.courier.sending.timing import Timing
from tocsin.courier.states import Evidence
from tocsin.lib import clock


def test_a_courier_that_did_not_beat_for_long_is_not_sure_of_its_leases(committed, tmp_path, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(leases.clock, "boottime", lambda: now)

    async def run() -> None:
        nonlocal now
        clerk = Clerk(committed, RetryPlan())
        membership = Membership(clerk, tmp_path, Timing(lease=30, margin=10))
        assert not membership.is_sure()
        journal = await membership.enlist()
        now += 19
        assert membership.is_sure()
        now += 2
        assert not membership.is_sure()
        assert await membership.beat()
        assert membership.is_sure()
        journal.close()
        await membership.leave()
        assert not await membership.beat()
        assert not membership.is_sure()
        assert not list(tmp_path.iterdir())
        clerk.close()

    asyncio.run(run())


def journal_of_the_dead(folder, courier: str) -> None:
    """It says that delivery 1 was taken."""
    journal = Journal.create(folder, courier, boot_id())
    journal.intend([Intent(1, 1, 1, 1, "relay:25", 1)])
    journal.came_back(Result(1, 1, 1, 1, "relay:25", 1, 2, Evidence.TAKEN, "250 ok"))
    journal.close()


def bury(url, folder) -> None:
    async def run() -> None:
        clerk = Clerk(url, RetryPlan())
        membership = Membership(clerk, folder, Timing())
        await membership.enlist()
        await membership.bury_the_dead()
        clerk.close()

    asyncio.run(run())


def test_a_journal_found_late_still_counts(committed, tmp_path):
    make_readers(1)
    tell_everyone()
    Courier.objects.create(id="ab" * 16, host="here", boot=boot_id(), pid=1, started_us=1, gone_us=clock.now_us())
    journal_of_the_dead(tmp_path, "ab" * 16)
    bury(committed, tmp_path)
    assert Delivery.objects.get().state == "accepted"
    assert not list(tmp_path.glob("abab*"))


def test_a_journal_of_another_database_is_left_alone(committed, tmp_path):
    make_readers(1)
    tell_everyone()
    journal_of_the_dead(tmp_path, "cd" * 16)
    bury(committed, tmp_path)
    assert Delivery.objects.get().state == "planned"
    assert list(tmp_path.glob("cdcd*"))
