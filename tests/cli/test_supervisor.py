"""Children are kept alive, and never outlive their supervisor. Real processes, real signals."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from tocsin.cli import supervisor

WAITED = 60.0
SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: None)
print('up', flush=True)
while True: time.sleep(600)
"""
SLOW_TO_END = """
import signal, sys, time
def end(*_):
    print('ending', flush=True); time.sleep(0.5); print('ended', flush=True); sys.exit()
signal.signal(signal.SIGTERM, end)
print('up', flush=True)
time.sleep(600)
"""
HOPELESS = "import sys; sys.exit(3)"
DRIVER = """
import os, sys
from tocsin.cli import supervisor
patience, *programs = sys.argv[1:]
supervisor.hold_signals()
supervisor.keep_alive([
    supervisor.Child(f"child{number}", [sys.executable, "-c", program], os.environ)
    for number, program in enumerate(programs)
], float(patience))
"""


class Supervised:
    """A supervisor in a process of its own; its stderr tells what its children print."""

    def __init__(self, *programs: str, patience: float = 8) -> None:
        command = [sys.executable, "-c", DRIVER, str(patience), *programs]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.patience = threading.Timer(WAITED, self.process.kill)
        self.patience.start()

    def wait_for(self, text: str, times: int = 1) -> None:
        assert self.process.stderr is not None
        seen = 0
        while seen < times:
            line = self.process.stderr.readline()
            assert line, f"{text!r} was never said"
            seen += line.count(text)  # two children may share a line

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def end(self) -> None:
        self.patience.cancel()
        self.process.kill()  # and with it, by the supervisor's own doing, its children
        self.process.communicate()


@pytest.fixture
def supervise() -> Iterator[Callable[..., Supervised]]:
    started: list[Supervised] = []

    def start(*programs: str, patience: float = 8) -> Supervised:
        started.append(Supervised(*programs, patience=patience))
        return started[-1]

    yield start
    for one in started:
        one.end()


def test_a_killed_child_is_back_within_two_seconds(supervise: Callable[..., Supervised]):
    family = supervise(SLEEPER)
    family.wait_for("up")
    [first] = family.children()
    killed_at = time.monotonic()
    first.kill()
    family.wait_for("up")
    assert time.monotonic() - killed_at < 2
    [second] = family.children()
    assert second.pid != first.pid


def test_a_child_that_cannot_live_is_tried_every_two_seconds_at_most(supervise: Callable[..., Supervised]):
    family = supervise(HOPELESS)
    started_at = time.monotonic()
    family.wait_for("exit code 3", times=6)
    assert 2 < time.monotonic() - started_at < 20


def test_one_that_dies_does_not_disturb_the_others(supervise: Callable[..., Supervised]):
    family = supervise(SLEEPER, HOPELESS)
    family.wait_for("exit code 3", times=3)
    assert any(SLEEPER in child.cmdline() for child in family.children())


def test_children_die_with_a_killed_supervisor(supervise: Callable[..., Supervised]):
    family = supervise(SLEEPER, STUBBORN)
    family.wait_for("up", times=2)
    children = family.children()
    assert len(children) == 2
    family.process.kill()
    assert psutil.wait_procs(children, timeout=5)[1] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_its_children_when_told_to_stop(supervise: Callable[..., Supervised], number: signal.Signals):
    family = supervise(SLEEPER)
    family.wait_for("up")
    children = family.children()
    os.kill(family.process.pid, number)
    assert family.process.wait(5) == 0
    assert not any(child.is_running() for child in children)


def test_a_child_that_will_not_end_is_killed_in_the_end(supervise: Callable[..., Supervised]):
    family = supervise(STUBBORN, patience=0.5)
    family.wait_for("up")
    children = family.children()
    family.process.terminate()
    assert family.process.wait(5) == 0
    assert not any(child.is_running() for child in children)


def test_signals_in_quick_succession_are_one_request(supervise: Callable[..., Supervised]):
    family = supervise(SLOW_TO_END)
    family.wait_for("up")
    family.process.terminate()
    family.wait_for("ending")
    family.process.terminate()
    family.wait_for("ended")


def test_a_person_who_asks_again_does_not_wait(supervise: Callable[..., Supervised]):
    family = supervise(STUBBORN, patience=60)
    family.wait_for("up")
    family.process.terminate()
    with pytest.raises(subprocess.TimeoutExpired):
        family.process.wait(supervisor.ONE_REQUEST + 0.2)
    family.process.terminate()
    assert family.process.wait(5) == 0
