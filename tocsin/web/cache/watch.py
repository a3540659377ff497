"""Notices what others changed: processes of other hosts at once by NOTIFY (PostgreSQL), and within a second whatever
else went by unnoticed, such as a command that was killed between its commit and its word to us.

While the database is away, nothing can have been changed as far as anybody here can know: the generation stays.
"""

import logging
import threading
from contextlib import suppress
from typing import Final

from django.db import connection

from tocsin.web.cache import changes
from tocsin.web.cache.generation import Generation

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
LEAVE_SECONDS: Final = 2.0


class Watch:
    """A thread that keeps this host's generation in step with the database."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tocsin-watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; returns when it has, or after two seconds."""
        self._stop.set()
        self._thread.join(LEAVE_SECONDS)

    def _run(self) -> None:
        away = False
        while not self._stop.is_set():
            try:
                self._listen()
                self._look_until_stopped(was_away=away)
            except Exception as error:  # noqa: BLE001 - whatever it is, watching goes on
                if not away:
                    log.warning("The database is away (%s): what was published is still served.", error)
                away = True
                with suppress(Exception):
                    connection.close()
                self._stop.wait(LOOK_SECONDS)

    def _look_until_stopped(self, *, was_away: bool) -> None:
        self._generation.observe(changes.counted())
        if was_away:
            log.warning("The database is back.")
        while not self._stop.is_set():
            self._wait()
            self._generation.observe(changes.counted())

    def _listen(self) -> None:
        connection.ensure_connection()
        if connection.vendor == "postgresql":
            connection.connection.execute(f"LISTEN {changes.CHANNEL}")

    def _wait(self) -> None:
        """Until somebody notifies, or a second."""
        if connection.vendor == "postgresql":
            for _ in connection.connection.notifies(timeout=LOOK_SECONDS, stop_after=1):
                return
        else:
            self._stop.wait(LOOK_SECONDS)
