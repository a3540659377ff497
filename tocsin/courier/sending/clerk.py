"""The one thread that works on the ledger, so that a writer elsewhere never stalls the event loop.

Operations run one after the other in the order they were asked for. A connection that met trouble is closed, and the
next operation opens a fresh one.
"""

import asyncio
import logging
import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Concatenate, ParamSpec, TypeVar

from tocsin.courier.ledger.database import open_database, trouble
from tocsin.courier.ledger.epoch import Epoch
from tocsin.courier.ledger.ledger import Ledger
from tocsin.courier.ledger.retry import RetryPlan

RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Operation = Callable[Concatenate[Ledger, Arguments], Result]

logger = logging.getLogger(__name__)


def _give_way() -> None:
    """Linux: this thread works in the background, and being woken interrupts neither the event loop nor the relay beside it."""
    if hasattr(os, "SCHED_BATCH"):
        with suppress(OSError):  # a container may forbid it
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


class LedgerAway(Exception):  # noqa: N818
    """The database is away, locked for long, or not migrated yet. What was asked may or may not have been committed."""


class Clerk:
    """Runs ledger operations in its thread. `epoch`: what is known of the database, over all connections to it."""

    def __init__(self, url: str, plan: RetryPlan, epoch: Epoch | None = None) -> None:
        self._url = url
        self._epoch = epoch
        self._trouble = trouble(url)
        self._plan = plan
        self._thread = ThreadPoolExecutor(1, "ledger", _give_way)
        self._ledger: Ledger | None = None
        self._told = ""

    async def do(
        self, operation: Operation[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Run a ledger operation. Raises LedgerAway."""

        def run() -> Result:
            return self._run(operation, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._thread, run)

    async def insist(
        self, operation: Operation[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Run a ledger operation until it succeeds. For operations that may be repeated: evidence must not be lost."""
        tries = 0
        while True:
            try:
                return await self.do(operation, *args, **kwargs)
            except LedgerAway as error:
                self._tell(str(error))
                wait = RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)]
                await asyncio.sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311
                tries += 1

    def _tell(self, words: str) -> None:
        """Once per kind of trouble, not once per try."""
        if words != self._told:
            logger.warning("the ledger cannot be used, trying again: %s", words)
            self._told = words

    def _run(
        self, operation: Operation[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        try:
            if self._ledger is None:
                self._ledger = Ledger(open_database(self._url), self._plan, self._epoch)
            result = operation(self._ledger, *args, **kwargs)
        except self._trouble as error:
            self._forget()
            raise LedgerAway(" ".join(str(error).split())) from error
        self._told = ""
        return result

    def _forget(self) -> None:
        ledger, self._ledger = self._ledger, None
        if ledger:
            ledger.close()

    def close(self) -> None:
        """Close the connection and end the thread. Waits for nothing that is stuck."""
        self._thread.submit(self._forget)
        self._thread.shutdown(wait=False, cancel_futures=False)
