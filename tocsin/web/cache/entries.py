"""A page as the cache keeps it: what Django answered, turned into bytes that are ready to be sent. Pure."""

import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from tocsin.web.cache.tally import NOBODYS, Views
from tocsin.web.compression import Coding, compressed, is_compressible

Headers = Sequence[tuple[bytes, bytes]]

ALSO_IN_A_304: Final = frozenset(
    {b"cache-control", b"content-location", b"etag", b"expires", b"last-modified", b"vary"}
)
"""RFC 9110, 15.4.5."""

ASK_AGAIN: Final = (b"cache-control", b"no-cache")
"""Browsers and proxies may keep a page but ask each time whether it still holds: nothing stale after Publish."""

OVERHEAD: Final = 3_000
"""Bytes an entry takes in memory besides its bodies, roughly: its heads and the objects around them."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What Django answered for a page, without what belongs to one coding. `etag`: the view's own, or nothing."""

    status: int
    headers: Headers
    body: bytes
    etag: bytes

    def header(self, name: bytes) -> bytes:
        """The value of one header, or nothing."""
        return next((value for each, value in self.headers if each == name), b"")


@dataclass(frozen=True, slots=True)
class Face:
    """A page in one coding. The heads end before the Date, which is the moment's, and the empty line.

    `tag`: the entity tag without its mark of weakness, as If-None-Match is searched for it.
    """

    headers: Headers
    body: bytes
    tag: bytes
    head: bytes
    head_of_304: bytes


class Entry:
    """One page. It holds for one generation, until the next instant at which the clock alone may change it."""

    __slots__ = (
        *("_rendered", "_zipped", "faces", "generation", "key", "lent", "recalls", "size", "until", "used", "views"),
    )

    def __init__(
        self,
        key: bytes,
        rendered: Rendered,
        *,
        generation: int,
        recalls: int,
        until: float,
        views: Views = NOBODYS,
    ) -> None:
        self.key = key
        self.generation = generation
        self.recalls = recalls
        self.until = until
        self.views = views
        self.used = False
        self.lent = False
        self.faces: list[Face | None] = [None] * len(Coding)
        self._zipped = _zipped(rendered)
        self._rendered = rendered if self._zipped is None else replace(rendered, body=b"")
        self.size = OVERHEAD + len(self._zipped or rendered.body)

    @property
    def status(self) -> int:
        """Its HTTP status."""
        return self._rendered.status

    @property
    def modified(self) -> bytes:
        """Its Last-Modified, or nothing."""
        return self._rendered.header(b"last-modified")

    def holds(self, generation: int, now: float) -> bool:
        """Whether it may be shown at `now` (seconds since the epoch) under `generation`."""
        return self.generation == generation and now < self.until

    def face(self, coding: Coding) -> Face:
        """The page in `coding`, made when first asked for; what does not get smaller goes as it is."""
        made = self.faces[coding]
        if made is None and self._zipped is None:
            made = self._make(Coding.IDENTITY)
            self.faces[:] = [made] * len(Coding)
        elif made is None:
            made = self.faces[coding] = self._make(coding)
            self.size += len(made.body) if coding is not Coding.GZIP else 0
        return made

    def _make(self, coding: Coding) -> Face:
        body = self._body(coding)
        headers = [*self._rendered.headers, (b"content-length", b"%d" % len(body))]
        if coding is not Coding.IDENTITY:
            headers.append((b"content-encoding", coding.token.encode()))
        if self._zipped is not None:
            headers.append((b"vary", b"accept-encoding"))
        if not self._rendered.header(b"cache-control"):
            headers.append(ASK_AGAIN)
        tag = self._tag(body) if self.status == HTTPStatus.OK else b""
        if tag:
            headers.append((b"etag", tag))
        kept = [header for header in headers if header[0] in ALSO_IN_A_304]
        return Face(headers, body, tag.removeprefix(b"W/"), _written(self.status, headers), _written(304, kept))

    def _body(self, coding: Coding) -> bytes:
        if self._zipped is None:
            return self._rendered.body
        return self._zipped if coding is Coding.GZIP else compressed(gzip.decompress(self._zipped), coding)

    def _tag(self, body: bytes) -> bytes:
        """The view's own entity tag, weak because every coding has it; else a strong one of these very bytes."""
        if self._rendered.etag:
            return b"W/" + self._rendered.etag.removeprefix(b"W/")
        return b'"%s"' % hashlib.blake2b(body, digest_size=9).hexdigest().encode()


def _zipped(rendered: Rendered) -> bytes | None:
    """The body as it is kept; None for what does not get smaller."""
    kind = rendered.header(b"content-type").decode("latin-1")
    return compressed(rendered.body, Coding.GZIP) if is_compressible(kind, len(rendered.body)) else None


def _written(status: int, headers: Headers) -> bytes:
    line = b"HTTP/1.1 %d %s\r\n" % (status, HTTPStatus(status).phrase.encode())
    return line + b"".join(b"%s: %s\r\n" % header for header in headers)
