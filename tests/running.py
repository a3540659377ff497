"""A whole running newsroom (`tocsin up` and its children) for tests that look at it from outside."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 90


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass
class Newsroom:
    """One `tocsin up` on a state directory. Settings are passed as environment variables."""

    state: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    announced: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TOCSIN_", "TEST_"))}
        return {**kept, "TOCSIN_STATE_DIR": str(self.state), **self.settings}

    def start(self) -> None:
        """Start and wait for READY; the announced lines (LOGIN, INBOX, READY) are kept."""
        command = [sys.executable, "-m", "tocsin", "up", "--port", str(self.port), "--state", str(self.state)]
        log = (self.state.parent / f"{self.state.name}.log").open("a")
        self.process = subprocess.Popen(
            command, env=self.environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
        )
        assert self.process.stdout is not None
        deadline = time.monotonic() + START_SECONDS
        for line in self.process.stdout:
            word, _, rest = line.strip().partition(" ")
            self.announced[word] = rest
            if word == "READY":
                return
            assert time.monotonic() < deadline, "no READY in time"
        raise AssertionError(f"up ended with {self.process.wait()}: see {log.name}")

    def stop(self) -> int:
        """SIGTERM, and wait; the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(15)

    def kill(self) -> None:
        """SIGKILL to the supervisor: its children must go with it. Waits until they have."""
        assert self.process is not None
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        self.process.wait(5)
        psutil.wait_procs(children, timeout=10)

    def child(self, name: str) -> psutil.Process | None:
        """The running child process of that name (web, worker, courier, inbox)."""
        assert self.process is not None
        with suppress(psutil.Error):
            for child in psutil.Process(self.process.pid).children(recursive=True):
                with suppress(psutil.Error):
                    if name in child.cmdline()[1:]:
                        return child
        return None

    def tocsin(self, *arguments: str, code: int | None = 0) -> Any:
        """Run a `tocsin` command with --json; its decoded answer. `code=None` takes any exit code."""
        command = [sys.executable, "-m", "tocsin", *arguments, "--json"]
        done = subprocess.run(
            command, env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        assert code in {None, done.returncode}, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)

    def import_addresses(self, addresses: Iterable[str]) -> dict[str, Any]:
        """Import addresses as subscribers of everything, at once."""
        path = self.state.parent / "import.csv"
        path.write_text("email\n" + "\n".join(addresses) + "\n", encoding="utf-8")
        answer: dict[str, Any] = self.tocsin("subscribers", "import", str(path), "--consent", "They asked on paper.")
        return answer

    def publish(self, title: str, **options: str) -> dict[str, Any]:
        """Publish a small post; the answer of `tocsin publish --json`."""
        path = self.state.parent / "post.md"
        path.write_text(f"---\ntitle: {title}\nsummary: A summary.\n---\n\nThe body of {title}.\n", encoding="utf-8")
        extra = [part for name, value in options.items() for part in (f"--{name}", value)]
        answer: dict[str, Any] = self.tocsin("publish", str(path), *extra)
        return answer

    def books(self, dispatch: int) -> dict[str, Any]:
        """`tocsin dispatch show` of one dispatch."""
        books: dict[str, Any] = self.tocsin("dispatch", "show", str(dispatch))
        return books

    def settled(self, dispatch: int, seconds: float = 60) -> dict[str, Any]:
        """Wait until a dispatch is settled; its books."""
        return self.until(lambda: self.books(dispatch), lambda books: books["settled"], seconds)

    @staticmethod
    def until(look: Any, good: Any, seconds: float = 30) -> Any:
        """Look again and again until what is seen is good; what was seen."""
        deadline = time.monotonic() + seconds
        while True:
            seen = look()
            if good(seen):
                return seen
            assert time.monotonic() < deadline, f"still {seen!r} after {seconds} s"
            time.sleep(0.1)


def links_in(text: str, part: str) -> list[str]:
    """The addresses in a mail that contain `part`."""
    return [url for url in re.findall(r"https?://[^\s<>\"]+", text) if part in url]
