"""What every page of the site needs besides its own subject: the publication, its topics, the look."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from wagtail.models import Page

from tocsin.audience import wordings
from tocsin.audience.models import Publication
from tocsin.audience.queries import publication
from tocsin.content import phrases
from tocsin.content.models import PlainPage, PostPage, Topic
from tocsin.lib import config
from tocsin.web import languages
from tocsin.web.alternates import Alternate, alternates, territory
from tocsin.web.body import Piece, body, is_rare
from tocsin.web.furniture import furniture
from tocsin.web.look import Look, look
from tocsin.web.presentation import ANNOUNCED, Article, Card, Link, announced, article, menus

TOPICS_IN_THE_MASTHEAD = 6
SHEETS = "tocsin_sheets"
"""Where a view names style sheets that its pages need besides the site's."""


@dataclass
class Site:
    """The site around a page. Everything is read when first asked for: the newsroom's own pages ask nothing."""

    request: HttpRequest
    _alternates: Sequence[Alternate] | None = None
    _article: Article | None = None
    _pieces: Sequence[Piece] = ()

    @cached_property
    def publication(self) -> Publication:
        """Whose site this is."""
        return furniture(self.request, "publication", publication)

    @cached_property
    def look(self) -> Look:
        """The page's style and script, known once its body is; the response's security headers allow exactly these."""
        rare = ("rare",) if is_rare(self._pieces) else ()
        chosen = look(self.publication.accent, *rare, *getattr(self.request, SHEETS, ()))
        self.request.tocsin_look = chosen  # type: ignore[attr-defined]
        return chosen

    @cached_property
    def topics(self) -> list[Topic]:
        """The topics named in the masthead: those with posts."""
        filed = Topic.objects.filter(posts__live=True).distinct()
        return furniture(self.request, f"topics {self.language}", lambda: list(filed[:TOPICS_IN_THE_MASTHEAD]))

    @cached_property
    def _menus(self) -> dict[str, list[Link]]:
        return furniture(self.request, f"menus {self.language}", lambda: menus(self.request))

    @property
    def masthead(self) -> list[Link]:
        """What the masthead links to: what the newsroom chose, or else the topics."""
        return self._menus["masthead"] or [Link(topic.name, topic.get_absolute_url()) for topic in self.topics]

    @property
    def foot(self) -> list[Link]:
        """What the foot of the page links to besides what is always there."""
        return self._menus["foot"]

    @cached_property
    def alerts(self) -> list[Card]:
        """Alerts in force, announced on every page but their own."""
        found = furniture(self.request, f"alerts {self.language}", lambda: announced(self.language, self.request))
        return [card for card in found if card.url != self.request.path][:ANNOUNCED]

    def article(self, post: PostPage) -> Article:
        """The post this page is about, made ready once: its head and its main part both show it."""
        if self._article is None:
            self._article = article(post, self.request, self.publication)
            self._pieces = self._article.body
        return self._article

    def pieces(self, page: PlainPage) -> Sequence[Piece]:
        """The body of the page that is no news, made ready once."""
        self._pieces = self._pieces or body(page)
        return self._pieces

    @property
    def consent(self) -> str:
        """The sentence a reader agrees to by subscribing, word for word as it goes on record."""
        return wordings.subscribing(self.publication.name)

    @property
    def direction(self) -> str:
        """Which way the page's language is written: ltr or rtl."""
        return phrases.direction(self.language)

    @property
    def language(self) -> str:
        """The language of the page."""
        return languages.current()

    def alternates(self, page: Page | None) -> Sequence[Alternate]:
        """This page, perhaps one of the tree, in every language it exists in; empty if it exists in one only."""
        if self._alternates is None:
            self._alternates = alternates(self.request, page)
        return self._alternates

    @property
    def territory(self) -> str:
        """The language of the page as Open Graph writes it."""
        return territory(self.language)

    @property
    def front(self) -> str:
        """The path of the front page in the page's language."""
        return reverse("wagtail_serve", args=[""])

    @property
    def url(self) -> str:
        """The public address of the site, without a trailing slash."""
        return config.current().site_url


def site(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `site` in every template."""
    return {"site": Site(request)}
