"""What a feed holds, in no format yet: one page of posts with their full text.

A post's id is made of its translation key, so it survives a new slug, a new domain and a restored database. Feeds
are paged as RFC 5005 section 3 has it: `?page=2` has the posts before those of the first page.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import InvalidPage, Page, Paginator
from django.http import Http404, HttpRequest
from django.template.loader import render_to_string
from lxml import html
from wagtail.query import PageQuerySet

from tocsin.content.models import PostPage
from tocsin.web import queries
from tocsin.web.body import body
from tocsin.web.pictures import Shape, picture

PAGE_SIZE = 20
ONLY_ON_THE_SITE = (
    *("srcset", "sizes", "loading", "decoding", "fetchpriority"),
    *("class", "id", "role", "tabindex", "aria-label", "aria-labelledby"),
)
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that no XML 1.0 document may contain."""


@dataclass(frozen=True)
class Source:
    """Whose posts a feed has. `page_path` is the page people read them on."""

    title: str
    description: str
    language: str
    page_path: str
    posts: PageQuerySet


@dataclass(frozen=True)
class Entry:
    """One post. All URLs are absolute."""

    id: str
    url: str
    title: str
    summary: str
    html: str
    published: datetime
    updated: datetime
    language: str
    authors: Sequence[tuple[str, str]]  # name, URL
    topics: Sequence[str]
    image: str


@dataclass(frozen=True)
class FeedPage:
    """One page of a feed. The links are absolute and empty where there is no such page."""

    title: str
    description: str
    language: str
    page_url: str
    own_url: str
    first_url: str
    last_url: str
    newer_url: str
    older_url: str
    entries: Sequence[Entry]

    @property
    def updated(self) -> datetime | None:
        """When the latest change of these posts was; None without posts."""
        return max((entry.updated for entry in self.entries), default=None)


def feed_page(source: Source, request: HttpRequest, site_url: str) -> FeedPage:
    """The page of a feed that `?page=` asks for. Raises Http404 for one that is not there."""
    paginator = Paginator(source.posts.select_related("lead_image"), PAGE_SIZE)
    try:
        page = paginator.page(request.GET.get("page", "1"))
    except InvalidPage as error:
        raise Http404("no such page of this feed") from error
    own = site_url + request.path
    return FeedPage(
        title=_clean(source.title),
        description=_clean(source.description),
        language=source.language,
        page_url=site_url + source.page_path,
        own_url=_page_url(own, page.number),
        first_url=own,
        last_url=_page_url(own, paginator.num_pages),
        newer_url=_page_url(own, page.number - 1) if page.has_previous() else "",
        older_url=_page_url(own, page.number + 1) if page.has_next() else "",
        entries=_entries(page, request, site_url),
    )


def _page_url(own: str, number: int) -> str:
    return f"{own}?page={number}" if number > 1 else own


def _entries(page: "Page[PostPage]", request: HttpRequest, site_url: str) -> list[Entry]:
    posts = list(page)
    topics, authors = queries.topics_of(posts), queries.authors_of(posts)
    return [
        Entry(
            id=f"urn:uuid:{post.translation_key}",
            url=site_url + (post.get_url(request) or ""),
            title=_clean(post.title),
            summary=_clean(post.summary),
            html=_clean(full_text(post, site_url + (post.get_url(request) or "/"))),
            published=post.first_published_at,
            updated=post.last_published_at,
            language=post.locale.language_code,
            authors=[(_clean(each.name), site_url + each.get_absolute_url()) for each in authors.get(post.pk, [])],
            topics=[_clean(topic.name) for topic in topics.get(post.pk, [])],
            image=_image(post, site_url),
        )
        for post in posts
    ]


def _image(post: PostPage, site_url: str) -> str:
    lead = picture(post.lead_image, Shape.FEED, "")
    return site_url + lead.src if lead else ""


def full_text(post: PostPage, url: str) -> str:
    """A post's picture and text as HTML that works anywhere: every link in it is absolute."""
    lead = picture(post.lead_image, Shape.FEED, post.lead_image_alt, credit=post.lead_image_credit)
    parts = [render_to_string("web/blocks/picture.html", {"value": lead})] if lead else []
    parts += [render_to_string(piece.template, {"value": piece.value}) for piece in body(post)]
    tree = html.fragment_fromstring("".join(parts), create_parent="div")
    tree.make_links_absolute(url, handle_failures="ignore")  # a footnote's own address is that on the post's page
    for element in tree.iter():
        for name in ONLY_ON_THE_SITE:
            element.attrib.pop(name, None)
    return str(html.tostring(tree, encoding="unicode"))


def _clean(text: str) -> str:
    return NOT_XML.sub("", text)
