"""What the newsroom shows of digests. Nothing here writes; what they are planned from is `facts`."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db.models import Count
from django.utils.translation import gettext as _

from tocsin.audience import choices, pace
from tocsin.audience.models import Cadence, Publication, Subscriber, Subscription
from tocsin.audience.pace import Pace
from tocsin.content.models import PostPage
from tocsin.courier import queries as ledger
from tocsin.courier.models import Dispatch
from tocsin.courier.models import Edition as StoredEdition
from tocsin.desk.digests import facts, planning
from tocsin.desk.digests.planning import OVERLAP, Bulletin, Following, Reader, Standing
from tocsin.desk.legend import LEGEND, Words
from tocsin.lib import clock

LATE_MINUTES = 15


def overdue(now_us: int) -> int:
    """How many digests should have been planned a while ago."""
    late_us = now_us - LATE_MINUTES * clock.MINUTE
    return Subscriber.objects.filter(digest_due_us__gt=pace.LOOK, digest_due_us__lte=late_us).count()


@dataclass(frozen=True)
class Edition:
    """One edition of a digest run: which posts it tells of, and how many readers."""

    titles: list[str]
    language: str
    readers: int


@dataclass(frozen=True)
class Share:
    """The part of one digest run that tells of one post."""

    dispatch: int
    at: datetime
    readers: int
    lines: list[tuple[Words, int]]


@dataclass(frozen=True)
class Next:
    """The next digest of somebody who follows something, as far as it is known now. `at` is in the publication's zone."""

    at: datetime
    posts: list[PostPage]


def editions(dispatch: Dispatch, most: int) -> list[Edition]:
    """The editions of a digest run that go to most readers."""
    numbers = dict(islice(ledger.editions(dispatch.pk).items(), most))
    rows = StoredEdition.objects.filter(pk__in=numbers).values_list("pk", "language", "posts")
    titles = dict(
        PostPage.objects.filter(pk__in={post for *_, posts in rows for post, _ in posts}).values_list("pk", "title")
    )
    found = {
        pk: Edition([titles.get(post, _("(deleted)")) for post, _revision in posts], language, numbers[pk])
        for pk, language, posts in rows
    }
    return [found[pk] for pk in numbers]


def shares(post_id: int) -> list[Share]:
    """Which digest runs told of a post, how many readers, and how they stand."""
    found = ledger.in_digests(post_id)
    runs = Dispatch.objects.in_bulk(found)
    return [
        Share(
            dispatch,
            clock.to_datetime(runs[dispatch].created_us),
            sum(states.values()),
            [(LEGEND[state], states[state]) for state in LEGEND if state in states],
        )
        for dispatch, states in found.items()
    ]


def coming(followable: int, cadence: str, publication: Publication, now_us: int) -> Next:
    """The next digest of somebody who has followed that, and nothing else, for long, at the publication's hour and day.

    What will go out if nothing is published, changed or taken down until then.
    """
    rhythm = Pace(publication.zone.key, publication.digest_hour, publication.digest_weekday)
    upcoming = rhythm.next_daily if cadence == Cadence.DAILY else rhythm.next_weekly
    due_us = upcoming(now_us)
    before_us = due_us - (2 if cadence == Cadence.DAILY else 8) * 24 * clock.HOUR
    while (following_us := upcoming(before_us)) < due_us:
        before_us = following_us
    reader = Reader(
        id=0,
        standing=Standing.READY,
        due_us=due_us,
        digested_us=before_us + OVERLAP,
        pace=rhythm,
        following=(Following(followable, cadence, 0),),
    )
    bulletin = Bulletin(facts.news(before_us, now_us))
    posts = PostPage.objects.in_bulk(turn := planning.turn(reader, bulletin, (), due_us).posts)
    return Next(clock.to_datetime(due_us).astimezone(publication.zone), [posts[post] for post in turn])


def readers_of_digests() -> dict[str, int]:
    """How many readers follow something once a day, and how many once a week."""
    active = Subscription.objects.filter(subscriber__status=Subscriber.Status.ACTIVE, cadence__in=choices.DIGESTED)
    counted = dict(active.values_list("cadence").annotate(readers=Count("subscriber", distinct=True)))
    return {str(cadence): counted.get(cadence, 0) for cadence in choices.DIGESTED}
