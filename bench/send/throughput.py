"""How many messages a second: the courier against other senders, into the same sink, over the same number of connections."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.companion import Companion
from bench.pairs import alternate
from bench.report import Figure
from bench.scratch import Scratch, cpu_seconds, free_port
from bench.send import peers, postfix
from bench.send.newsroom import POSTGRESQL, SQLITE, Newsroom
from bench.send.scale import Scale

CONNECTIONS = 8
UNIT = "messages/s"


@dataclass(frozen=True)
class Course:
    """Where both sides run: a newsroom whose courier is running and warm, the relay's port, and one of its messages."""

    scratch: Scratch
    newsroom: Newsroom
    port: int
    message: Path
    courier: "subprocess.Popen[str]"
    cpu: list[float] = field(default_factory=list)

    def courier_rate(self, messages: int) -> float:
        """Messages a second of our courier, from its first claim to the last row settled; its CPU is noted."""
        before = cpu_seconds(self.courier)
        telling = self.newsroom.digest(messages)
        rate = telling.audience / self.newsroom.seconds_to_settle(telling)
        self.cpu.append((cpu_seconds(self.courier) - before) / messages * 1e6)
        return rate

    def source_rate(self, messages: int, *what: str) -> float:
        """Messages a second of `smtp-source -d`."""
        return postfix.source_rate(self.scratch, self.port, messages, CONNECTIONS, *what)

    def peer_rate(self, peer: str, messages: int) -> float:
        """Messages a second of another library, from its first connection to the last reply."""
        return peers.rate(self.scratch, peer, self.port, messages, CONNECTIONS, self.message)


@contextmanager
def course(scratch: Scratch, port: int, readers: int, scale: Scale, database: str = SQLITE) -> Iterator[Course]:
    """A newsroom with so many readers whose courier hands over to `port`; warmed up."""
    newsroom = Newsroom(scratch, f"smtp://127.0.0.1:{port}?connections={CONNECTIONS}&tls=none", database)
    message = one_message(scratch, newsroom)
    newsroom.have_readers(readers)
    with newsroom.courier() as courier:
        newsroom.seconds_to_settle(newsroom.digest(scale.warm_up))
        yield Course(scratch, newsroom, port, message, courier)


def one_message(scratch: Scratch, newsroom: Newsroom) -> Path:
    """Publish the post, and keep the message its first reader gets."""
    port, kept = free_port(), scratch.folder / "message.eml"
    Companion(scratch, "bench.send.sink", str(port), "0", f"keep={kept}")
    newsroom.have_readers(1)
    with newsroom.courier(relay=f"smtp://127.0.0.1:{port}?tls=none"):
        newsroom.seconds_to_settle(newsroom.publish())
    return kept


def loopback(scale: Scale, database: str) -> Iterator[Figure]:
    """Against Postfix's own load generator, which sends as many bytes per message."""
    with Scratch() as scratch:
        sink = postfix.start_sink(scratch)
        with course(scratch, sink, scale.messages, scale, database) as track:
            size = track.message.stat().st_size
            compared = alternate(
                lambda: track.courier_rate(scale.messages),
                lambda: track.source_rate(scale.messages, "-l", str(size)),
                scale.pairs,
            )
    yield Figure(
        name=f"loopback-{database.lower()}",
        value=compared.ours,
        unit=UNIT,
        peer=compared.peer,
        ratio=compared.ratio,
        target={SQLITE: 1.2, POSTGRESQL: 1.1}[database],
        note=f"{scale.messages:,} messages of {size:,} bytes into smtp-sink, {CONNECTIONS} connections, {database} on disk; "
        f"peer: smtp-source -d -s {CONNECTIONS}; {_how(scale)}",
    )
    yield Figure(
        name=f"loopback-{database.lower()}-cpu",
        value=min(track.cpu),
        unit="us of CPU a message",
        target=None,
        note="of the courier process in those runs, the least of them: it depends least on what else the machine does",
    )


def library(scale: Scale, peer: str, messages: int, target: float) -> Iterator[Figure]:
    """Against what Python programs send mail with otherwise."""
    with Scratch() as scratch:
        sink = postfix.start_sink(scratch)
        with course(scratch, sink, scale.messages, scale) as track:
            compared = alternate(
                lambda: track.courier_rate(scale.messages), lambda: track.peer_rate(peer, messages), scale.pairs
            )
    yield Figure(
        name=peer,
        value=compared.ours,
        unit=UNIT,
        peer=compared.peer,
        ratio=compared.ratio,
        target=target,
        note=f"into smtp-sink, {CONNECTIONS} connections; peer: {peers.WORDS[peer]}, {messages:,} messages; {_how(scale)}",
    )


def against_aiosmtplib(scale: Scale) -> Iterator[Figure]:
    """The asynchronous library."""
    yield from library(scale, "aiosmtplib", scale.aiosmtplib, 5)


def against_smtplib(scale: Scale) -> Iterator[Figure]:
    """Python's own."""
    yield from library(scale, "smtplib", scale.smtplib, 4)


def against_django(scale: Scale) -> Iterator[Figure]:
    """Django's e-mail backend."""
    yield from library(scale, "django", scale.django, 20)


def real_postfix(scale: Scale) -> Iterator[Figure]:
    """Into a real Postfix, against its own load generator sending our message."""
    with Scratch() as scratch:
        relay = postfix.start_postfix(scratch)
        with course(scratch, relay, scale.postfix, scale) as track:
            bare = scratch.folder / "bare.eml"
            bare.write_bytes(postfix.with_bare_lines(track.message.read_bytes()))
            compared = alternate(
                lambda: track.courier_rate(scale.postfix),
                lambda: track.source_rate(scale.postfix, "-N", "-F", str(bare)),
                scale.pairs,
            )
    yield Figure(
        name="postfix",
        value=compared.ours,
        unit=UNIT,
        peer=compared.peer,
        ratio=compared.ratio,
        target=0.9,
        note=f"{scale.postfix:,} messages into Postfix smtpd, its queue in memory, everything discarded, {CONNECTIONS} connections; "
        f"peer: smtp-source -d with our message; {_how(scale)}",
    )


def _how(scale: Scale) -> str:
    return f"after {scale.warm_up:,} messages to warm up; median of {scale.pairs} pairs in turn"
