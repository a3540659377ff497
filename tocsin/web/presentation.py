"""Posts made ready for templates: everything a page shows, read in a bounded number of queries.

Templates ask through the tags of `templatetags/site.py`, so that a preview in the newsroom shows the same page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.utils import timezone

from tocsin.audience.models import Publication
from tocsin.content.models import Author, MenuItem, Note, PostPage, Topic
from tocsin.web import drawings, queries
from tocsin.web.alerts import Alert, alert
from tocsin.web.beside import beside
from tocsin.web.body import Piece, body
from tocsin.web.cache.remarks import remarks
from tocsin.web.furniture import furniture
from tocsin.web.pictures import Picture, Shape, picture

ANNOUNCED = 3
"""How many alerts in force a page announces at most."""

VIEWS_SECONDS = 600
"""How old the number of views on a page may be."""

RELATED = 3
HEADINGS_THAT_NEED_CONTENTS = 3


@dataclass(frozen=True)
class Link:
    """A post named in passing."""

    title: str
    url: str


@dataclass(frozen=True)
class Card:
    """A post in a list."""

    title: str
    url: str
    post: PostPage
    topics: Sequence[Topic]
    picture: Picture | None
    alert: Alert | None


@dataclass(frozen=True)
class Person:
    """An author with their picture."""

    author: Author
    face: Picture | None


@dataclass(frozen=True)
class Article:
    """A post on its own page."""

    post: PostPage
    url: str
    topics: Sequence[Topic]
    people: Sequence[Person]
    picture: Picture | None
    social: str
    body: Sequence[Piece]
    alert: Alert | None
    earlier: Sequence[Link]
    later: Sequence[Link]
    before: Link | None
    after: Link | None
    related: Sequence[Link]
    notes: Sequence[Note]
    views: int

    @property
    def corrected_at(self) -> datetime | None:
        """When it was last corrected; None if it never was."""
        return max((note.noted_at for note in self.notes if note.kind == Note.Kind.CORRECTION), default=None)

    @property
    def contents(self) -> Sequence[Piece]:
        """The headings, as a table of contents; empty when there are too few to need one."""
        headings = [piece for piece in self.body if piece.kind == "heading" and piece.anchor]
        return headings if len(headings) >= HEADINGS_THAT_NEED_CONTENTS else ()

    @property
    def is_updated(self) -> bool:
        """Whether it was published again after its first time."""
        first, last = self.post.first_published_at, self.post.last_published_at
        return first is not None and last is not None and last > first


def cards(found: Sequence[PostPage], request: HttpRequest, *, feature: bool = False) -> list[Card]:
    """Posts of a list, in four queries for any number; with `feature` the first has a large picture."""
    topics, follow_ups, now = queries.topics_of(found), queries.follow_ups(found), timezone.now()
    return [
        Card(
            title=post.title,
            url=post.get_url(request) or "",
            post=post,
            topics=topics.get(post.pk, []),
            picture=picture(post.lead_image, Shape.FEATURE if feature and not place else Shape.THUMB, ""),
            alert=alert(post, follow_ups.get(post.pk, []), now),
        )
        for place, post in enumerate(found)
    ]


def announced(language: str, request: HttpRequest) -> list[Card]:
    """The alerts in force that pages announce, and one more: no page announces its own."""
    now = timezone.now()
    found = queries.alerts_in_force(language, now)[: ANNOUNCED + 1]
    return [Card(post.title, post.get_url(request) or "", post, (), None, alert(post, (), now)) for post in found]


def article(post: PostPage, request: HttpRequest, owner: Publication) -> Article:
    """A post as its page shows it: also a draft that was never published."""
    earlier, later = queries.chain(post) if post.kind == PostPage.Kind.ALERT else ([], [])
    post.locale = furniture(request, f"locale {post.locale_id}", lambda: post.locale)
    topics = list(post.topics.all())
    near = beside(post, topics, RELATED)
    lead = post.lead_image
    authors = post.authors
    return Article(
        post=post,
        url=post.get_url(request) or "",
        topics=topics,
        people=_persons(authors),
        picture=picture(lead, Shape.COVER, post.lead_image_alt, credit=post.lead_image_credit),
        social=_social(post, lead, owner),
        body=body(post),
        alert=alert(post, later, timezone.now()),
        earlier=[_link(each, request) for each in earlier],
        later=[_link(each, request) for each in later],
        before=_link(near.before, request) if near.before else None,
        after=_link(near.after, request) if near.after else None,
        related=[_link(each, request) for each in near.related],
        notes=sorted(post.notes.all(), key=lambda note: note.noted_at),
        views=_views(post, request, owner),
    )


def _views(post: PostPage, request: HttpRequest, owner: Publication) -> int:
    """How often it was read, if readers are shown that, else 0. It is as old as the page, and the page gets no older."""
    said = remarks(request)
    said.post = post.pk
    if not owner.shows_views:
        return 0
    said.lifetime = VIEWS_SECONDS
    return post.views


def _social(post: PostPage, lead: Any, owner: Publication) -> str:
    """The path of the picture that stands for a post elsewhere: its own, or a card with its title; empty if neither."""
    own = picture(lead, Shape.SOCIAL, "")
    return own.src if own else drawings.card_path(post, owner)


def menus(request: HttpRequest) -> dict[str, list[Link]]:
    """What the newsroom put into each menu, without pages that are not public."""
    made: dict[str, list[Link]] = {place: [] for place in MenuItem.Place.values}
    for item in queries.menu_items():
        url = item.page.get_url(request) if item.page else item.url
        made[item.place].append(Link(item.label, url or "/"))
    return made


def people(authors: Sequence[Author]) -> list[Person]:
    """Authors with their pictures."""
    prefetch_related_objects(list(authors), "picture")
    return _persons(authors)


def _persons(authors: Sequence[Author]) -> list[Person]:
    return [Person(author, picture(author.picture, Shape.FACE, "")) for author in authors]


def _link(post: PostPage, request: HttpRequest) -> Link:
    return Link(post.title, post.get_url(request) or "")
