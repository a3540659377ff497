"""Whether this is the database we worked on: a restored or copied one mails nobody by itself.

The database counts: up with every claim and about once a minute while a courier runs, durably. The state directory
keeps the number that was reached, written only after it was committed, and before anything is sent on its strength. So
the file is never ahead of its database, unless that went back. A database of another lineage came from elsewhere; a file
that does not lie where it was made (another inode) was copied along with its database.
"""

import os
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

MINUTE = 60.0
PATIENCE = 10.0
"""How long, in seconds, a living courier's beat may stand still."""


@dataclass(frozen=True)
class Mark:
    """How far a database has come."""

    lineage: str
    number: int

    def next(self) -> Self:
        """One further."""
        return type(self)(self.lineage, self.number + 1)

    @classmethod
    def fresh(cls, number: int = 0) -> Self:
        """The beginning of a lineage that no copy has."""
        return cls(uuid.uuid4().hex, number)


class EpochFile:
    """The mark in the state directory. It is written in place, for its inode tells where it was made."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Mark | None:
        """The mark; None when there is none that was made here. Raises OSError."""
        try:
            with self._path.open("rb") as file:
                lineage, number, inode = file.read(200).split()
                here = os.fstat(file.fileno()).st_ino
                return Mark(lineage.decode("ascii"), int(number)) if int(inode) == here else None
        except (FileNotFoundError, ValueError):
            return None

    def write(self, mark: Mark) -> None:
        """Keep a mark. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            inode = os.fstat(file).st_ino
            os.pwrite(file, f"{mark.lineage} {mark.number:020d} {inode:020d}\n".encode("ascii"), 0)
        finally:
            os.close(file)


@dataclass
class Epoch:
    """What one courier process knows. It outlives connections, so that a database that is exchanged under it is noticed.

    `known`: the last mark that was committed; None until it is certain that this is the database we worked on.
    `joined`: the courier under whose name that is known to the others.
    """

    file: EpochFile
    known: Mark | None = None
    joined: str = ""
    patience: float = PATIENCE
    moved_at: float = float("-inf")
    _beats: dict[str, int] = field(default_factory=dict)
    _watched_since: float | None = None

    @classmethod
    def at(cls, folder: Path) -> Self:
        """The epoch whose file lies in `folder`."""
        return cls(EpochFile(folder / "epoch"))

    @property
    def is_due(self) -> bool:
        """Whether it has not moved for a minute."""
        return time.monotonic() - self.moved_at >= MINUTE

    def goes_on(self, mark: Mark) -> bool:
        """Whether `mark` is further on the way that we know."""
        return self.known is not None and mark.lineage == self.known.lineage and mark.number > self.known.number

    def is_reached_by(self, mark: Mark) -> bool:
        """Whether `mark` is what we know or further on that way."""
        return self.known is not None and mark.lineage == self.known.lineage and mark.number >= self.known.number

    def keep(self, mark: Mark) -> None:
        """This mark was committed. Raises OSError."""
        self.file.write(mark)
        self.known = mark
        self.moved_at = time.monotonic()

    def doubt(self) -> None:
        """Forget that we know the database."""
        self.known = None
        self.joined = ""
        self._watched_since = None
        self._beats = {}

    def watch(self, beats: dict[str, int]) -> bool | None:
        """Whether another courier works on this database: None while that is not known yet.

        `beats`: of those who know the database, now. A copy has their rows too, but there none of them beats.
        """
        now = time.monotonic()
        if self._watched_since is None:
            self._watched_since, self._beats = now, dict(beats)
        if any(self._beats.setdefault(courier, beat) != beat for courier, beat in beats.items()):
            return True
        return None if beats and now - self._watched_since < self.patience else False
