"""How the courier leaves room for others: small commits of the web's while it runs flat out on the same SQLite file."""

from collections.abc import Iterator

from bench.report import AT_MOST, Figure
from bench.scratch import Scratch
from bench.send import postfix
from bench.send.newsroom import Newsroom
from bench.send.scale import Scale
from tocsin.lib.errors import BadEnvironment

CONNECTIONS = 8
FASTEST = 20_000  # messages a second: the telling must outlast the commits
PAUSE = 0.005


def web_commits(scale: Scale) -> Iterator[Figure]:
    """Commits of one row each, one after the other, 5 ms apart."""
    readers = int(scale.commit_seconds * FASTEST)
    with Scratch() as scratch:
        port = postfix.start_sink(scratch)
        newsroom = Newsroom(scratch, f"smtp://127.0.0.1:{port}?connections={CONNECTIONS}&tls=none")
        newsroom.have_readers(1)
        newsroom.publish()  # gives the digest its content
        newsroom.have_readers(readers)
        with newsroom.courier():
            alone = newsroom.commits(scale.commit_seconds / 3, PAUSE)
            telling = newsroom.digest(readers)
            newsroom.begun(telling)
            took = newsroom.commits(scale.commit_seconds, PAUSE)
            if newsroom.is_settled(telling):
                raise BadEnvironment("The telling was over before the commits were.", "Please report it.")
            newsroom.cancel(telling)
    note = (
        f"{len(took):,} one-row commits by Django in {scale.commit_seconds:g} s while the courier runs flat out, SQLite on disk; "
        f"while it is idle p99 is {_p99(alone):.0f} ms and the slowest {max(alone) * 1000:.0f} ms"
    )
    yield Figure(name="web-commits-p99", value=_p99(took), unit="ms", target=100, direction=AT_MOST, note=note)
    yield Figure(name="web-commits-max", value=max(took) * 1000, unit="ms", target=None, note=note)


def _p99(seconds: list[float]) -> float:
    """In milliseconds."""
    return sorted(seconds)[int(len(seconds) * 0.99)] * 1000
