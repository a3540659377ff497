"""Posts and topics as the API gives them: those that anybody may read."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.core.paginator import EmptyPage, Paginator
from django.http import HttpRequest

from tocsin.audience.queries import publication
from tocsin.content.models import Author, PostPage, Topic
from tocsin.lib import config
from tocsin.web import queries
from tocsin.web.elsewhere.api.problems import ROOT, Problem, Trouble
from tocsin.web.elsewhere.api.shapes import Named, Post, Posts, PostSummary, TopicOut
from tocsin.web.feeds.entries import full_text

LIST: Final = f"{ROOT}posts"


def topics() -> list[TopicOut]:
    """All topics by name."""
    site = config.current().site_url
    return [
        TopicOut(slug=each.slug, name=each.name, description=each.description, url=site + each.get_absolute_url())
        for each in Topic.objects.order_by("name")
    ]


def posts(request: HttpRequest, *, topic: str | None, kind: str | None, page: int, per_page: int) -> Posts:
    """A page of posts. Raises Problem for a page or a topic that is not there."""
    found = queries.listed(queries.posts(publication().language))
    if topic is not None:
        found = found.filter(topics=_topic(topic))
    if kind is not None:
        found = found.filter(kind=kind)
    paginator = Paginator(found, per_page)
    try:
        shown = paginator.page(page)
    except EmptyPage as error:
        raise Problem(Trouble.NOT_FOUND, f"The last page is {paginator.num_pages}.") from error

    def address(number: int) -> str:
        query = request.GET.copy()
        query["page"] = str(number)
        return f"{config.current().site_url}{LIST}?{query.urlencode()}"

    return Posts(
        items=_summaries(request, list(shown)),
        page=page,
        pages=paginator.num_pages,
        total=paginator.count,
        next=address(page + 1) if shown.has_next() else None,
        previous=address(page - 1) if shown.has_previous() else None,
    )


def post(request: HttpRequest, post_id: UUID) -> Post:
    """A whole post. Raises Problem."""
    found = queries.posts(publication().language).select_related("lead_image").filter(translation_key=post_id).first()
    if found is None:
        raise Problem(Trouble.NOT_FOUND, "There is no post with this id that anybody may read.")
    [summary] = _summaries(request, [found])
    return Post(**summary.dict(), html=full_text(found, summary.url))


def _topic(slug: str) -> Topic:
    found: Topic | None = Topic.objects.filter(slug=slug).first() if "\0" not in slug else None
    if found is None:
        raise Problem(Trouble.NOT_FOUND, f"There is no such topic. {ROOT}topics lists them.")
    return found


def _summaries(request: HttpRequest, found: Sequence[PostPage]) -> list[PostSummary]:
    site, filed, signed = config.current().site_url, queries.topics_of(found), queries.authors_of(found)
    return [
        PostSummary(
            id=each.translation_key,
            url=site + (each.get_url(request) or ""),
            kind="alert" if each.kind == PostPage.Kind.ALERT else "news",
            title=each.title,
            summary=each.summary,
            language=each.locale.language_code,
            published_at=each.first_published_at,
            updated_at=each.last_published_at,
            topics=_named(filed.get(each.pk, []), site),
            authors=_named(signed.get(each.pk, []), site),
        )
        for each in found
    ]


def _named(each: Sequence[Topic] | Sequence[Author], site: str) -> list[Named]:
    things: Sequence[Any] = each
    return [Named(slug=thing.slug, name=thing.name, url=site + thing.get_absolute_url()) for thing in things]
