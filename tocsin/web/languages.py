"""Which languages the site speaks, and which one an address is in: the publication's without a prefix, others below `/de/`.

The language of an answer follows from its address alone: no cookie, no Accept-Language, so nothing varies by them.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.urls import LocalePrefixPattern, URLPattern, URLResolver, clear_url_caches
from django.utils import translation

from tocsin.audience.models import Publication
from tocsin.content.models import StreamPage

KEPT_SECONDS: Final = 2.0
"""How long another process may not know of a language that was added. This one is told, see `apps.py`."""


@dataclass(frozen=True)
class Spoken:
    """The publication's own language, and all that have a stream of posts."""

    main: str
    all: frozenset[str]

    def prefix(self, language: str | None) -> str:
        """What addresses in `language` begin with; nothing for the main one, and for one the site does not speak."""
        return "" if language in {None, self.main} or language not in self.all else f"{language}/"


_ENGLISH: Final = Spoken(settings.LANGUAGE_CODE, frozenset({settings.LANGUAGE_CODE}))
_known: tuple[Spoken, float] = (_ENGLISH, 0.0)


def spoken() -> Spoken:
    """The languages of this site. While the database is away: those that were known last."""
    global _known  # noqa: PLW0603 - read once for many requests
    before, until = _known
    if time.monotonic() < until:
        return before
    try:
        now = _read()
    except DatabaseError:
        return before
    if now != before:
        clear_url_caches()  # Django keeps the prefix of each language
    _known = (now, time.monotonic() + KEPT_SECONDS)
    return now


def current() -> str:
    """The language that is spoken here and now."""
    return translation.get_language() or spoken().main


def understood(language: str) -> str:
    """`language` if the interface is translated into it, or else the one that is spoken here and now."""
    return language if language in dict(settings.LANGUAGES) else current()


def offered(language: str) -> list[tuple[str, str]]:
    """The languages a reader of `language` may choose: those of the site and their own, each with its name in itself."""
    wanted = spoken().all | {understood(language)}
    return [(code, name) for code, name in settings.LANGUAGES if code in wanted]


def known() -> str:
    """The publication's language as it was known last, without asking the database."""
    return _known[0].main


def forget(**_: Any) -> None:
    """Look anew next time."""
    global _known  # noqa: PLW0603
    _known = (_known[0], 0.0)


def _read() -> Spoken:
    main = Publication.objects.values_list("language", flat=True).first() or settings.LANGUAGE_CODE
    streams = StreamPage.objects.live().order_by().values_list("locale__language_code", flat=True)
    return Spoken(main, frozenset({main, *streams}))


class Prefix(LocalePrefixPattern):
    """Django's pattern for a language's prefix, but which language has none is not known before the publication is."""

    @property
    def language_prefix(self) -> str:
        return spoken().prefix(translation.get_language())

    @property
    def regex(self) -> re.Pattern[str]:
        return re.compile(re.escape(self.language_prefix))


def in_every_language(*patterns: URLPattern | URLResolver) -> list[URLPattern | URLResolver]:
    """Addresses that exist once in each language the site speaks."""
    return [URLResolver(Prefix(prefix_default_language=False), list(patterns))]


class LanguageOfTheAddress:
    """Middleware: speaks the language the address is in. The main one has one address, without its prefix."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        site, prefix = spoken(), request.path_info[1:].partition("/")[0]
        if prefix == site.main and request.method in {"GET", "HEAD"}:
            rest = request.get_full_path().removeprefix(f"/{prefix}").lstrip("/")  # `//` would name another host
            return HttpResponsePermanentRedirect(f"/{rest}", headers={"Cache-Control": "no-cache"})
        language = prefix if prefix in site.all else site.main
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", current())
            return response
