"""One connection over a long wire: every answer comes 50 ms late, as from a relay on another continent."""

from collections.abc import Iterator
from contextlib import contextmanager

from bench.companion import Companion
from bench.pairs import alternate
from bench.report import AT_MOST, Figure
from bench.scratch import Scratch, free_port
from bench.send import peers
from bench.send.newsroom import Newsroom
from bench.send.scale import Scale
from bench.send.throughput import UNIT, Course, one_message

ROUND_TRIP = 0.05
WINDOW = 32


def pipelining(scale: Scale) -> Iterator[Figure]:
    """A relay that offers PIPELINING only: one round trip a message."""
    with _long_wire(scale.pipelined) as (track, _):
        track.courier_rate(scale.pipelined // 4)
        yield _against_lockstep(track, scale, "latency-pipelining", scale.pipelined, 3.8)


def chunking(scale: Scale) -> Iterator[Figure]:
    """A relay that offers CHUNKING too: a window of messages a round trip, and what a crash could leave unsure."""
    with _long_wire(scale.chunked, "chunking") as (track, sink):
        track.courier_rate(scale.chunked // 2)  # the window opens
        sink.ask("forget")
        yield _against_lockstep(track, scale, "latency-chunking", scale.chunked, 60)
        unanswered = int(sink.ask("tell")["unanswered"])
    yield Figure(
        name="latency-chunking-unsure",
        value=unanswered,
        unit="messages",
        target=WINDOW,
        direction=AT_MOST,
        note="the most messages that had arrived while their answers were on the way: "
        "as many as would be unsure, had the courier been killed at the worst instant",
    )


@contextmanager
def _long_wire(readers: int, *features: str) -> Iterator[tuple[Course, Companion]]:
    with Scratch() as scratch:
        port = free_port()
        sink = Companion(scratch, "bench.send.sink", str(port), str(ROUND_TRIP), *features)
        newsroom = Newsroom(scratch, f"smtp://127.0.0.1:{port}?connections=1&window={WINDOW}&tls=none")
        message = one_message(scratch, newsroom)
        newsroom.have_readers(readers)
        with newsroom.courier() as courier:
            yield Course(scratch, newsroom, port, message, courier), sink


def _against_lockstep(track: Course, scale: Scale, name: str, messages: int, target: float) -> Figure:
    compared = alternate(
        lambda: track.courier_rate(messages),
        lambda: peers.rate(track.scratch, "lockstep", track.port, scale.lockstep, 1, track.message),
        scale.pairs,
    )
    return Figure(
        name=name,
        value=compared.ours,
        unit=UNIT,
        peer=compared.peer,
        ratio=compared.ratio,
        target=target,
        note=f"one connection, {ROUND_TRIP * 1000:.0f} ms round trip, {messages:,} messages; "
        f"peer: {peers.WORDS['lockstep']}, {scale.lockstep} messages; median of {scale.pairs} pairs in turn",
    )
