"""Real courier processes with quick clockwork, and waiting for what they do."""

import atexit
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.channels.email.faulty import FaultyRelay
from tocsin.courier.queries import Books, books

ROOT = Path(__file__).parents[2]
STATE = os.environ["TOCSIN_STATE_DIR"]


@cache
def nursery() -> "subprocess.Popen[str]":
    """The program that forks couriers; one for all tests of this process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.courier.nursery"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    atexit.register(process.kill)
    return process


def ask_nursery(**request: Any) -> int:
    process = nursery()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    return int(process.stdout.readline())


class Running:
    """One courier process. `setup`: Python run in it before it begins; `timing`: changes to its clockwork."""

    def __init__(
        self, relay: FaultyRelay | str, log: Path, setup: str = "", connections: int = 3, **timing: float
    ) -> None:
        url = relay if isinstance(relay, str) else f"{relay.url}&connections={connections}"
        environment = {**os.environ, "TOCSIN_RELAYS": url}
        if environment["TOCSIN_STATE_DIR"] == STATE:  # a database of this test's own is to be met nowhere but here
            environment["TOCSIN_STATE_DIR"] = str(log.parent / "state")
        self.code: int | None = None
        self.pid = ask_nursery(environment=environment, log=str(log), setup=setup, timing=timing)
        self._ended = os.pidfd_open(self.pid)

    def signal(self, number: int) -> None:
        if self.code is None:
            os.kill(self.pid, number)

    @property
    def ended(self) -> bool:
        """Whether it has ended, by whatever."""
        return self.code is not None or bool(select.select([self._ended], [], [], 0)[0])

    def wait(self, seconds: float = 10) -> int:
        """Its exit code, once it has ended."""
        if self.code is None:
            assert select.select([self._ended], [], [], seconds)[0], f"the courier did not end within {seconds} s"
            self.code = ask_nursery(wait=self.pid)
            os.close(self._ended)
        return self.code

    def kill(self) -> None:
        """Nothing of it runs any more."""
        self.signal(signal.SIGKILL)
        self.wait()

    def stop(self, seconds: float = 10) -> int:
        """SIGTERM; its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait(seconds)


@contextlib.contextmanager
def courier(relay: FaultyRelay | str, log: Path, **options: Any) -> Iterator[Running]:
    running = Running(relay, log, **options)
    try:
        yield running
    finally:
        running.kill()


def until(condition: Callable[[], object], what: str = "", seconds: float = 30) -> None:
    """Wait for something another process does; there is no event of it to wait for but the database."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what or condition}"
        time.sleep(0.01)


def until_books(dispatch: int, seconds: float = 30, **numbers: int) -> Books:
    """Wait until the books of a dispatch say so. They must balance whenever they are looked at."""
    found = books(dispatch)

    def as_expected() -> bool:
        nonlocal found
        found = books(dispatch)
        assert found.balanced, found
        return all(getattr(found, state) == number for state, number in numbers.items())

    try:
        until(as_expected, seconds=seconds)
    except AssertionError as error:
        raise AssertionError(f"waited for {numbers}, found {found}") from error
    return found
