"""A relay of our own that throws mail away and remembers when: for what Postfix's `smtp-sink` cannot tell.

It can announce CHUNKING, answer as late as a long wire would (every answer waits one round trip, none holds up
another), and count. Run as a companion process: python -m bench.send.sink PORT ROUND_TRIP_SECONDS [chunking] [keep=FILE]
"""

import asyncio
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import uvloop

from bench import companion

TAKEN = b"250 2.0.0 Ok: taken\r\n"
FEATURES = (b"PIPELINING", b"8BITMIME", b"ENHANCEDSTATUSCODES")


@dataclass
class Seen:
    """What arrived since it was last asked to forget. Times are seconds since the epoch, of the answer's leaving.

    `marked`: messages that contain the mark; `between`: others answered between the first and the last marked one.
    `unanswered`: the most messages that had arrived on one connection while their answers were still on the way.
    """

    messages: int = 0
    first: float = 0.0
    last: float = 0.0
    marked: int = 0
    marked_first: float = 0.0
    marked_last: float = 0.0
    between: int = 0
    unanswered: int = 0
    largest: int = 0
    _since_mark: int = 0

    def message(self, body: bytes, mark: bytes) -> None:
        """Count one."""
        now = time.time()
        self.messages += 1
        self.first = self.first or now
        self.last = now
        self.largest = max(self.largest, len(body))
        if mark and mark in body:
            self.marked += 1
            self.marked_first = self.marked_first or now
            self.marked_last = now
            self.between, self._since_mark = self.between + self._since_mark, 0
        elif self.marked:
            self._since_mark += 1


class Sink:
    """What all connections share."""

    def __init__(self, round_trip: float, options: list[str]) -> None:
        self.round_trip = round_trip
        self.chunking = "chunking" in options
        self.keep = next((Path(o.removeprefix("keep=")) for o in options if o.startswith("keep=")), None)
        self.mark = b""
        self.seen = Seen()

    def forget(self, mark: str = "") -> dict[str, Any]:
        """Begin to count anew, looking for `mark`."""
        self.mark = mark.encode()
        self.seen = Seen()
        return {}

    def tell(self) -> dict[str, Any]:
        """What was seen."""
        return asdict(self.seen)

    def message(self, body: bytes) -> None:
        """One whole message arrived and is answered now."""
        self.seen.message(body, self.mark)
        if self.keep is not None:
            self.keep.write_bytes(body)
            self.keep = None


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._buffer = bytearray()
        self._in_data = False
        self._searched = 0
        self._unanswered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it
        self._loop = asyncio.get_running_loop()
        self._answer([b"220 sink.example ESMTP\r\n"])

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        replies: list[bytes] = []
        while self._take_data(replies) if self._in_data else self._take_command(replies):
            pass
        if replies:
            self._answer(replies)

    def _take_data(self, replies: list[bytes]) -> bool:
        end = self._buffer.find(b"\r\n.\r\n", max(0, self._searched - 4))
        if end < 0:
            self._searched = len(self._buffer)
            return False
        self._message(bytes(self._buffer[: end + 2]), end + 5, replies)
        self._in_data = False
        return True

    def _take_command(self, replies: list[bytes]) -> bool:
        end = self._buffer.find(b"\r\n", 0, 1000)
        if end < 0:
            return False
        word = bytes(self._buffer[:4]).upper()
        if word == b"BDAT":
            return self._take_chunk(end + 2, replies)
        del self._buffer[: end + 2]
        self._in_data, self._searched = word == b"DATA", 0
        replies.append(self._reply(word))
        return True

    def _take_chunk(self, start: int, replies: list[bytes]) -> bool:
        end = start + int(self._buffer[4 : start - 2].split()[0])
        if len(self._buffer) < end:
            return False
        self._message(bytes(self._buffer[start:end]), end, replies)
        return True

    def _message(self, body: bytes, end: int, replies: list[bytes]) -> None:
        del self._buffer[:end]
        self._unanswered += 1
        self._sink.seen.unanswered = max(self._sink.seen.unanswered, self._unanswered)
        replies.append(TAKEN)
        if self._sink.round_trip:
            self._loop.call_later(self._sink.round_trip, self._taken, body)
        else:
            self._taken(body)

    def _taken(self, body: bytes) -> None:
        self._unanswered -= 1
        self._sink.message(body)

    def _reply(self, word: bytes) -> bytes:
        if word == b"EHLO":
            features = (*FEATURES, b"CHUNKING") if self._sink.chunking else FEATURES
            return b"250-sink.example\r\n" + b"".join(b"250-%b\r\n" % name for name in features) + b"250 SIZE 0\r\n"
        return {b"DATA": b"354 Go on\r\n", b"QUIT": b"221 2.0.0 Bye\r\n"}.get(word, b"250 2.1.0 Ok\r\n")

    def _answer(self, replies: list[bytes]) -> None:
        if self._sink.round_trip:
            self._loop.call_later(self._sink.round_trip, self._write, b"".join(replies))
        else:
            self._write(b"".join(replies))

    def _write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)


async def serve(port: int, sink: Sink) -> None:
    """Take mail, and answer what the benchmark asks, until it asks no more."""
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: Connection(sink), "127.0.0.1", port, backlog=500)
    over = loop.create_future()
    say, verbs = companion.answers(), {"forget": sink.forget, "tell": sink.tell}

    def asked() -> None:
        line = sys.stdin.readline()
        if line:
            say(companion.answer(verbs, line))
        else:
            loop.remove_reader(sys.stdin)
            over.set_result(None)

    loop.add_reader(sys.stdin, asked)
    await over


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), Sink(float(sys.argv[2]), sys.argv[3:])))
