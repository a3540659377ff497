"""Django, in a few threads that stay: their database connections stay with them, and no flood of requests makes more.

Django's own ASGI handler starts a thread and a connection for every request, and takes bodies of any size.
Work is done in *rooms*, so that those who ask for pages that do not exist, or send forms in heaps, keep neither readers
nor the newsroom waiting. A room's queue is bounded: who comes when it is full is told to come back.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from typing import IO, Any, TypeVar

from django.core import signals
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.http import HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix
from wagtail.models import Site

from tocsin.web.furniture import FURNITURE, furniture
from tocsin.web.serving.asgi import Headers, Scope, Send

T = TypeVar("T")


class Full(Exception):  # noqa: N818 - reads as a fact
    """Too many wait in this room already."""


@dataclass(frozen=True)
class Size:
    """How many work in a room at once, and how many may wait. No two rooms are equal, or Enum would make them one."""

    purpose: str
    threads: int
    waiting: int


class Room(Enum):
    """Who is served where."""

    PAGES = Size("pages that were there a moment ago", threads=2, waiting=512)
    STRANGERS = Size("addresses not seen yet: new posts, and what does not exist", threads=1, waiting=256)
    PICTURES = Size("pictures, which are made when first asked for", threads=1, waiting=256)
    FORMS = Size("what readers send, and what is one person's own", threads=2, waiting=128)
    NEWSROOM = Size("editors", threads=3, waiting=128)


class Workers:
    """The rooms and their threads, which are started when there is work."""

    def __init__(self) -> None:
        self._threads = {room: ThreadPoolExecutor(room.value.threads, f"tocsin-{room.name.lower()}") for room in Room}
        self._inside = dict.fromkeys(Room, 0)

    async def run(self, room: Room, work: Callable[..., T], *arguments: Any) -> T:
        """Do `work` in a thread of `room`. Raises Full."""
        if self._inside[room] >= room.value.threads + room.value.waiting:
            raise Full(room.name)
        self._inside[room] += 1
        try:
            return await self.go_on(room, work, *arguments)
        finally:
            self._inside[room] -= 1

    async def go_on(self, room: Room, work: Callable[..., T], *arguments: Any) -> T:
        """Do what belongs to work that was let in already."""
        return await asyncio.get_running_loop().run_in_executor(self._threads[room], work, *arguments)

    def close(self) -> None:
        """Start nothing more."""
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True)
class Answer:
    """What Django answered. `stream` is what is yet to be read, piece by piece, and then closed."""

    status: int
    headers: Headers
    content: bytes
    stream: HttpResponseBase | None = None

    def header(self, name: bytes) -> bytes:
        """The value of a header, or nothing."""
        return next((value for each, value in self.headers if each == name), b"")


class Django(BaseHandler):
    """Django's middleware and views, called from a thread."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware(is_async=False)

    def respond(self, scope: Scope, body: IO[bytes]) -> Answer:
        """Answer one request."""
        set_script_prefix("/")
        signals.request_started.send(sender=type(self), scope=scope)
        try:
            response: HttpResponseBase = self.get_response(_request(scope, body))
        except UnicodeDecodeError:  # of the path or the query
            response = HttpResponseBadRequest()
        if not isinstance(response, HttpResponse):
            return Answer(response.status_code, _headers(response), b"", response)
        answer = Answer(response.status_code, _headers(response), response.content)
        response.close()
        return answer


def _request(scope: Scope, body: IO[bytes]) -> ASGIRequest:
    """The request as Django has it; one of the page cache finds the site it belongs to already known."""
    request = ASGIRequest(scope, body)
    if FURNITURE in scope:
        found = furniture(request, "site", lambda: Site.find_for_request(request))
        vars(request)["_wagtail_site"] = found  # where Wagtail itself keeps it
    return request


async def send_answer(answer: Answer, send: Send, workers: Workers, room: Room) -> None:
    """Send what Django answered; a file is read piece by piece, in the room's threads."""
    try:
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        if answer.stream is not None:
            pieces = iter(answer.stream)
            while (piece := await workers.go_on(room, next, pieces, None)) is not None:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": answer.content})
    finally:
        if answer.stream is not None:
            await workers.go_on(room, answer.stream.close)


def _headers(response: HttpResponseBase) -> Headers:
    written = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    cookies = [
        (b"set-cookie", morsel.output(header="").strip().encode("ascii")) for morsel in response.cookies.values()
    ]
    return written + cookies
