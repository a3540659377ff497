"""A site made to be measured: a prepared newsroom, its web process on a core of its own, an editor beside it."""

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from bench.companion import Companion
from bench.scratch import Scratch, clean_environment, free_port, stop
from tocsin.cli import state
from tocsin.lib.errors import BadEnvironment

PREPARE_SECONDS: Final = 180
START_SECONDS: Final = 60
READERS_CORE, SERVER_CORE = 0, 1


class Site:
    """A newsroom on SQLite with one post. `path` is where that is read."""

    def __init__(self, scratch: Scratch, post: Path) -> None:
        self._scratch = scratch
        self._state = scratch.folder / "site"
        self._state.mkdir(mode=0o700)
        self.port = free_port()
        self.environment: Mapping[str, str] = clean_environment(
            TOCSIN_STATE_DIR=str(self._state),
            TOCSIN_SITE_URL=f"http://127.0.0.1:{self.port}",
            TOCSIN_SECRET_KEY="a key for measuring only",  # noqa: S106
            TOCSIN_ADDRESS_KEY="another key for measuring only",
            TOCSIN_LOG_LEVEL="warning",
        )
        process = scratch.python("tocsin", "prepare", env=self.environment)
        if process.wait(PREPARE_SECONDS):
            raise BadEnvironment(
                "The site to measure could not be prepared.", scratch.log("tocsin.log").read_text()[-999:]
            )
        self.editor = Companion(scratch, "bench.read.desk", env=self.environment)
        self.path = str(self.editor.ask("publish", file=str(post))["path"])

    @contextmanager
    def serving(self) -> Iterator["subprocess.Popen[str]"]:
        """The real web process, once it answers."""
        process = self.start()
        try:
            self.wait()
            yield process
        finally:
            stop(process)

    def start(self) -> "subprocess.Popen[str]":
        """Start the web process on its core; it does not answer yet."""
        command = ["taskset", "-c", str(SERVER_CORE), sys.executable, "-m", "tocsin", "web", "--port", str(self.port)]
        return self._scratch.start(command, log="web.log", env=self.environment)

    def wait(self) -> None:
        """Until the post is read."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError, http.client.HTTPException):
                if self.get(self.path)[0] == 200:
                    return
            time.sleep(0.01)
        raise BadEnvironment("The site did not answer.", self._scratch.log("web.log").read_text()[-999:])

    def get(self, path: str, **headers: str) -> tuple[int, list[tuple[str, str]], bytes]:
        """One page on a connection of its own: status, headers, body."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = line.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            line.close()

    def bytes_on_the_wire(self, path: str, coding: str) -> int:
        """How many bytes answer a request for a page: head and body."""
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAccept-Encoding: {coding}\r\nConnection: close\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as line:
            line.sendall(request.encode())
            return sum(len(piece) for piece in iter(lambda: line.recv(65536), b""))

    def visit_as_editor(self) -> None:
        """Log in, look around, open a post to edit it: what makes a web process load the newsroom."""
        password = (self._state / state.PASSWORD).read_text(encoding="ascii").strip()
        visit = _Visit(self.port)
        visit.post("/admin/login/", username=state.FIRST_USER, password=password, next="/admin/")
        post = self.editor.ask("newest")["id"]
        for path in ("/admin/", "/admin/pages/", f"/admin/pages/{post}/edit/", "/admin/images/"):
            visit.get(path)


class _Visit:
    """A browser's part: cookies, and the token of the form."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._cookies: dict[str, str] = {}

    def get(self, path: str) -> str:
        return self._ask("GET", path)

    def post(self, path: str, **fields: str) -> str:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(path))
        form = urlencode({**fields, "csrfmiddlewaretoken": token[1] if token else ""})
        return self._ask("POST", path, form, {"Content-Type": "application/x-www-form-urlencoded"})

    def _ask(self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None) -> str:
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        line.request(method, path, body, {**(headers or {}), "Cookie": cookies})
        answer = line.getresponse()
        text = answer.read().decode("utf-8", "replace")
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        line.close()
        if answer.status >= 400:
            raise BadEnvironment(f"{method} {path} answered {answer.status}.", "Please report it.")
        return text


def require_two_cores() -> None:
    """Raise BadEnvironment on a machine where readers and server would share a core."""
    if not {READERS_CORE, SERVER_CORE} <= os.sched_getaffinity(0):
        raise BadEnvironment("Readers and server are measured on a core each.", "Use a machine with two cores.")
