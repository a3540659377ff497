"""The ledger's thread."""

import asyncio
import os

from tocsin.courier.ledger.ledger import Ledger
from tocsin.courier.ledger.retry import RetryPlan
from tocsin.courier.sending.clerk import Clerk


def test_it_works_in_the_background_and_the_event_loop_does_not(committed: str):
    """Linux's scheduling classes are of threads."""

    def of_this_thread(_: Ledger) -> int:
        return os.sched_getscheduler(0)

    async def ask() -> tuple[int, int]:
        clerk = Clerk(committed, RetryPlan())
        try:
            return await clerk.do(of_this_thread), os.sched_getscheduler(0)
        finally:
            clerk.close()

    before = os.sched_getscheduler(0)
    assert asyncio.run(ask()) == (os.SCHED_BATCH, before)
