"""Processes of a test that are gone when it is, also when the test run itself is killed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WATCHING = """
import os, sys, threading
def _end_with_the_test(stdin=sys.stdin.buffer):
    stdin.read()
    os._exit(1)
threading.Thread(target=_end_with_the_test, daemon=True).start()
"""


@contextmanager
def child(code: str) -> Iterator[subprocess.Popen[bytes]]:
    """Python `code` in a process of its own, with this one's environment. It is killed when the block ends.

    Its stdin is a pipe from here, which ends with this process however that dies, and it with the pipe.
    """
    command = [sys.executable, "-c", WATCHING + code]
    with subprocess.Popen(command, env=os.environ, cwd=ROOT, stdin=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()
