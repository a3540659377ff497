"""How long a relay may take, and the one timer that each session has for it."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """How long each answer may take, in seconds.

    RFC 5321 section 4.5.3.2 asks for 5 minutes at the greeting. That is for mail exchangers that may be fetching a
    queue from disk; a relay that is silent for a minute has trouble, and an alert should hear of it (anti-spam delays
    at the greeting are below 30 s). From MAIL on the RFC's own limits stand: relays do look-ups there, and giving up
    early after the dot is what makes people get a mail twice.
    """

    connect: float = 30
    greeting: float = 60
    hello: float = 60
    tls: float = 30
    auth: float = 60
    mail: float = 300
    rcpt: float = 300
    data: float = 120
    block: float = 180
    body: float = 600
    reset: float = 30
    quit: float = 2


class Watch:
    """Calls `give_up` when a wait was too long. Setting a new limit costs no timer while the old one comes first."""

    def __init__(self, loop: asyncio.AbstractEventLoop, give_up: Callable[[], None]) -> None:
        self.seconds = math.inf
        self._loop = loop
        self._give_up = give_up
        self._deadline = math.inf
        self._rings = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def wait(self, seconds: float) -> None:
        """A wait begins that may take `seconds`; infinity: nothing is waited for."""
        self.seconds = seconds
        self._deadline = self._loop.time() + seconds
        if self._deadline < self._rings:
            self._set()

    def stop(self) -> None:
        """Nothing is waited for any more, and nothing ever will be."""
        if self._timer:
            self._timer.cancel()
        self._timer = None

    def _set(self) -> None:
        self.stop()
        self._rings = self._deadline
        self._timer = self._loop.call_at(self._rings, self._ring)

    def _ring(self) -> None:
        self._timer, self._rings = None, math.inf
        if self._loop.time() >= self._deadline:
            self._give_up()
        elif self._deadline < math.inf:
            self._set()
