"""Renders a page for everybody: Django is asked in a neutral request, without anything of the reader who came first.

So nothing personal can get into what is shared. And what Django answers is only shared if it says nothing against it:
no cookie, not private, not varying by anything but the coding.
"""

import io
import re
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from django.db import InterfaceError, OperationalError
from django.utils import timezone
from wagtail.models import Site

from tocsin.web import languages, queries
from tocsin.web.cache.entries import Entry, Rendered
from tocsin.web.cache.generation import Generation
from tocsin.web.cache.remarks import REMARKS, Remarks
from tocsin.web.cache.tally import Tally
from tocsin.web.cache.targets import Target
from tocsin.web.furniture import FURNITURE
from tocsin.web.serving.asgi import Scope
from tocsin.web.serving.threads import Answer, Django

FOR_EVERYBODY: Final = frozenset(
    {
        HTTPStatus.OK,
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.PERMANENT_REDIRECT,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.GONE,
    }
)
PERSONAL: Final = (b"private", b"no-store")
OF_ONE_ANSWER: Final = frozenset({b"content-length", b"date", b"etag", b"vary", b"content-encoding"})
MAX_AGE: Final = re.compile(rb"max-age=(\d+)")
FOREVER: Final = float("inf")


class Broken(Exception):  # noqa: N818 - reads as a fact
    """Making the page failed, and Django logged why."""


class Unavailable(Broken):
    """The page cannot be made now: the database is away."""


@dataclass(frozen=True)
class Surroundings:
    """What the pages of one generation share, `until` (seconds since the epoch) the clock alone changes it."""

    generation: int
    until: float
    furniture: dict[str, Any] = field(default_factory=dict)


class Renderer:
    """Asks Django for pages. Used in threads."""

    def __init__(self, django: Django, generation: Generation, tally: Tally, host: str, *, behind_tls: bool) -> None:
        self._django = django
        self._generation = generation
        self._tally = tally
        self._host = host.encode("ascii")
        self._behind_tls = behind_tls
        self._roots_of = -1
        self._around = Surroundings(-1, 0.0)

    def render(self, target: Target, key: bytes, *, secure: bool) -> Entry | None:
        """The page, or None if it is not one for everybody. Raises Broken, or more exactly Unavailable."""
        generation, recalls = self._generation.now, self._generation.recalls  # before, never after
        self._forget_roots(generation)
        said = Remarks()
        try:
            around = self._surroundings(generation)
            scope = {**self._scope(target, around, secure=secure), REMARKS: said}
            answer = self._django.respond(scope, io.BytesIO())
        except (OperationalError, InterfaceError) as error:
            raise Unavailable from error
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unavailable if answer.status == HTTPStatus.SERVICE_UNAVAILABLE else Broken
        rendered = _for_everybody(answer)
        if rendered is None:
            return None
        until = min(around.until, time.time() + min(_lifetime(rendered), said.lifetime))
        views = self._tally.of(said.post)
        return Entry(key, rendered, generation=generation, recalls=recalls, until=until, views=views)

    def _surroundings(self, generation: int) -> Surroundings:
        """What is the same for all pages of `generation`, until the next alert ends."""
        now = timezone.now()
        if self._around.generation != generation or self._around.until <= now.timestamp():
            end = queries.next_end_of_an_alert(now)
            self._around = Surroundings(generation, end.timestamp() if end is not None else FOREVER)
        return self._around

    def _forget_roots(self, generation: int) -> None:
        """Wagtail remembers for an hour, in each process, where sites begin; another process may have moved one."""
        if generation != self._roots_of:
            self._roots_of = generation
            Site.clear_site_root_paths_cache()
            languages.forget()

    def _scope(self, target: Target, around: Surroundings, *, secure: bool) -> Scope:
        headers = [(b"host", self._host)]
        if self._behind_tls and secure:
            headers.append((b"x-forwarded-proto", b"https"))
        return {
            "type": "http",
            "method": "GET",
            "path": target.path,
            "raw_path": target.raw_path,
            "query_string": target.query.encode(),
            "root_path": "",
            "scheme": "http",
            "headers": headers,
            "client": None,
            "server": None,
            FURNITURE: around.furniture,
        }


def _lifetime(rendered: Rendered) -> float:
    """Seconds for which a view says its answer holds; without a word, for ever: until something changes."""
    stated = MAX_AGE.search(rendered.header(b"cache-control"))
    return float(stated[1]) if stated else FOREVER


def _for_everybody(answer: Answer) -> Rendered | None:
    if answer.status not in FOR_EVERYBODY or answer.stream is not None or answer.header(b"set-cookie"):
        return None
    policy = answer.header(b"cache-control").lower()
    varies = {name.strip() for name in answer.header(b"vary").lower().split(b",")} - {b"", b"accept-encoding"}
    if varies or any(word in policy for word in PERSONAL):
        return None
    kept = [(name, value) for name, value in answer.headers if name not in OF_ONE_ANSWER]
    return Rendered(answer.status, kept, answer.content, answer.header(b"etag"))
