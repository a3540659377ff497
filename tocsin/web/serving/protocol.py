"""HTTP/1.1 as it comes from the socket: uvicorn's protocol, with ready answers before it and stricter manners.

A simple request for a page the cache holds is answered here, before any framework runs: its bytes are found, not made.
Everything else goes to uvicorn's parser. What is answered here must be exactly one whole request, with nothing of
another before or after it in flight, so that both always agree where a message ends.
"""

import asyncio
import time
from email.utils import formatdate
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from tocsin.web.cache.entries import Entry, Face
from tocsin.web.cache.generation import NOW
from tocsin.web.cache.heads import Head, Reader
from tocsin.web.cache.tally import NOBODYS, Views
from tocsin.web.serving.front import Front
from tocsin.web.serving.patience import LOOK_SECONDS, Patience, Standing

LONGEST_HEAD: Final = 16 * 1024
GET: Final = b"GET /"
HEAD: Final = b"HEAD /"
VERSION: Final = b" HTTP/1.1"

ANSWERS_REMEMBERED: Final = 64
LARGEST_REMEMBERED: Final = 64 * 1024
"""Bytes; four megabytes in all, for a second."""

Answer = tuple[Entry | None, bytes, Views]
"""The page, the bytes that answer with it, and what counts that it was read."""

NOTHING: Final[Answer] = (None, b"", NOBODYS)


class Refused(Exception):  # noqa: N818 - reads as a fact
    """This request is not taken; the status says why."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class Second:
    """What keeps for a second: the Date header's line, and answers by the very bytes they were asked for with.

    A crowd sends the same bytes again and again. What answered them a moment ago, from a page that still holds, answers
    them again, without a byte being looked at or copied.
    """

    def __init__(self) -> None:
        self._second = 0
        self._date = b""
        self.answers: dict[bytes, Answer] = {}

    def date(self, now: float) -> bytes:
        """The Date header's line at `now`, which closes the head, and the empty line behind it."""
        second = int(now)
        if second != self._second:
            self._second = second
            self._date = b"date: " + formatdate(second, usegmt=True).encode("ascii") + b"\r\n\r\n"
            self.answers.clear()
        return self._date

    def remember(self, asked: bytes, entry: Entry, answer: bytes, views: Views = NOBODYS) -> None:
        """`answer`, from `entry` and with the date of this second, is what `asked` gets; it counts among `views`."""
        if len(answer) <= LARGEST_REMEMBERED and (len(self.answers) < ANSWERS_REMEMBERED or asked in self.answers):
            self.answers[asked] = entry, answer, views


class Protocol(HttpToolsProtocol):
    """One connection. A subclass made by `protocol_for` knows the site."""

    front: Front
    reader: Reader
    second: Second

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._entries = self.front.store.entries
        self._words = self.front.generation.words
        self._read = self.reader.read
        self._in_message = False
        self._in_head = False
        self._head_bytes = 0
        self._hosts = 0
        self._refused: Refused | None = None
        self._active = False
        self._patience = Patience()
        self._look: asyncio.TimerHandle | None = None

    # Ready answers

    def data_received(self, data: bytes) -> None:
        if self._in_message or not self._is_answered(data):
            super().data_received(data)
            self._head_bytes = self._head_bytes + len(data) if self._in_head else 0
            if self._head_bytes > LONGEST_HEAD:
                self._refuse(Refused(431, "The head of this request is too long."))

    def _is_answered(self, data: bytes) -> bool:
        """Whether `data` was one simple request, and has its answer now."""
        now = time.time()
        date = self.second.date(now)
        entry, answer, views = self.second.answers.get(data, NOTHING)
        if entry is None or not entry.holds(self._words[NOW], now):
            entry, answer, views = self._find(data, now, date)
        if entry is None or not self._is_free():
            return False
        self._active = entry.used = True
        views.seen += 1
        self.transport.write(answer)
        return True

    def _find(self, data: bytes, now: float, date: bytes) -> Answer:
        """The page `data` asks for in one simple request, and the answer to it; nothing where that is not ready."""
        end = data.find(b"\r\n")
        start = 4 if data.startswith(GET) else 5 if data.startswith(HEAD) else 0
        if not start or data[end - 9 : end] != VERSION:
            return NOTHING
        head = self._read(data[end:])
        if head is None:
            return NOTHING
        target = data[start : end - 9]
        entry = self._entries.get(b"s" + target if head.secure else target)
        if entry is None or not entry.holds(self._words[NOW], now):
            return NOTHING
        face = entry.faces[head.coding]
        if face is None:
            return NOTHING
        if (head.none_match or head.modified_since) and _is_known(head, entry, face):
            answer = face.head_of_304 + date
        else:
            answer = b"".join((face.head, date, face.body if start == 4 else b""))
        views = entry.views if start == 4 and head.is_a_readers else NOBODYS
        self.second.remember(data, entry, answer, views)
        return entry, answer, views

    def _is_free(self) -> bool:
        """Whether nothing is being answered, and what was answered has been taken."""
        return (self.cycle is None or self.cycle.response_complete) and not self.flow.write_paused

    # Manners: what uvicorn's parser lets pass

    def on_message_begin(self) -> None:
        self._in_message = self._in_head = True
        self._hosts = self._head_bytes = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        if self._head_bytes + len(self.url) > LONGEST_HEAD:
            self._raise(431, "The head of this request is too long.")
        self._hosts += name.lower() == b"host"
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        version = self.parser.get_http_version()
        if version not in {"1.0", "1.1"}:
            self._raise(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
        if self._hosts > 1 or (self._hosts == 0 and version == "1.1"):  # RFC 9112, 3.2
            self._raise(400, "A request names one host.")
        if version == "1.0" and any(name == b"transfer-encoding" for name, _ in self.headers):  # RFC 9112, 6.1
            self._raise(400, "HTTP/1.0 knows no transfer codings.")
        if not self.url.startswith(b"/"):  # nor are we a proxy: a second host beside Host is one too many
            self._raise(400, "A request names a path.")
        self._in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._active = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_message = False
        self._active = True
        super().on_message_complete()

    def _raise(self, status: int, words: str) -> None:
        """Refuse from within a callback of the parser, which stops there."""
        self._refused = Refused(status, words)
        raise self._refused

    def _refuse(self, refused: Refused) -> None:
        self._refused = refused
        self.send_400_response(refused.words)

    def send_400_response(self, msg: str) -> None:
        refused = self._refused or Refused(400, msg)
        if self.transport.is_closing():
            return
        body = f"{refused.words}\n".encode()
        head = [
            STATUS_LINE[refused.status],
            b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n" % len(body),
            self.second.date(time.time()),
        ]
        self.transport.write(b"".join([*head, body]))
        self.transport.close()

    # Patience: slow clients are shown out

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._look = self.loop.call_later(LOOK_SECONDS, self._look_after_it)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def timeout_keep_alive_handler(self) -> None:
        """Uvicorn's timer knows nothing of ready answers; `_look_after_it` ends what is idle."""

    def _look_after_it(self) -> None:
        active, self._active = self._active, False
        unread = self.transport.get_write_buffer_size()
        if self._patience.is_over(self._standing(), active=active, unread=unread):
            self._end()
        else:
            self._look = self.loop.call_later(LOOK_SECONDS, self._look_after_it)

    def _standing(self) -> Standing:
        if self._in_head:
            return Standing.HEAD
        if self._in_message:
            return Standing.BODY
        return Standing.IDLE if self._is_free() else Standing.ANSWERING

    def _end(self) -> None:
        if self._in_head:
            self._refuse(Refused(408, "This request took too long to arrive."))
        elif self.flow.write_paused or self._in_message:
            self.transport.abort()
        else:
            self.transport.close()


def protocol_for(site: Front, hosts: frozenset[bytes], *, behind_tls: bool) -> type[Protocol]:
    """The protocol of a site known by `hosts`, as they stand in the Host header, in lower case."""
    known = {"front": site, "reader": Reader(hosts, behind_tls=behind_tls), "second": Second()}
    return type("SiteProtocol", (Protocol,), known)


def _is_known(head: Head, entry: Entry, face: Face) -> bool:
    """Whether the reader has this very page already (RFC 9110, 13.2.2)."""
    if entry.status != 200:
        return False
    return face.tag in head.none_match if head.none_match else entry.modified == head.modified_since
