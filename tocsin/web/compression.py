"""Pages leave compressed, by brotli where the browser takes it, so that a text post fits the first flight (14,000 bytes).

The newsroom is left alone: its pages carry tokens, and compression beside secrets is how BREACH reads them.
"""

import gzip
from collections.abc import Callable
from enum import IntEnum

import brotli
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from tocsin.web.security import NEWSROOM

COMPRESSIBLE = (
    "text/",
    "application/atom+xml",
    "application/feed+json",
    "application/json",
    "application/manifest+json",
    "application/rss+xml",
    "application/xml",
    "image/svg+xml",
)
BROTLI_QUALITY = 5
GZIP_LEVEL = 6
WORTH_IT = 500
"""Smaller bodies do not get smaller on the wire."""


class Coding(IntEnum):
    """A content coding (RFC 9110, 8.4.1). A number, because the page cache looks answers up by it."""

    BROTLI = 0
    GZIP = 1
    IDENTITY = 2

    @property
    def token(self) -> str:
        """Its name on the wire."""
        return ("br", "gzip", "identity")[self]


def preferred(accepted: str) -> Coding:
    """The best coding an Accept-Encoding allows (RFC 9110, 12.5.3)."""
    named = {coding.strip(): _is_refused(weight) for coding, _, weight in _parts(accepted)}
    for coding in (Coding.BROTLI, Coding.GZIP):
        if not named.get(coding.token, named.get("*", True)):
            return coding
    return Coding.IDENTITY


def compressed(content: bytes, coding: Coding) -> bytes:
    """`content` in that coding."""
    if coding is Coding.BROTLI:
        packed: bytes = brotli.compress(content, quality=BROTLI_QUALITY)
        return packed
    return gzip.compress(content, GZIP_LEVEL, mtime=0) if coding is Coding.GZIP else content


def is_compressible(content_type: str, size: int) -> bool:
    """Whether such a body gets smaller."""
    return content_type.startswith(COMPRESSIBLE) and size >= WORTH_IT


class Compression:
    """Middleware that compresses what is text and public. What the page cache holds, it compresses itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if (
            request.path.startswith(NEWSROOM)
            or response.streaming
            or "Content-Encoding" in response.headers
            or not is_compressible(response.headers.get("Content-Type", ""), len(response.content))
        ):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        coding = preferred(request.headers.get("Accept-Encoding", ""))
        if coding is not Coding.IDENTITY:
            response.content = compressed(response.content, coding)
            response.headers["Content-Encoding"] = coding.token
            response.headers["Content-Length"] = str(len(response.content))
        return response


def _parts(accepted: str) -> list[tuple[str, str, str]]:
    return [part.partition(";") for part in accepted.lower().split(",")]


def _is_refused(weight: str) -> bool:
    return weight.strip().replace(" ", "") in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
