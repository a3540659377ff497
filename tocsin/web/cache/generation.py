"""The generation of the site: a counter that all processes of this host share, in a mapped file of the state directory.

Whatever was rendered under an older generation may be out of date. A second counter, of recalls, says when something
was taken down: what was rendered before must then not even be shown while the database is away.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from mmap import mmap
from pathlib import Path
from typing import Final

from tocsin.lib import config

NOW, KNOWN, RECALLS, KNOWN_RECALLS = range(4)
WORDS: Final = 4
WORD_BYTES: Final = 8


@dataclass(frozen=True)
class Count:
    """What the database has counted: changes that may show, and among them those that took something down."""

    changes: int
    recalls: int


class Generation:
    """The mapped counters. Reading costs a tenth of a microsecond; writers take turns."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(self._file).st_size < WORDS * WORD_BYTES:
            os.ftruncate(self._file, WORDS * WORD_BYTES)
        self._turn = threading.Lock()
        self.words = memoryview(mmap(self._file, WORDS * WORD_BYTES)).cast("Q")
        """The counters themselves; `words[NOW]` is the generation."""

    @property
    def now(self) -> int:
        """The generation. To be read before rendering, never after."""
        return self.words[NOW]

    @property
    def recalls(self) -> int:
        """How often something was taken down."""
        return self.words[RECALLS]

    def advance(self) -> None:
        """A change nobody counted: everything is out of date."""
        with self._alone():
            self.words[NOW] += 1

    def observe(self, count: Count) -> None:
        """What the database counts now. Another count than the one known here means another generation."""
        if (count.changes, count.recalls) == (self.words[KNOWN], self.words[KNOWN_RECALLS]):
            return
        with self._alone():
            if count.recalls != self.words[KNOWN_RECALLS]:
                self.words[KNOWN_RECALLS] = count.recalls
                self.words[RECALLS] += 1
            self.words[KNOWN] = count.changes
            self.words[NOW] += 1

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._turn:  # between threads; flock is between processes
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)


@cache
def shared() -> Generation:
    """The generation of this installation, on this host."""
    return Generation(config.current().state_dir / "web" / "generation")
