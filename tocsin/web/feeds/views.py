"""Answering for a feed: of the site, of a topic, of an author, in any format; 304 to who has it already."""

import hashlib

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from tocsin.audience.queries import publication
from tocsin.content.models import Author, Topic
from tocsin.lib import config
from tocsin.web import languages, queries
from tocsin.web.feeds.entries import Source, feed_page
from tocsin.web.feeds.formats import FORMATS

TITLE = "{} \N{EN DASH} {}"


@require_safe
def of_the_site(request: HttpRequest, file: str) -> HttpResponseBase:
    """The latest posts of all."""
    owner = publication()
    about = owner.tagline or owner.name
    language, page = languages.current(), reverse("wagtail_serve", args=[""])
    return _answer(request, file, Source(owner.name, about, language, page, queries.posts(language)))


@require_safe
def of_a_topic(request: HttpRequest, slug: str, file: str) -> HttpResponseBase:
    """The latest posts filed under a topic."""
    owner, topic = publication(), get_object_or_404(Topic, slug=slug)
    title, posts = TITLE.format(topic.name, owner.name), queries.about(topic, languages.current())
    about = topic.description or title
    return _answer(request, file, Source(title, about, languages.current(), topic.get_absolute_url(), posts))


@require_safe
def of_an_author(request: HttpRequest, slug: str, file: str) -> HttpResponseBase:
    """The latest posts of an author."""
    owner, author = publication(), get_object_or_404(Author, slug=slug)
    title, posts = TITLE.format(author.name, owner.name), queries.by_author(author, languages.current())
    return _answer(request, file, Source(title, title, languages.current(), author.get_absolute_url(), posts))


def _answer(request: HttpRequest, file: str, source: Source) -> HttpResponseBase:
    chosen, page = FORMATS[file], feed_page(source, request, config.current().site_url)
    content = chosen.write(page)
    etag = f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
    changed = int(page.updated.timestamp()) if page.updated else None
    headers = {"ETag": etag, "Cache-Control": "public, max-age=60"}
    if changed is not None:
        headers["Last-Modified"] = http_date(changed)
    response = HttpResponse(content, content_type=f"{chosen.content_type}; charset=utf-8", headers=headers)
    return get_conditional_response(request, etag=etag, last_modified=changed, response=response) or response
