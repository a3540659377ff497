"""The site alone, served by uvicorn over the database of a test, for a browser to read."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

from tests.running import free_port

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60


@contextmanager
def serving(**settings: str) -> Iterator[str]:
    """Serve with this process' settings and `settings`; the URL. Stops with the block."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "tocsin.asgi:application",
        "--port",
        str(port),
        "--log-level",
        "warning",
    ]
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings})
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/robots.txt", server)
        yield url
    finally:
        server.terminate()
        server.wait(15)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = monotonic() + START_SECONDS
    while monotonic() < deadline and server.poll() is None:
        with suppress(urllib.error.URLError, TimeoutError), urllib.request.urlopen(url, timeout=5):
            return
        sleep(0.1)
    raise AssertionError(f"{url} did not answer")
