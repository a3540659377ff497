"""The facts that digests are planned from, and what the newsroom shows about them. Nothing here writes."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count, Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.audience import choices, pace
from tocsin.audience.models import Address, Cadence, Channel, Publication, Subscriber, Subscription, Suppression
from tocsin.audience.pace import Pace
from tocsin.content.models import PostPage
from tocsin.courier import queries as ledger
from tocsin.courier.models import Dispatch, Telling
from tocsin.courier.models import Edition as StoredEdition
from tocsin.desk.digests import planning
from tocsin.desk.digests.planning import OVERLAP, Following, News, Reader, Standing
from tocsin.desk.legend import LEGEND, Words
from tocsin.desk.models import PublishIntent
from tocsin.lib import clock

LATE_MINUTES = 15
COLUMNS = (
    "id",
    "status",
    "digest_due_us",
    "digested_us",
    "time_zone",
    "digest_hour",
    "digest_weekday",
    "quiet_from",
    "quiet_until",
    "paused_until",
    "language",
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reader whose turn has come, and how to reach them. `ready_us`: when their quiet hours end, 0 if they are in none."""

    reader: Reader
    address: int
    hash: bytes
    language: str
    ready_us: int


class _Mailbox(NamedTuple):
    """Where a subscriber is reached."""

    address: int
    hash: bytes
    confirmed_us: int
    suppressed: bool


def due(now_us: int) -> list[int]:
    """The readers whose digests are due, in the order of their addresses' hashes, backwards.

    That is the order of the ledger's indexes: whoever is planned together is written side by side, which is several times
    less work than in any other order.
    """
    found = Subscriber.objects.filter(digest_due_us__lte=now_us).order_by("-addresses__hash", "id")
    return list(found.values_list("id", flat=True).iterator())


def candidates(readers: Sequence[int], now_us: int, publication: Publication) -> list[Candidate]:
    """Those of some readers whose digests are still due, with all that decides about them."""
    found = Subscriber.objects.filter(pk__in=readers, digest_due_us__lte=now_us).order_by("id")
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in found.values_list(*COLUMNS)]
    ids = [row["id"] for row in rows]
    mailboxes = _mailboxes(ids)
    following = _following(ids, mailboxes)
    return [_candidate(row, mailboxes.get(row["id"]), following[row["id"]], publication, now_us) for row in rows]


def news(since_us: int, until_us: int) -> list[News]:
    """The live posts that were first told, as news, in that time; the newest first."""
    intents = PublishIntent.objects.filter(
        kind=PublishIntent.Kind.FIRST, created_us__gt=since_us, created_us__lte=until_us, dispatch_id__isnull=False
    ).exclude(dispatch_id__in=Dispatch.objects.filter(kind=Dispatch.Kind.ALERT).values("id"))
    live = PostPage.objects.live().public().filter(kind=PostPage.Kind.NEWS)
    found = intents.filter(post_id__in=live.values("pk")).order_by("-created_us", "-id")
    return [
        News(post, told_us, frozenset(followables))
        for post, told_us, followables in found.values_list("post_id", "created_us", "followables")
    ]


def revisions(posts: Collection[int]) -> dict[int, int | None]:
    """Which revision of each post is live, for everybody to see; those that are not are left out."""
    return dict(PostPage.objects.live().public().filter(pk__in=posts).values_list("pk", "live_revision_id"))


def told(posts: Collection[int], hashes: Collection[bytes]) -> dict[bytes, set[int]]:
    """Of which of some posts the readers of some addresses were told, by address."""
    found: dict[bytes, set[int]] = defaultdict(set)
    if posts:
        rows = Telling.objects.filter(post_id__in=posts, channel=Channel.EMAIL, address_hash__in=hashes)
        for post, address_hash in rows.values_list("post_id", "address_hash").iterator():
            found[bytes(address_hash)].add(post)
    return found


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
    posts = PostPage.objects.in_bulk(turn := planning.turn(reader, news(before_us, now_us), (), due_us).posts)
    return Next(clock.to_datetime(due_us).astimezone(publication.zone), [posts[post] for post in turn])


def readers_of_digests() -> dict[str, int]:
    """How many readers follow something once a day, and how many once a week."""
    active = Subscription.objects.filter(subscriber__status=Subscriber.Status.ACTIVE, cadence__in=choices.DIGESTED)
    counted = dict(active.values_list("cadence").annotate(readers=Count("subscriber", distinct=True)))
    return {str(cadence): counted.get(cadence, 0) for cadence in choices.DIGESTED}


def language_of(chosen: str, publication: Publication) -> str:
    """The language a digest is framed in."""
    return chosen if chosen in dict(settings.LANGUAGES) else publication.language


def _mailboxes(subscribers: Sequence[int]) -> dict[int, _Mailbox]:
    suppressed = Suppression.objects.filter(channel=OuterRef("channel"), address_hash=OuterRef("hash"))
    rows = Address.objects.filter(
        subscriber__in=subscribers, channel=Channel.EMAIL, confirmed_at__isnull=False
    ).values_list("subscriber_id", "id", "hash", "confirmed_at", Exists(suppressed))
    return {row[0]: _Mailbox(row[1], bytes(row[2]), clock.from_datetime(row[3]), row[4]) for row in rows}


def _following(subscribers: Sequence[int], mailboxes: dict[int, _Mailbox]) -> dict[int, list[Following]]:
    """What they follow. Nobody follows anything before their address is confirmed."""
    found: dict[int, list[Following]] = defaultdict(list)
    rows = Subscription.objects.filter(subscriber__in=subscribers)
    for subscriber, followable, cadence, since in rows.values_list(
        "subscriber_id", "followable_id", "cadence", "created_at"
    ):
        if mailbox := mailboxes.get(subscriber):
            since_us = max(clock.from_datetime(since), mailbox.confirmed_us)
            found[subscriber].append(Following(followable, cadence, since_us))
    return found


def _candidate(
    row: dict[str, Any], mailbox: _Mailbox | None, following: Iterable[Following], publication: Publication, now_us: int
) -> Candidate:
    zone = pace.zone_of(row["time_zone"], publication.time_zone)
    reader = Reader(
        id=row["id"],
        standing=_standing(row, mailbox),
        due_us=row["digest_due_us"],
        digested_us=row["digested_us"],
        pace=Pace(
            zone.key,
            publication.digest_hour if row["digest_hour"] is None else row["digest_hour"],
            publication.digest_weekday if row["digest_weekday"] is None else row["digest_weekday"],
        ),
        following=tuple(following),
    )
    quiet = row["quiet_from"] is not None
    ready_us = pace.quiet_end(zone, row["quiet_from"], row["quiet_until"], now_us) if quiet else None
    return Candidate(
        reader,
        mailbox.address if mailbox else 0,
        mailbox.hash if mailbox else b"",
        language_of(row["language"], publication),
        ready_us or 0,
    )


def _standing(row: dict[str, Any], mailbox: _Mailbox | None) -> Standing:
    if row["status"] != Subscriber.Status.ACTIVE or mailbox is None:
        return Standing.GONE
    paused = row["paused_until"] is not None and row["paused_until"] > timezone.now()
    return Standing.LATER if paused or mailbox.suppressed else Standing.READY
