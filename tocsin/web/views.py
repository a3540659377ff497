"""Pages that are not pages of the tree: topics and authors."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from tocsin.content.models import Author, Topic
from tocsin.web import languages, queries, searching
from tocsin.web.lists import listing
from tocsin.web.presentation import people


def topic(request: HttpRequest, slug: str) -> HttpResponse:
    """The posts of one topic."""
    found = get_object_or_404(Topic, slug=slug)
    posts = listing(queries.about(found, languages.current()), request)
    return render(request, "web/topic.html", {"topic": found, "listing": posts})


def author(request: HttpRequest, slug: str) -> HttpResponse:
    """One author and their posts."""
    found = get_object_or_404(Author.objects.select_related("picture"), slug=slug)
    posts = listing(queries.by_author(found, languages.current()), request)
    [person] = people([found])
    return render(request, "web/author.html", {"person": person, "listing": posts})


def search(request: HttpRequest) -> HttpResponse:
    """Full-text search. Raises Http404 for a page of the results that is not there."""
    language, asked = languages.current(), searching.question(request.GET.dict())
    found = searching.results(asked, language, request.GET.get("page", "1"), request)
    context = {
        "asked": asked,
        "listing": found,
        "topics": searching.topics(language),
        "years": searching.years(language),
        "unfiltered": asked.query(filtered=False),
    }
    return render(request, "web/search.html", context)
