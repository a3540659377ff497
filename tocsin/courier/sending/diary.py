"""This courier's journal at work: nothing leaves before its intent is in it, and what came back goes in with the next.

What came back is held until the next intent, or until a session has nothing more to do: so a flight costs one write,
and a courier that dies leaves no more unsure than one flight for each connection.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

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
        self._heard: list[Result] = []
        self._trouble = ""

    def open(self, journal: Journal) -> None:
        """Begin a journal."""
        self._journal = journal

    def close(self) -> None:
        """Unlock the journal. Whoever finds it settles what it holds."""
        if self._journal:
            self.flush()
            self._journal.close()
            self._journal = None
        self._heard = []

    def begin(self, intents: Sequence[Intent]) -> bool:
        """Write down what is about to leave. False: it must not."""
        return self._write(intents)

    def heard(self, result: Result) -> None:
        """Something that was about to leave came back. It is written down with the next intent, or by `flush`."""
        self._heard.append(result)

    def settled(self, deliveries: Sequence[int]) -> None:
        """The ledger knows about these; the journal need not any more."""
        if self._journal:
            self._journal.settled(deliveries)

    def flush(self) -> None:
        """Write down what came back."""
        if self._heard:
            self._write(())

    def _write(self, intents: Sequence[Intent]) -> bool:
        if self._journal is None:
            return False
        try:
            self._journal.turn(self._heard, intents)
        except OSError as error:
            self.fail(error)
            return False
        self._heard.clear()
        if self._trouble:
            self._trouble = ""
            self._notices.post(DISK, "")
            logger.warning("the state directory can be written again")
        return True

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
