"""What a very large telling costs: the courier's memory, and whether a message gets dearer with rows past and present."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from bench.report import AT_MOST, Figure
from bench.scratch import Scratch, cpu_seconds
from bench.send import postfix
from bench.send.newsroom import POSTGRESQL, SLOWEST, SQLITE, Newsroom
from bench.send.scale import Scale
from tocsin.lib.errors import BadEnvironment

CONNECTIONS = 8
LOOK = 0.1

Curve = list[tuple[int, float]]
"""Messages settled so far, and the seconds of CPU the courier had used then."""


def sqlite(scale: Scale) -> Iterator[Figure]:
    """Memory, and the cost of the last messages against the first, with many old rows in the ledger."""
    with _large_telling(scale, SQLITE, old_rows=scale.old_rows) as (newsroom, courier):
        curve = _follow(newsroom, courier, scale)
        yield _memory(courier, scale, SQLITE, 45)
    first = _cpu_between(curve, 0, scale.slice) / scale.slice
    last = _cpu_between(curve, scale.recipients - scale.slice, scale.recipients) / scale.slice
    yield Figure(
        name="cost-of-old-rows",
        value=last * 1e6,
        unit="us of CPU a message",
        peer=first * 1e6,
        ratio=last / first,
        target=1.1,
        direction=AT_MOST,
        note=f"the last {scale.slice:,} of {scale.recipients:,} messages against the first {scale.slice:,}, "
        f"{scale.old_rows:,} old deliveries in the ledger, SQLite on disk, courier just started",
    )


def memory_on_postgresql(scale: Scale) -> Iterator[Figure]:
    """Memory with PostgreSQL."""
    with _large_telling(scale, POSTGRESQL) as (newsroom, courier):
        _follow(newsroom, courier, scale)
        yield _memory(courier, scale, POSTGRESQL, 60)


@contextmanager
def _large_telling(
    scale: Scale, database: str, old_rows: int = 0
) -> Iterator[tuple[Newsroom, "subprocess.Popen[str]"]]:
    with Scratch() as scratch:
        port = postfix.start_sink(scratch)
        newsroom = Newsroom(scratch, f"smtp://127.0.0.1:{port}?connections={CONNECTIONS}&tls=none", database)
        newsroom.have_readers(1)
        newsroom.publish()  # gives the digest its content
        newsroom.have_readers(scale.recipients)
        if old_rows:
            newsroom.have_old_rows(old_rows)
        with newsroom.courier() as courier:
            yield newsroom, courier


def _follow(newsroom: Newsroom, courier: "subprocess.Popen[str]", scale: Scale) -> Curve:
    """Tell everybody; how the courier's CPU time grew with what was settled."""
    telling = newsroom.digest(scale.recipients)
    curve = [(0, cpu_seconds(courier))]
    deadline = time.monotonic() + 60 + scale.recipients / SLOWEST
    while curve[-1][0] < telling.audience:
        if time.monotonic() > deadline:
            raise BadEnvironment("A large telling takes too long to be measured.", "Try it on a less busy machine.")
        time.sleep(LOOK)
        curve.append((newsroom.messages_settled(telling), cpu_seconds(courier)))
    newsroom.must_be_accepted(telling)
    return curve


def _cpu_between(curve: Curve, start: int, end: int) -> float:
    return _cpu_at(curve, end) - _cpu_at(curve, start)


def _cpu_at(curve: Curve, messages: int) -> float:
    """The CPU time when so many messages were settled, between the two looks around it."""
    for (fewer, before), (more, after) in pairwise(curve):
        if fewer <= messages <= more and more > fewer:
            return before + (after - before) * (messages - fewer) / (more - fewer)
    return curve[-1][1]


def _memory(courier: "subprocess.Popen[str]", scale: Scale, database: str, target: float) -> Figure:
    status = Path(f"/proc/{courier.pid}/status").read_text(encoding="ascii")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    return Figure(
        name=f"memory-{database.lower()}",
        value=peak * 1024 / 1e6,
        unit="MB",
        target=target,
        direction=AT_MOST,
        note=f"peak resident memory (VmHWM) of the courier process, {scale.recipients:,} recipients, {database}",
    )
