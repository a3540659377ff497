"""Answers given before Django is asked: the request is too large, is not for us, or too many wait."""

import asyncio
from contextlib import suppress
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from tocsin.web import languages
from tocsin.web.elsewhere.api.problems import MEDIA_TYPE, ROOT, Problem, Trouble
from tocsin.web.errors import RETRY_SECONDS, sorry
from tocsin.web.look import look
from tocsin.web.security import headers_outside_django
from tocsin.web.serving.asgi import Headers, Receive, Scope, Send

LINGER_SECONDS: Final = 2.0
LINGER_BYTES: Final = 4 * 1024 * 1024
MEGABYTE: Final = 1024 * 1024


async def busy(scope: Scope, send: Send, *, secure: bool) -> None:
    """503: come back soon."""
    if _is_program(scope):
        headers, body = _problem(Trouble.AWAY, secure)
    else:
        with override(languages.known()):
            headers, body = _page(
                sorry(_("Very many people are here just now"), _("Please try again in a moment.")), secure
            )
    headers.append((b"retry-after", b"%d" % RETRY_SECONDS))
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def another_host(send: Send, *, secure: bool) -> None:
    """400: this is not a name of ours."""
    with override(languages.known()):
        headers, body = _page(
            sorry(_("This site has another address"), _("It is not known by the name you asked for.")), secure
        )
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def too_large(scope: Scope, receive: Receive, send: Send, limit: int, *, secure: bool) -> None:
    """413, and nothing more on this connection. What still comes is read for a moment, so that the page arrives."""
    if _is_program(scope):
        headers, body = _problem(Trouble.TOO_LARGE, secure)
    else:
        headers, body = _too_large(limit, secure)
    headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    with suppress(TimeoutError):
        await asyncio.wait_for(_discard(receive), LINGER_SECONDS)
    await send({"type": "http.response.body", "body": b""})


def _is_program(scope: Scope) -> bool:
    """Whether who asks uses the API, where everything that is wrong is said as RFC 9457 has it."""
    return str(scope["path"]).startswith(ROOT)


def _too_large(limit: int, secure: bool) -> tuple[Headers, bytes]:
    size = f"{limit // MEGABYTE} MB" if limit >= MEGABYTE else f"{limit // 1024} KB"
    with override(languages.known()):
        page = sorry(
            _("That was too much at once"), _("At most {size} can be sent here. Nothing was changed.").format(size=size)
        )
    return _page(page, secure)


def _problem(trouble: Trouble, secure: bool) -> tuple[Headers, bytes]:
    return _answer(Problem(trouble).response().content, MEDIA_TYPE, secure)


def _page(content: str, secure: bool) -> tuple[Headers, bytes]:
    return _answer(content.encode(), "text/html; charset=utf-8", secure)


def _answer(body: bytes, media_type: str, secure: bool) -> tuple[Headers, bytes]:
    always = [(name.lower().encode(), value.encode()) for name, value in headers_outside_django(look()).items()]
    if secure:  # RFC 6797, 7.2: never without TLS
        always.append((b"strict-transport-security", b"max-age=%d" % settings.SECURE_HSTS_SECONDS))
    return [
        (b"content-type", media_type.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        *always,
    ], body


async def _discard(receive: Receive) -> None:
    left = LINGER_BYTES
    while left > 0:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return
        left -= len(message.get("body", b""))
