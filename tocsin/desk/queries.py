"""What the newsroom's screens show about telling. Nothing here writes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.functional import Promise

from tocsin.audience import queries as audience
from tocsin.content.models import PostPage
from tocsin.courier import queries as ledger
from tocsin.courier.models import Batch, Dispatch
from tocsin.courier.queries import Books, Listed
from tocsin.courier.states import State
from tocsin.desk import publish
from tocsin.desk.legend import LEGEND, Standing, Words
from tocsin.lib import clock

OF_POSTS = (Dispatch.Kind.POST, Dispatch.Kind.ALERT, Dispatch.Kind.CORRECTION, Dispatch.Kind.DIGEST)
LISTED_STATES = (State.FAILED, State.UNSURE, State.BOUNCED, State.COMPLAINED)
LISTED_ROWS = 100


@dataclass(frozen=True)
class Plan:
    """What publishing a draft would do: how many are told at once, how many by digests, or why nobody is."""

    readers: int
    later: int
    why_not: str | Promise | None


@dataclass(frozen=True)
class Line:
    """One line of the books."""

    state: State
    words: Words
    number: int


@dataclass(frozen=True)
class Telling:
    """One dispatch with its books, for people."""

    dispatch: Dispatch
    books: Books
    at: datetime

    @property
    def standing(self) -> Standing:
        """Where it stands as a whole."""
        if self.dispatch.cancelled_us:
            return Standing.WITHDRAWN
        if self.books.settled:
            return Standing.SETTLED
        return Standing.PAUSED if self.dispatch.paused_us else Standing.UNDER_WAY

    @property
    def untold(self) -> int:
        """How many are not told yet and are in nobody's hands."""
        return self.books.planned + self.books.deferred + self.books.unsure

    @property
    def lines(self) -> list[Line]:
        """Every state, also those that hold nobody."""
        return [Line(state, words, getattr(self.books, state)) for state, words in LEGEND.items()]

    @property
    def spoken(self) -> list[Line]:
        """The states that hold somebody."""
        return [line for line in self.lines if line.number]


def is_live(post: PostPage) -> bool:
    """Whether readers can see it. Wagtail hands out a post nobody saved yet as live."""
    return bool(post.pk and post.live)


def plan(post: PostPage) -> Plan:
    """What pressing Publish on this draft would do to its readers. Counts with its topics and authors as saved."""
    first_time = not is_live(post) and post.first_published_at is None
    facts = publish.facts_of(post, first_time=first_time)
    reason = publish.why_not(facts)
    if not facts.wanted and reason == publish.NOT_WANTED:
        reason = None  # the tick is on the same screen
    if reason is not None:
        return Plan(0, 0, reason)
    return Plan(publish.readers(post).count(), publish.readers_of_digests(post).count(), None)


def subscribers() -> int:
    """How many people can be told anything at all."""
    return audience.reachable().count()


def telling(dispatch: Dispatch) -> Telling:
    """One dispatch with its books."""
    return Telling(dispatch, ledger.books(dispatch.pk), clock.to_datetime(dispatch.created_us))


def tellings_of(post: PostPage) -> list[Telling]:
    """Every telling of a post, the first one first."""
    return [telling(dispatch) for dispatch in ledger.dispatches_of_post(post.pk)]


def tellings() -> QuerySet[Dispatch]:
    """The tellings of posts, newest first, each with `moving`: whether something is still being tried."""
    pending = Batch.objects.filter(dispatch=OuterRef("pk"), due_us__isnull=False)
    return Dispatch.objects.filter(kind__in=OF_POSTS).annotate(moving=Exists(pending)).order_by("-id")


def who_was_not(told: Telling) -> Iterator[tuple[Line, list[Listed]]]:
    """Those a person may want to look at: refused, unsure, came back; the first of each, with the relay's words."""
    for line in told.lines:
        if line.state in LISTED_STATES and line.number:
            yield line, list(islice(ledger.listing(told.dispatch.pk, line.state), LISTED_ROWS))
