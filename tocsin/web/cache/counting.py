"""Writes down what the tally counted: every few seconds and when the server stops, in a thread of its own.

A process that is killed loses what it counted since the last time, some seconds' worth of views; nothing else.
"""

import logging
import threading
from typing import Final

from django.db import connection

from tocsin.content import readership
from tocsin.web.cache.tally import Tally

log = logging.getLogger(__name__)

WRITE_SECONDS: Final = 15.0
LEAVE_SECONDS: Final = 3.0


class Counting:
    """A thread that keeps the database in step with a tally."""

    def __init__(self, tally: Tally, seconds: float = WRITE_SECONDS) -> None:
        self._tally = tally
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tocsin-counting", daemon=True)
        self._away = False

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write once more and stop; returns when it has, or after three seconds."""
        self._stop.set()
        self._thread.join(LEAVE_SECONDS)

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            self._write()
        self._write()
        connection.close()

    def _write(self) -> None:
        """Write what is new. While the database is away it is counted on."""
        try:
            self._tally.write(readership.add)
            self._away = False
        except Exception as error:  # noqa: BLE001 - whatever it is, counting goes on
            if not self._away:
                log.warning("Views cannot be written down (%s); they are counted on.", error)
            self._away = True
            connection.close()
