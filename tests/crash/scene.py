"""The stage of a crash test: a database, a state directory, the sink, seeded chance, and courier processes.

Whatever is done to them is told (`say`), so that a failure can be replayed: CRASH_SEED=... and the test's name.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import Error, connection

from tests.courier.people import a_message, make_readers, tell_everyone
from tests.courier.running import ROOT, Running, courier, until
from tests.crash.sink import Record, Sink
from tocsin.courier.models import Delivery, Dispatch
from tocsin.courier.queries import books

SEED = int(os.environ.get("CRASH_SEED", "20261122"))
LOOK_SECONDS = 0.03
LONG_TEXT = "".join(f"Line {n} says that the bridge at the mill is open to cars again.\n" for n in range(120))


@dataclass
class Scene:
    """See the module. `connections`: of every courier; `window`: the most messages one of them may have in a flight."""

    folder: Path
    sink: Sink
    chance: random.Random
    connections: int = 3
    window: int = 1
    began: float = field(default_factory=time.monotonic)
    witness: "Witness | None" = None

    @property
    def log(self) -> Path:
        return self.folder / "courier.log"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def say(self, words: str) -> None:
        """Tell what is done; pytest shows it when the test fails."""
        print(f"{time.monotonic() - self.began:8.3f} {words}")  # noqa: T201

    def tell(self, readers: int = 0, **changes: Any) -> Dispatch:
        """Tell everyone of a new post, after so many more readers have come."""
        number = Dispatch.objects.count() + 1
        if readers:
            make_readers(readers, prefix=f"reader{number}n")
        title = f"Post {number}"
        message = a_message(subject=title, text=LONG_TEXT)
        dispatch = tell_everyone(**{"post_id": number, "title": title, "message": message, **changes})
        self.say(f"dispatch {dispatch.pk} tells {dispatch.audience}")
        return dispatch

    @contextlib.contextmanager
    def courier(self, setup: str = "", **timing: float) -> Iterator[Running]:
        """A courier process with quick clockwork; killed in the end if it still runs."""
        with courier(self.relays, self.log, setup=setup, connections=self.connections, **timing) as running:
            self.say(f"courier {running.pid} begins")
            yield running

    @contextlib.contextmanager
    def program(self, *command: str, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
        """`tocsin COMMAND` as people run it, with its real clockwork; killed in the end if it still runs."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tocsin", *command], stdout=log, stderr=log, cwd=ROOT,
                env={**os.environ, "TOCSIN_RELAYS": self.relays, **environment},
            )  # fmt: skip
        self.say(f"tocsin {' '.join(command)} is {process.pid}")
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    @property
    def relays(self) -> str:
        return f"{self.sink.url}&connections={self.connections}"

    def until_accepted(self, number: int, seconds: float = 60) -> None:
        """Wait until so many deliveries are accepted."""
        until(lambda: Delivery.objects.filter(state="accepted").count() >= number, f"{number} accepted", seconds)

    def until_taken(self, number: int, seconds: float = 60) -> None:
        """Wait until the sink saw so many messages to their end."""
        until(lambda: self.sink.complete >= number, f"{number} messages at the sink", seconds)

    def witness_rests(self) -> None:
        """The ledger will not agree with the sink for a while; only in the end it is looked at again."""
        if self.witness:
            self.witness.end()

    def kill(self, running: Running, number: int = signal.SIGKILL) -> None:
        """SIGKILL, told."""
        self.say(f"kill {running.pid} after {self.sink.complete} messages")
        running.signal(number)
        running.wait()


class Witness(threading.Thread):
    """Looks at the books all the time. They balance at every look, and nothing is accepted that the sink did not take."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(name="witness")
        self._scene = scene
        self._ended = threading.Event()
        self._record = Record(scene.sink.path)
        self.looks = 0
        self.objection = ""

    def run(self) -> None:
        try:
            while not self._ended.wait(LOOK_SECONDS) and not self.objection:
                try:
                    self._look()
                except Error:  # the database may be what is missing
                    connection.close()
        finally:
            connection.close()

    def _look(self) -> None:
        for dispatch in Dispatch.objects.values_list("pk", flat=True):
            found = books(dispatch)
            if not found.balanced:
                self.objection = f"look {self.looks}: the books of {dispatch} do not balance: {found}"
        accepted = Delivery.objects.filter(state="accepted").count()
        taken = len({record["id"] for record in self._record.seen("taken")})
        if accepted > taken:
            self.objection = f"look {self.looks}: {accepted} are accepted, but the sink took {taken}"
        self.looks += 1

    def end(self) -> None:
        """Stop looking. Raises AssertionError if anything was wrong."""
        self._ended.set()
        self.join()
        assert not self.objection, self.objection


@contextlib.contextmanager
def small_file_system(folder: Path, octets: int) -> Iterator[bool]:
    """A file system of its own below `folder`. Yields False where nobody lets us mount one."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={octets}", "tmpfs", str(folder)]
    mounted = os.getuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)
