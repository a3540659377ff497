"""Temporary files of tests live in memory where the machine has room: thousands of small commits wait for no disk.

What the tests kill are processes, not machines, so nothing they prove depends on a disk.
"""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 2 * 1024**3


def use() -> None:
    """Make the memory file system this process' and its children's temporary directory."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
