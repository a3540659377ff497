"""How soon the first reader has it: after a publish commit, and while a digest is running."""

from collections.abc import Iterator
from contextlib import contextmanager

from bench.companion import Companion
from bench.report import AT_MOST, Figure
from bench.scratch import Scratch, free_port, until
from bench.send.newsroom import Newsroom, Telling
from bench.send.scale import Scale

CONNECTIONS = 8
PATIENCE = 60
ALERT = "Boil your water"


@contextmanager
def _running() -> Iterator[tuple[Newsroom, Companion]]:
    """A newsroom on SQLite and a sink of our own that looks at the clock, its courier not yet started."""
    with Scratch() as scratch:
        port = free_port()
        sink = Companion(scratch, "bench.send.sink", str(port), "0")
        yield Newsroom(scratch, f"smtp://127.0.0.1:{port}?connections={CONNECTIONS}&tls=none"), sink


def first_mail(scale: Scale) -> Iterator[Figure]:
    """From the publish commit to the sink's first 250."""
    with _running() as (newsroom, sink):
        newsroom.have_readers(scale.subscribers)
        with newsroom.courier():
            seconds = [_first_mail(newsroom, sink) for _ in range(scale.repeats)]
    yield Figure(
        name="first-mail",
        value=max(seconds),
        unit="s",
        target=1.0,
        direction=AT_MOST,
        note=f"from right before the publish commit to the sink's first 250, {scale.subscribers:,} subscribers, SQLite on disk; "
        f"the slowest of {scale.repeats}, the first of them on a courier that has sent nothing yet",
    )


def _first_mail(newsroom: Newsroom, sink: Companion) -> float:
    sink.ask("forget")
    telling = newsroom.publish()
    until(lambda: sink.ask("tell")["messages"], "the first mail arrives", PATIENCE)
    seconds = float(sink.ask("tell")["first"]) - telling.committing
    newsroom.cancel(telling)
    return seconds


def alert(scale: Scale) -> Iterator[Figure]:
    """An alert while a digest is running: how soon its first mail leaves, and how much of the digest leaves before its last."""
    with _running() as (newsroom, sink):
        newsroom.have_readers(1)
        newsroom.publish()  # gives the digest its content; its one reader is told as soon as there is a courier
        newsroom.have_readers(scale.digest)
        with newsroom.courier():
            digest = newsroom.digest(scale.digest)
            until(
                lambda: sink.ask("tell")["messages"] > scale.digest // 10, "the digest is well under way", PATIENCE * 5
            )
            telling, seen = _alert(newsroom, sink, scale)
            newsroom.cancel(digest)
    yield Figure(
        name="alert-first-mail",
        value=seen["marked_first"] - telling.committing,
        unit="s",
        target=1.0,
        direction=AT_MOST,
        note=f"from right before the commit of an alert to its first 250, while a digest to {scale.digest:,} is running, SQLite on disk",
    )
    yield Figure(
        name="alert-overtakes",
        value=seen["between"],
        unit="messages",
        target=4 * CONNECTIONS,
        direction=AT_MOST,
        note=f"mails of the digest answered between the first and the last of the alert's {telling.audience:,}: "
        f"what was on the wire of {CONNECTIONS} connections when it began, and what was begun when its last ones were",
    )


def _alert(newsroom: Newsroom, sink: Companion, scale: Scale) -> tuple[Telling, dict[str, float]]:
    sink.ask("forget", mark=ALERT)
    telling = newsroom.publish(kind="alert", title=ALERT)
    until(lambda: sink.ask("tell")["marked"] >= telling.audience, "the alert is sent", PATIENCE + scale.digest / 20)
    return telling, sink.ask("tell")
