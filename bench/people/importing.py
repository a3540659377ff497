"""Time, processor time and memory of the real commands, and how long others wait for the database meanwhile."""

import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import memory
from bench.people.scale import Scale
from bench.report import AT_MOST, Figure
from bench.scratch import Scratch, stop
from bench.send.newsroom import SQLITE, Newsroom
from tocsin.lib.errors import BadEnvironment

DOMAINS = 3000
OFTEN = 0.7
"""The share of addresses at one large provider; the others are spread over DOMAINS."""

NO_RELAY = "smtp://127.0.0.1:9"
PAUSE = 0.01
LOOK = 0.2


@dataclass(frozen=True)
class Cost:
    """What a command and the processes it started took. Memory is the peak of their shares, looked at every LOOK seconds."""

    seconds: float
    cpu: float
    megabytes: float


def in_and_out(scale: Scale, database: str) -> Iterator[Figure]:
    """Import a file into an empty newsroom, with consent rows; export everybody again."""
    with Scratch() as scratch:
        newsroom = Newsroom(scratch, NO_RELAY, database)
        file = _file(scratch.folder / "people.csv", scale.people)
        taken = _cost(scratch, newsroom, "import", str(file), "--consent", "Asked for it on paper", "--json")
        given = _cost(scratch, newsroom, "export", str(scratch.folder / "out.csv"))
    name, note = database.lower(), f"{scale.people:,} rows, consent rows included; {database}"
    yield Figure(f"import-{name}", taken.seconds, "s", 60, AT_MOST, note=f"{note}; the whole command")
    yield Figure(f"import-cpu-{name}", taken.cpu, "s", None, AT_MOST, note=f"{note}; processor time of the command")
    yield Figure(
        f"import-memory-{name}", taken.megabytes, "MB", 250, AT_MOST, note=f"{note}; peak of all its processes"
    )
    yield Figure(f"export-{name}", given.seconds, "s", None, AT_MOST, note=f"{note}; writing all of it out again")
    yield Figure(
        f"export-memory-{name}", given.megabytes, "MB", 250, AT_MOST, note=f"{note}; peak of all its processes"
    )


def others(scale: Scale) -> Iterator[Figure]:
    """Commits of one row from another process on the same SQLite file while an import goes on."""
    with Scratch() as scratch:
        newsroom = Newsroom(scratch, NO_RELAY, SQLITE)
        file = _file(scratch.folder / "people.csv", scale.people)
        importing = scratch.python(
            "tocsin", "subscribers", "import", str(file), "--consent", "Asked on paper", env=newsroom.environment
        )
        took: list[float] = []
        while importing.poll() is None:
            took += newsroom.commits(scale.commit_seconds, PAUSE)
        stop(importing)
    took.sort()
    note = f"{len(took):,} commits of one row beside an import of {scale.people:,}; SQLite"
    yield Figure("import-commits-p99", 1000 * took[int(len(took) * 0.99)], "ms", 500, AT_MOST, note=note)
    yield Figure("import-commits-max", 1000 * took[-1], "ms", None, AT_MOST, note=note)


def _cost(scratch: Scratch, newsroom: Newsroom, *arguments: str) -> Cost:
    began, peak, ended = time.monotonic(), 0.0, 0
    process = scratch.python("tocsin", "subscribers", *arguments, env=newsroom.environment)
    while not ended:
        time.sleep(LOOK)
        peak = max(peak, memory.share_with_children(process.pid))
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BadEnvironment(f"tocsin subscribers {arguments[0]} failed.", _said(scratch))
    return Cost(time.monotonic() - began, usage.ru_utime + usage.ru_stime, peak)


def _said(scratch: Scratch) -> str:
    return scratch.log("tocsin.log").read_text(encoding="utf-8", errors="replace")[-2000:]


def _file(path: Path, people: int) -> Path:
    """A file of people as a newsletter has them, the same each time."""
    chance = random.Random(5)  # noqa: S311 - no secret
    with path.open("w", encoding="utf-8") as file:
        file.write("email,name,topics,cadence\n")
        for number in range(people):
            domain = "mail.example" if chance.random() < OFTEN else f"company{chance.randrange(DOMAINS)}.example.org"
            pace = chance.choice(("", "daily", "weekly"))
            file.write(f"reader.{number}.{chance.randrange(10**6)}@{domain},Reader Number {number},,{pace}\n")
    return path
