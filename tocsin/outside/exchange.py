"""One request and its answer over a connection that is open already, within a time and a number of bytes. HTTP is h11's.

Nothing of ours goes along: no cookies, no credentials, no referrer.
"""

import socket
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import h11
from django.utils.translation import gettext as _

from tocsin.lib.errors import Refused
from tocsin.outside.destinations import Destination

AGENT: Final = "Tocsin (link preview)"
READ: Final = 65_536
LONGEST_HEAD: Final = 32_768
_GZIP: Final = 16 + zlib.MAX_WBITS

Clock = Callable[[], float]


@dataclass(frozen=True)
class Limits:
    """What an answer may cost. Beyond `octets` (after decompression too) it is `cut` if it may be, else refused."""

    seconds: float = 8.0
    octets: int = 1_000_000
    redirects: int = 4
    may_be_cut: bool = False


@dataclass(frozen=True)
class Answer:
    """What a server answered. `url` is where it came from, after redirects."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """Its media type, in lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Deadline:
    """The moment by which all must be done."""

    def __init__(self, seconds: float, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._until = clock() + seconds

    def left(self) -> float:
        """Seconds left. Raises Refused when there are none."""
        left = self._until - self._clock()
        if left <= 0:
            raise Refused(_("The server took too long."), _("Try again later, or write the words yourself."))
        return left


def exchange(connection: socket.socket, to: Destination, accept: str, limits: Limits, deadline: Deadline) -> Answer:
    """Ask for `to` and read the answer. Raises Refused, OSError or h11.RemoteProtocolError."""
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)
    headers = [
        ("Host", to.authority),
        ("User-Agent", AGENT),
        ("Accept", accept),
        ("Accept-Encoding", "gzip"),
        ("Connection", "close"),
    ]
    request = http.send(h11.Request(method="GET", target=to.target, headers=headers))
    connection.settimeout(deadline.left())
    connection.sendall((request or b"") + (http.send(h11.EndOfMessage()) or b""))
    head = _head(http, connection, deadline)
    named = {name.decode("ascii").lower(): value.decode("latin-1") for name, value in head.headers}
    redirected = 300 <= head.status_code < 400
    body = b"" if redirected else _body(http, connection, named, limits, deadline)
    return Answer(to.url, head.status_code, named, body)


def _head(http: h11.Connection, connection: socket.socket, deadline: Deadline) -> h11.Response:
    while True:
        event = _next(http, connection, deadline)
        if isinstance(event, h11.Response):
            return event
        if not isinstance(event, h11.InformationalResponse):
            raise h11.RemoteProtocolError("no response")


def _body(
    http: h11.Connection, connection: socket.socket, headers: dict[str, str], limits: Limits, deadline: Deadline
) -> bytes:
    unpack = _unpacker(headers.get("content-encoding", ""))
    body = bytearray()
    received = 0
    while isinstance(event := _next(http, connection, deadline), h11.Data):
        received += len(event.data)
        body += unpack(bytes(event.data), limits.octets + 1 - len(body))
        if len(body) > limits.octets or received > limits.octets:
            if limits.may_be_cut:
                return bytes(body[: limits.octets])
            raise Refused(
                _("The answer is larger than {size} MB.").format(size=f"{limits.octets / 1e6:.1f}"),
                _("Choose another, or write the words yourself."),
            )
    return bytes(body)


def _unpacker(coding: str) -> Callable[[bytes, int], bytes]:
    """What makes the body of the bytes on the wire, never more than it is asked for: a small answer may hold gigabytes."""
    match coding.strip().lower():
        case "" | "identity":
            return lambda data, _most: data
        case "gzip" | "x-gzip":
            return zlib.decompressobj(_GZIP).decompress
        case _:
            raise Refused(_("The server answers in a coding nobody asked for."), _("Write the words yourself."))


def _next(http: h11.Connection, connection: socket.socket, deadline: Deadline) -> object:
    """The next event; each read waits only as long as there is time left, so that a trickle ends in time too."""
    while (event := http.next_event()) is h11.NEED_DATA:
        connection.settimeout(deadline.left())
        http.receive_data(connection.recv(READ))
    return event
