"""Whether one relay works, as its connections and its answers show; and telling the log and the newsroom when that changes."""

import logging
import time
from collections.abc import Callable

from tocsin.courier.sending.circuit import Circuit, Phase
from tocsin.courier.sending.judge import nameless
from tocsin.courier.sending.notices import Notices

CLOSED = Phase.CLOSED

logger = logging.getLogger(__name__)


class Health:
    """Steers the circuit of one relay. `changed` is called when the relay works again, and at every trouble.

    `suspicious` tells whether the relay is known for what it does to messages.
    """

    def __init__(self, name: str, circuit: Circuit, notices: Notices, changed: Callable[[bool], None]) -> None:
        self.circuit = circuit
        self.suspicious: Callable[[], bool] = lambda: False
        self._name = name
        self._notices = notices
        self._changed = changed
        self._balks = False  # it lets us in, but the last message it was offered ended the session

    @property
    def good(self) -> bool:
        """Whether nothing at all is wrong with it."""
        return self.circuit.phase is CLOSED and not self._balks

    def let_in(self) -> None:
        """A session was opened. That does not show what the relay does to messages."""
        if not self._balks:
            self.shows_life()

    def shows_life(self) -> None:
        """It works, unless it is known for what it does to messages: that is not seen from its greeting."""
        self._balks = False
        if not self.suspicious() and self.circuit.work():
            logger.info("relay %s works", self._name)
            self._notices.post(self._name, "")
            self._changed(True)

    def balks(self, words: str) -> None:
        """A message ended the session before anything else had been answered on it."""
        self._balks = True
        self.fail(words)

    def fail(self, words: str, longest: float | None = None) -> None:
        """The relay is in trouble. `longest`: seconds to leave it alone at most."""
        news = self.circuit.trouble != words
        self.circuit.fail(words, time.monotonic(), longest)
        if news:
            logger.warning("relay %s is in trouble; what is planned for it waits: %s", self._name, nameless(words))
            self._notices.post(self._name, words)
        self._changed(False)
