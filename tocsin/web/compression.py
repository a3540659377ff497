"""Pages leave compressed, by brotli where the browser takes it, so that a text post fits the first flight (14,000 bytes).

The newsroom is left alone: its pages carry tokens, and compression beside secrets is how BREACH reads them.
"""

from collections.abc import Callable

import brotli
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from tocsin.web.security import NEWSROOM

COMPRESSIBLE = ("text/", "application/rss+xml", "image/svg+xml")
QUALITY = 5
WORTH_IT = 500
"""Smaller bodies do not get smaller on the wire."""


class Brotli:
    """Middleware that compresses what is text and public."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not _is_compressible(request, response):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        if _takes_brotli(request.headers.get("Accept-Encoding", "")):
            response.content = brotli.compress(response.content, quality=QUALITY)
            response.headers["Content-Encoding"] = "br"
            response.headers["Content-Length"] = str(len(response.content))
        return response


def _is_compressible(request: HttpRequest, response: HttpResponse) -> bool:
    return (
        not request.path.startswith(NEWSROOM)
        and not response.streaming
        and "Content-Encoding" not in response.headers
        and response.headers.get("Content-Type", "").startswith(COMPRESSIBLE)
        and len(response.content) >= WORTH_IT
    )


def _takes_brotli(accepted: str) -> bool:
    """Whether Accept-Encoding (RFC 9110, 12.5.3) names br and does not refuse it with a weight of nothing."""
    for part in accepted.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() == "br":
            return weight.strip().replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
