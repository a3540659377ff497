"""A place to measure in that leaves nothing behind: a folder on a real disk, child processes, free ports.

Everything ends with the `with` block, after Ctrl-C too; should this process be killed outright, its children go with it.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tocsin.lib import config
from tocsin.lib.errors import BadEnvironment

IN_MEMORY = frozenset({"tmpfs", "ramfs"})
PATIENCE = 15.0
PR_SET_PDEATHSIG = 1
TICK = os.sysconf("SC_CLK_TCK")

_libc = ctypes.CDLL(None, use_errno=True)


class Scratch:
    """Folder and processes of one benchmark."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.folder = Path()

    def __enter__(self) -> Self:
        made = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="tocsin-bench-", dir=disk()))
        self.folder = Path(made)
        self.folder.chmod(0o711)  # PostgreSQL runs as another user below it
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _undisturbed():
            self._stack.__exit__(kind, error, trace)

    def start(self, command: Sequence[str | Path], *, log: str, **options: Any) -> "subprocess.Popen[str]":
        """Start a process that ends with us; what it says goes to the file `log` in the folder."""
        with self.log(log).open("a") as said:
            options = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": said, "cwd": config.ROOT, **options}
            process = subprocess.Popen(
                list(map(str, command)),
                text=True,
                start_new_session=True,
                preexec_fn=partial(_die_with, os.getpid()),  # noqa: PLW1509 - we have no threads that hold locks
                **options,
            )
        self._stack.callback(stop, process)
        return process

    def python(self, module: str, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
        """Start a module of ours."""
        return self.start([sys.executable, "-m", module, *arguments], log=f"{module}.log", **options)

    def log(self, name: str) -> Path:
        """Where a process' words go."""
        return self.folder / name

    def callback(self, action: Callable[..., Any], *arguments: Any) -> None:
        """Do this at the end, before what was started earlier is ended."""
        self._stack.callback(action, *arguments)


def stop(process: "subprocess.Popen[str]", number: int = signal.SIGTERM) -> None:
    """End a process, at last by force, and close what it was spoken to through."""
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)
    pipes: tuple[IO[str] | None, ...] = (process.stdin, process.stdout)
    for pipe in pipes:
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()


def cpu_seconds(process: "subprocess.Popen[str]") -> float:
    """User and system time of a process, all threads (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def free_port() -> int:
    """A port of 127.0.0.1 nobody listens on right now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def until(condition: Callable[[], object], what: str, seconds: float, pause: float = 0.02) -> None:
    """Look again and again until `condition` holds. Raises BadEnvironment when that takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise BadEnvironment(
                f"The benchmark waited {seconds:.0f} s in vain: {what}.", "Try it on a less busy machine."
            )
        time.sleep(pause)


def listening(port: int) -> bool:
    """Whether somebody accepts connections on a port of 127.0.0.1."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def disk() -> Path:
    """A directory for temporary files that lies on a disk. Raises BadEnvironment."""
    for candidate in (Path(tempfile.gettempdir()), Path("/var/tmp")):  # noqa: S108 - the folder made there is private
        if os.access(candidate, os.W_OK) and _file_system(candidate) not in IN_MEMORY:
            return candidate
    raise BadEnvironment("The temporary directories lie in memory.", "Set TMPDIR to a directory on a disk.")


def _file_system(path: Path) -> str:
    """The type of the file system a path lies on, by its longest mount point."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    fitting = [(point, kind) for point, kind in mounts if path.resolve().is_relative_to(point)]
    return max(fitting, key=lambda mount: len(mount[0]), default=("", ""))[1]


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A second Ctrl-C does not interrupt the tidying up."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _die_with(parent: int) -> None:
    """In the child: it gets SIGKILL from the kernel when its parent is gone, however it went."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def clean_environment(**settings: str) -> Mapping[str, str]:
    """This process' environment without any setting of a newsroom, and with these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    return {**kept, **settings}
