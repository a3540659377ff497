"""Pages for readers."""

from django.http import HttpRequest, HttpResponse


def topic(request: HttpRequest, slug: str) -> HttpResponse:
    """The posts of one topic."""
    raise NotImplementedError


def author(request: HttpRequest, slug: str) -> HttpResponse:
    """One author and their posts."""
    raise NotImplementedError
