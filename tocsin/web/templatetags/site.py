"""What the site's templates ask for: pages made ready, and dates in the publication's time zone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import template
from django.forms import BoundField
from django.template import RequestContext
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from tocsin.content import phrases
from tocsin.content.footnotes import Note
from tocsin.content.models import PlainPage, PostPage, StreamPage
from tocsin.web import body, sharing, structured
from tocsin.web.alternates import Alternate
from tocsin.web.body import Piece
from tocsin.web.context import Site
from tocsin.web.feeds.formats import FORMATS
from tocsin.web.lists import Listing, stream
from tocsin.web.presentation import Article, Person
from tocsin.web.sharing import Share

register = template.Library()


@register.simple_tag(takes_context=True)
def present(context: RequestContext, post: PostPage) -> Article:
    """Everything the page of `post` shows."""
    site: Site = context["site"]
    return site.article(post)


@register.simple_tag(takes_context=True)
def present_body(context: RequestContext, page: PlainPage) -> Sequence[Piece]:
    """The blocks of a page that is no news."""
    site: Site = context["site"]
    return site.pieces(page)


@register.filter
def back_links(note: Note) -> list[tuple[str, str]]:
    """Where the links after a footnote lead, and what they are called."""
    return body.back_links(note)


@register.simple_tag(takes_context=True)
def present_stream(context: RequestContext, page: StreamPage) -> Listing:
    """The page of the stream that the request asks for. Raises Http404 past its end."""
    return stream(page, context["request"])


@register.simple_tag(takes_context=True)
def news_article(context: RequestContext, article: Article) -> SafeString:
    """The NewsArticle of schema.org and where it stands, as JSON that is safe inside a script element."""
    return structured.news_article(article, context["site"])


@register.simple_tag(takes_context=True)
def organization(context: RequestContext) -> SafeString:
    """The publication as schema.org knows it, as JSON that is safe inside a script element."""
    return structured.organization(context["site"])


@register.simple_tag(takes_context=True)
def alternates(context: RequestContext) -> Sequence[Alternate]:
    """The page in every language it exists in; empty if it exists in one only."""
    site: Site = context["site"]
    return site.alternates(context.get("page"))


@register.simple_tag(takes_context=True)
def shares(context: RequestContext, article: Article) -> Sequence[Share]:
    """Links that share the post."""
    site: Site = context["site"]
    return sharing.shares(article.post.title, site.url + article.url)


@register.simple_tag
def feed_links(folder: str, title: str) -> SafeString:
    """`<link>`s by which feed readers find the feeds below `folder`, the path of the page they belong to."""
    rows = [(chosen.content_type, title, folder, file) for file, chosen in FORMATS.items()]
    return format_html_join("\n", '<link rel="alternate" type="{}" title="{}" href="{}{}">', rows)


@register.simple_tag
def byline(people: Sequence[Person]) -> SafeString:
    """The names of authors, each leading to their page: A, B and C."""
    link = '<a rel="author" href="{}">{}</a>'
    names = [format_html(link, person.author.get_absolute_url(), person.author.name) for person in people]
    return mark_safe(phrases.listed(names))  # noqa: S308 - made of links that were escaped


@register.simple_tag(takes_context=True)
def day(context: RequestContext, moment: datetime | None) -> SafeString:
    """`<time>` with the day."""
    return _time(context, moment, phrases.day)


@register.simple_tag(takes_context=True)
def moment(context: RequestContext, moment: datetime | None) -> SafeString:
    """`<time>` with the day, the time and the zone."""
    return _time(context, moment, phrases.day_and_hour)


@dataclass(frozen=True)
class Options:
    """Some options of a `<select>`; `name` is empty for those that stand alone, `chosen` is the value chosen of all."""

    name: str
    options: Sequence[tuple[str, str]]
    chosen: str


@register.filter
def option_groups(field: BoundField) -> list[Options]:
    """The options of a choice field, grouped as its choices are."""
    chosen = str(field.value() or "")
    choices: Any = getattr(field.field, "choices", ())
    return [
        Options(str(value), text, chosen) if isinstance(text, list) else Options("", [(value, text)], chosen)
        for value, text in choices
    ]


def _time(context: RequestContext, moment: datetime | None, say: Callable[[datetime], str]) -> SafeString:
    if moment is None:
        return SafeString("")
    try:
        zone = ZoneInfo(context["site"].publication.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    local = moment.astimezone(zone)
    return format_html(
        '<time datetime="{}">{}</time>',
        local.isoformat(timespec="minutes"),
        say(local),
    )
