"""Pages for when something is not there, or went wrong."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from tocsin.audience.queries import publication
from tocsin.web import queries, searching
from tocsin.web.look import look
from tocsin.web.presentation import cards

SUGGESTIONS = 4


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """404, with a search form and the latest posts: somebody came here to read."""
    latest = list(queries.listed(queries.posts(publication().language))[:SUGGESTIONS])
    return render(
        request, "web/404.html", {"cards": cards(latest, request), "asked": searching.question({})}, status=404
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500. Asks nothing of the database, which may be the trouble."""
    request.tocsin_look = look()  # type: ignore[attr-defined]
    return HttpResponse(render_to_string("web/500.html", {"look": look()}), status=500)
