"""A real courier process, started as its own program, with quick clockwork and a real relay to talk to."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.channels.email.faulty import FaultyRelay
from tocsin.courier.queries import Books, books

ROOT = Path(__file__).parents[2]
PROGRAM = """
import logging, sys
from tocsin.channels.email.channel import EmailChannel
from tocsin.courier import process
from tocsin.courier.retry import RetryPlan
from tocsin.courier.timing import Timing
from tocsin.lib import config
logging.basicConfig(level="INFO")
MS = 1000
quick = dict(lease=2.0, margin=0.5, beat=0.2, watch=0.1, longest_wait=0.4, longest_wait_when_refused=0.4)
plan = RetryPlan(put_off=(200 * MS, 500 * MS), aside=300 * MS, aside_most=600 * MS, resend=300 * MS)
settings = config.current()
{setup}
process.run(settings, EmailChannel.from_config(settings), Timing(**quick, retry=plan))
"""


class Running:
    """One courier process. `setup`: Python run in it before it begins."""

    def __init__(self, relay: FaultyRelay | str, log: Path, setup: str = "", connections: int = 3) -> None:
        url = relay if isinstance(relay, str) else f"{relay.url}&connections={connections}"
        environment = {**os.environ, "TOCSIN_RELAYS": url, "PYTHONPATH": str(ROOT)}
        self.log = log
        with log.open("ab") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM.format(setup=setup)], env=environment, stderr=stderr, cwd=ROOT
            )

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        """As a power cut for this one process: nothing of it runs any more."""
        if self.process.poll() is None:
            self.signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds: float = 10) -> int:
        """SIGTERM; its exit code."""
        self.signal(signal.SIGTERM)
        return self.process.wait(seconds)


@contextlib.contextmanager
def courier(relay: FaultyRelay | str, log: Path, **options: object) -> Iterator[Running]:
    running = Running(relay, log, **options)  # type: ignore[arg-type]
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.signal(signal.SIGCONT)
        running.kill()


def until(condition: Callable[[], object], what: str = "", seconds: float = 30) -> None:
    """Wait for something another process does; there is no event of it to wait for but the database."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what or condition}"
        time.sleep(0.02)


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
