"""This courier's journal at work: nothing leaves before its intent is in it, and what came back is in it at once."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from tocsin.courier.ledger.journal import Journal
from tocsin.courier.ledger.results import Intent, Result
from tocsin.courier.sending.notices import DISK, Notices

PAUSE_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Diary:
    """`stuck`: the journal cannot be written, so nothing may be begun now. That is no relay's fault.

    `again` is called when it is time to try again.
    """

    def __init__(self, notices: Notices, again: Callable[[], None]) -> None:
        self.stuck = False
        self._notices = notices
        self._again = again
        self._journal: Journal | None = None
        self._heard: deque[Result] = deque()  # there was no room for it yet
        self._trouble = ""

    def open(self, journal: Journal) -> None:
        """Begin a journal."""
        self._journal = journal

    def close(self) -> None:
        """Unlock the journal. Whoever finds it settles what it holds."""
        if self._journal:
            with suppress(OSError):
                self._catch_up(self._journal)
            self._journal.close()
            self._journal = None
        self._heard.clear()

    def begin(self, intents: Sequence[Intent]) -> bool:
        """Write down what is about to leave. False: it must not."""
        if self._journal is None:
            return False
        try:
            if self._heard:
                self._catch_up(self._journal)
            self._journal.intend(intents)
        except OSError as error:
            self.fail(error)
            return False
        if self._trouble:
            self._recovered()
        return True

    def heard(self, result: Result) -> None:
        """Write down what came of something that was about to leave; when there is no room, as soon as there is."""
        try:
            if self._journal and not self._heard:
                self._journal.came_back(result)
                return
        except OSError as error:
            self.fail(error)
        self._heard.append(result)

    def settled(self, deliveries: Sequence[int]) -> None:
        """The ledger knows about these; the journal need not any more."""
        if self._journal:
            self._journal.settled(deliveries)

    def _catch_up(self, journal: Journal) -> None:
        while self._heard:
            journal.came_back(self._heard[0])
            self._heard.popleft()

    def _recovered(self) -> None:
        self._trouble = ""
        self._notices.post(DISK, "")
        logger.warning("the state directory can be written again")

    def fail(self, error: OSError) -> None:
        """What must be written down before anything is sent could not be."""
        words = f"The courier cannot write to its state directory, so nothing is sent: {error.strerror}."
        if self._trouble != words:
            self._trouble = words
            self._notices.post(DISK, words)
            logger.warning("%s", words)
        if not self.stuck:
            self.stuck = True
            asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._try_again)

    def _try_again(self) -> None:
        self.stuck = False
        self._again()
