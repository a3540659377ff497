"""Keeping child processes alive: started together, restarted when they die, taken along when the supervisor ends.

Signals are blocked and waited for (`sigtimedwait`), so there are no handlers and no races. A child gets SIGKILL from
the kernel when the supervisor is gone, however it went. Nothing here knows what the children do.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
WATCHED = frozenset({signal.SIGCHLD, *STOPPING})
FIRST_DELAY = 0.1
LONGEST_DELAY = 1.5
STEADY_SECONDS = 10.0
PATIENCE = 8.0
ONE_REQUEST = 1.0
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


class Stopped(Exception):  # noqa: N818
    """The supervisor was told to stop."""


@dataclass
class Child:
    """One process to keep alive: what runs in it, and when it is to be started next."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    sockets: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    delay: float = field(default=FIRST_DELAY)

    def start(self) -> None:
        """Start it, its output going to our stderr."""
        supervisor = os.getpid()
        self.process = subprocess.Popen(
            self.command,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            pass_fds=self.sockets,
            preexec_fn=lambda: _die_with(supervisor),  # noqa: PLW1509 - the supervisor has no threads that hold locks
        )
        self.started_at = time.monotonic()

    def died(self, now: float) -> str:
        """Note that it ended and when to start it again; how it ended, in words."""
        assert self.process is not None  # noqa: S101
        code = self.process.returncode
        self.process = None
        if now - self.started_at >= STEADY_SECONDS:
            self.delay = FIRST_DELAY
        self.start_at = now + self.delay
        self.delay = min(self.delay * 2, LONGEST_DELAY)
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def _die_with(supervisor: int) -> None:
    """In the child, before it becomes its program: tie its life to the supervisor's and give it a clean signal mask."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != supervisor:
        os.kill(os.getpid(), signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def hold_signals() -> None:
    """From here on signals wait until they are asked for. Call before anything is started."""
    signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)


def run_once(child: Child) -> int:
    """Run `child` to its end; its exit code. Raises Stopped, the child gone, when a signal asks to stop."""
    child.start()
    assert child.process is not None  # noqa: S101
    while child.process.poll() is None:
        if _told_to_stop(0.5):
            stop([child])
            raise Stopped
    return child.process.returncode


def keep_alive(children: Sequence[Child], patience: float = PATIENCE) -> None:
    """Start `children` and keep them alive until a signal asks to stop; then stop them as `stop` does."""
    try:
        while True:
            now = time.monotonic()
            for child in children:
                _look_after(child, now)
            if _told_to_stop(_seconds_until_next_start(children, now)):
                return
    finally:
        stop(children, patience)


def _look_after(child: Child, now: float) -> None:
    if child.process is not None and child.process.poll() is not None:
        pid = child.process.pid
        _say(f"{child.name} ({pid}) {child.died(now)}; it is started again")
    if child.process is None and child.start_at <= now:
        child.start()


def _seconds_until_next_start(children: Sequence[Child], now: float) -> float:
    waiting = [child.start_at - now for child in children if child.process is None]
    return max(0.0, min([1.0, *waiting]))


def _told_to_stop(seconds: float) -> bool:
    """Wait for a signal at most so long; whether it asked to stop."""
    received = signal.sigtimedwait(WATCHED, seconds)
    return received is not None and received.si_signo in STOPPING


def stop(children: Sequence[Child], patience: float = PATIENCE) -> None:
    """SIGTERM to all; SIGKILL to those still there after `patience` seconds, or when a person asks once more.

    What arrives in the first second is one request: a terminal or `timeout` signals processes and groups in turn.
    """
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    began = time.monotonic()
    waited = 0.0
    while waited < patience and any(process.poll() is None for process in running):
        asked_again = _told_to_stop(min(patience - waited, 0.5))
        waited = time.monotonic() - began
        if asked_again and waited > ONE_REQUEST:
            break
    for process in running:
        if process.poll() is None:
            _say(f"{process.pid} does not end; it is killed")
            process.kill()
        process.wait()


def _say(text: str) -> None:
    print(f"tocsin: {text}", file=sys.stderr, flush=True)
