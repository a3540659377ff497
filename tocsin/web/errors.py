"""Pages for when something is not there, or went wrong."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy

from tocsin.web import languages, queries, searching
from tocsin.web.look import look
from tocsin.web.presentation import cards

SUGGESTIONS = 4
OUR_FAULT = (
    gettext_lazy("Something went wrong on our side"),
    gettext_lazy(
        "The page could not be made. It is not your doing, and it has been noted here. Please try again in a minute."
    ),
)
AWAY = (
    gettext_lazy("This page cannot be made right now"),
    gettext_lazy(
        "Something we need is out of reach for the moment. It has been noted here. Please try again in a minute."
    ),
)
NOT_FROM_HERE = (
    gettext_lazy("That could not be done"),
    gettext_lazy(
        "What was sent did not come from a page of this site, or the page was open for too long. Nothing was changed. "
        "Go back, load the page again and try once more."
    ),
)
RETRY_SECONDS = 30


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """404, with a search form and the latest posts: somebody came here to read."""
    latest = list(queries.listed(queries.posts(languages.current()))[:SUGGESTIONS])
    return render(
        request, "web/404.html", {"cards": cards(latest, request), "asked": searching.question({})}, status=404
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500; 503 when it is the database that is away, which the page cache bridges. Asks nothing of the database."""
    request.tocsin_look = look()  # type: ignore[attr-defined]
    if isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        return HttpResponse(sorry(*AWAY), status=503, headers={"Retry-After": str(RETRY_SECONDS)})
    return HttpResponse(sorry(*OUR_FAULT), status=500)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django passes it
    """403: a form without its token, or a request that only forms may make."""
    request.tocsin_look = look()  # type: ignore[attr-defined]
    return HttpResponse(sorry(*NOT_FROM_HERE), status=403)


def sorry(title: str | Promise, *lines: str | Promise) -> str:
    """A page that needs nothing but itself."""
    return render_to_string(
        "web/sorry.html", {"look": look(), "title": title, "lines": lines, "language": get_language()}
    )
