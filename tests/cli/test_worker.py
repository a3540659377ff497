"""The worker runs tasks and the clock, stumbles without falling, and ends when it is told."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli import chores
from tests.running import ROOT, Newsroom
from tocsin.cli import worker


@pytest.fixture
def running(committed: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-m", "tocsin", "worker"], env=dict(os.environ), cwd=ROOT)
    yield process
    process.kill()
    process.wait()


def test_a_task_is_run_although_the_one_before_it_failed(running: subprocess.Popen[bytes], tmp_path: Path):
    chores.fail.enqueue()
    chores.write.enqueue(str(tmp_path / "answer"), "done")
    Newsroom.until((tmp_path / "answer").exists, bool, 60)
    running.send_signal(signal.SIGTERM)
    assert running.wait(10) == 0


def test_a_clock_that_stumbles_goes_on(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    ticks: list[int] = []
    stop = threading.Event()

    def tick() -> Any:
        ticks.append(1)
        if len(ticks) == 1:
            raise RuntimeError("on purpose")
        stop.set()

    monkeypatch.setattr(worker, "AFTER_FAILURE_SECONDS", 0.01)
    worker._repeat(tick, 0.01, stop)
    assert len(ticks) == 2
    assert "on purpose" in caplog.text


def test_what_found_work_looks_again_at_once():
    stop = threading.Event()
    found = iter([True, True, False])

    def act() -> bool:
        answer = next(found)
        if not answer:
            stop.set()
        return answer

    worker._repeat(act, 3600, stop)
    assert next(found, None) is None
