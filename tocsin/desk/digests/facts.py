"""The facts that digests are planned from (`facts.sql`). Nothing here writes."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.utils import timezone

from tocsin.audience import pace
from tocsin.audience.models import Publication, Subscriber
from tocsin.audience.pace import Pace
from tocsin.content.models import PostPage
from tocsin.courier.models import Dispatch
from tocsin.desk.digests.planning import Following, News, Reader, Standing
from tocsin.desk.models import PublishIntent
from tocsin.lib.statements import packed, statements

NOWHERE = 0
"""No address has this id."""


class Candidate(NamedTuple):
    """A reader whose turn has come, and how to reach them. `ready_us`: when their quiet hours end, 0 if they are in none."""

    reader: Reader
    address: int
    language: str
    ready_us: int


def due(now_us: int) -> list[int]:
    """The readers whose digests are due, in the order of their addresses' hashes, backwards.

    That is the order of the ledger's indexes: whoever is planned together is written side by side, which is several times
    less work than in any other order.
    """
    found = Subscriber.objects.filter(digest_due_us__lte=now_us).order_by("-addresses__hash", "id")
    return list(found.values_list("id", flat=True).iterator())


def candidates(readers: Collection[int], now_us: int, publication: Publication) -> list[Candidate]:
    """Those of some readers whose digests are still due, with all that decides about them."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    wanted = packed(readers)
    following = _following(wanted)
    languages = frozenset(code for code, _ in settings.LANGUAGES)
    found = []
    for (
        reader,
        status,
        paused,
        due_us,
        digested_us,
        zone_name,
        hour,
        weekday,
        begins,
        ends,
        language,
        address,
        shut,
    ) in _rows("readers", readers=wanted, now=now, now_us=now_us):
        zone = pace.zone_of(zone_name, publication.time_zone)
        rhythm = Pace(
            zone.key,
            publication.digest_hour if hour is None else hour,
            publication.digest_weekday if weekday is None else weekday,
        )
        standing = _standing(status, address, later=paused or shut)
        quiet_end = None if begins is None else pace.quiet_end(zone, begins, ends, now_us)
        found.append(
            Candidate(
                Reader(reader, standing, due_us, digested_us, rhythm, tuple(following.get(reader, ()))),
                address or NOWHERE,
                language if language in languages else publication.language,
                quiet_end or 0,
            )
        )
    return found


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


def told(posts: Collection[int], addresses: Iterable[int]) -> Mapping[int, Collection[int]]:
    """Of which of some posts the readers of some addresses were told, by address."""
    found: dict[int, list[int]] = defaultdict(list)
    if posts:
        for address, post in _rows("told", posts=packed(posts), addresses=packed(addresses)):
            found[address].append(post)
    return found


def _following(readers: str) -> Mapping[int, list[Following]]:
    found: dict[int, list[Following]] = defaultdict(list)
    for reader, followable, cadence, since_us in _rows("followings", readers=readers):
        found[reader].append(Following(followable, cadence, since_us))
    return found


def _standing(status: str, address: int | None, *, later: bool) -> Standing:
    if status != Subscriber.Status.ACTIVE or address is None:
        return Standing.GONE
    return Standing.LATER if later else Standing.READY


def _rows(name: str, **parameters: Any) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statements("tocsin.desk.digests", "facts.sql", connection.vendor)[name], parameters)
        rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
        return rows
