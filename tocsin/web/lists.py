"""Lists of posts, a page at a time: the stream, a topic, an author."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.paginator import InvalidPage, Paginator
from django.http import Http404, HttpRequest
from wagtail.query import PageQuerySet

from tocsin.content.models import StreamPage
from tocsin.web import queries
from tocsin.web.presentation import Card, cards

PAGE_SIZE = 12


@dataclass(frozen=True)
class Listing:
    """One page of a list. `number` counts from 1."""

    cards: Sequence[Card]
    number: int
    pages: int

    @property
    def lead(self) -> Card | None:
        """The latest post of all, shown larger; only the first page has one."""
        return self.cards[0] if self.cards and self.number == 1 else None

    @property
    def rest(self) -> Sequence[Card]:
        """The others."""
        return self.cards[1:] if self.lead else self.cards

    @property
    def newer(self) -> str:
        """Where the page before is, if there is one."""
        return _query(self.number - 1) if self.number > 1 else ""

    @property
    def older(self) -> str:
        """Where the page after is, if there is one."""
        return _query(self.number + 1) if self.number < self.pages else ""

    @property
    def own(self) -> str:
        """The query of this page; the first needs none."""
        return _query(self.number) if self.number > 1 else ""


def listing(found: PageQuerySet, request: HttpRequest, *, feature: bool = False) -> Listing:
    """The page of `found` that `?page=` asks for. Raises Http404 for one that is not there."""
    paginator = Paginator(queries.listed(found), PAGE_SIZE)
    try:
        page = paginator.page(request.GET.get("page", "1"))
    except InvalidPage as error:
        raise Http404("no such page of this list") from error
    feature = feature and page.number == 1
    return Listing(cards(list(page), request, feature=feature), page.number, paginator.num_pages)


def stream(page: StreamPage, request: HttpRequest) -> Listing:
    """The stream of latest posts below `page`."""
    return listing(queries.posts(page.locale.language_code).child_of(page), request, feature=True)


def _query(number: int) -> str:
    return f"?page={number}" if number > 1 else "./"
