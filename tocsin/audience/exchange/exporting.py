"""People as the rows of a CSV file: what `importing` reads back as it was. Reads a few thousand at a time, writes nothing.

The short form has who is subscribed and may be written to, in the columns a person would fill in. The full form has everybody
asked for, with status, what they chose and the consent on record, so that another installation knows whom it must not write to.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import IO, Any, Final

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils import timezone

from tocsin.audience.exchange import rhythms, wishes
from tocsin.audience.exchange.people import guarded
from tocsin.audience.exchange.rhythms import Rhythm
from tocsin.audience.models import Address, Channel, Consent, Followable, Subscriber, Subscription, Suppression
from tocsin.lib.errors import Refused

SHORT: Final = ("email", "name", "topics", "cadence")
FULL: Final = (*SHORT, "status", "language", "time_zone", *rhythms.COLUMNS, "paused_until", "signed_up_at", "consent")
PAGE: Final = 2000
GIVEN: Final = (Consent.Event.CONFIRMED, Consent.Event.IMPORTED)


class Status(StrEnum):
    """Whom to export. The names are those `importing` reads."""

    SUBSCRIBED = "subscribed"
    UNCONFIRMED = "unconfirmed"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    BLOCKED = "blocked"
    ALL = "all"


@dataclass(frozen=True)
class Filter:
    """Who is wanted. `topic`: a token of `wishes`, '' for whatever they follow; `full`: with status and consent."""

    status: Status = Status.SUBSCRIBED
    topic: str = ""
    full: bool = False

    @property
    def columns(self) -> Sequence[str]:
        """The columns of the file: nobody but subscribers can be told apart without a status."""
        return FULL if self.full or self.status is not Status.SUBSCRIBED else SHORT

    def __str__(self) -> str:
        return f"{self.status}{f', topic {self.topic}' if self.topic else ''}{', full' if self.columns is FULL else ''}"


def rows(wanted: Filter = Filter()) -> Iterator[tuple[str, ...]]:
    """One row for each of `wanted`, in order of joining. Raises Refused if there is no such topic.

    Read page by page: no query stays open between two rows, so that whoever takes them may take their time, and in any thread.
    """
    followables = Followable.objects.filter(retired_at__isnull=True)
    tokens = {followable.pk: wishes.token(followable) for followable in followables}
    return _rows(_people(wanted, tokens), tokens, len(wanted.columns))


def _rows(people: QuerySet[Any, Any], tokens: Mapping[int, str], width: int) -> Iterator[tuple[str, ...]]:
    now, after = timezone.now(), 0
    found = people.order_by("pk").values_list(
        "subscriber",
        "channel",
        "value",
        "subscriber__name",
        "standing",
        "subscriber__language",
        "subscriber__time_zone",
        *(f"subscriber__{column}" for column in rhythms.COLUMNS),
        "subscriber__paused_until",
        "subscriber__created_at",
        "agreed",
    )
    ids = Address.objects.order_by("pk").values_list("pk", flat=True)
    while some := list(ids.filter(pk__gt=after)[:PAGE]):
        # Between two ids, instead of the first so many: PostgreSQL would judge everybody for each page.
        page = found.filter(pk__gt=after, pk__lte=some[-1])
        after = some[-1]
        chosen = _chosen([subscriber for subscriber, *_ in page], tokens)
        for subscriber, channel, *person in page:
            # Asked here: in the query SQLite would look the channel up, and sort everybody for each page.
            if channel == Channel.EMAIL:
                yield _row(person, chosen.get(subscriber, {}), now)[:width]


def _chosen(subscribers: Sequence[int], tokens: Mapping[int, str]) -> dict[int, dict[str, str]]:
    """What each follows: subscriber id -> token -> cadence."""
    chosen: dict[int, dict[str, str]] = {}
    theirs = Subscription.objects.filter(subscriber__in=subscribers)
    for subscriber, followable, pace in theirs.values_list("subscriber", "followable", "cadence"):
        if followable in tokens:
            chosen.setdefault(subscriber, {})[tokens[followable]] = pace
    return chosen


def pieces(rows: Iterator[Sequence[str]], columns: Sequence[str]) -> Iterator[str]:
    """The text `write` writes, piece by piece: the header at once, then some thousand rows at a time."""
    some: Sequence[Sequence[str]] = [columns]
    while some:
        piece = io.StringIO()
        csv.writer(piece, lineterminator="\r\n").writerows([guarded(field) for field in row] for row in some)
        yield piece.getvalue()
        some = list(islice(rows, PAGE))


def write(rows: Iterable[Sequence[str]], columns: Sequence[str], file: IO[str]) -> int:
    """Write `rows` below a header, and say how many they were. No spreadsheet takes any of it for a formula."""
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(columns)
    number = 0
    for number, row in enumerate(rows, 1):  # noqa: B007 - it is what is returned
        writer.writerow([guarded(field) for field in row])
    return number


def _row(person: Sequence[Any], chosen: Mapping[str, str], now: datetime) -> tuple[str, ...]:
    email, name, standing, language, time_zone, *rhythm, paused_until, created, agreed = person
    until = paused_until if paused_until and paused_until > now else None
    when = (*rhythms.write(Rhythm(*rhythm)), rhythms.write_moment(until), rhythms.write_moment(created))
    return (email, name, *wishes.write(chosen), standing, language, time_zone, *when, agreed or "")


def _people(wanted: Filter, tokens: dict[int, str]) -> QuerySet[Any, Any]:
    suppressed = Suppression.objects.filter(channel=OuterRef("channel"), address_hash=OuterRef("hash"))
    given = Consent.objects.filter(subscriber_id=OuterRef("subscriber_id"), event__in=GIVEN).order_by("-id")
    people: QuerySet[Any, Any] = Address.objects.annotate(
        reason=Subquery(suppressed.values("reason")[:1]),
        standing=_standing(),
        agreed=Subquery(given.values("text__wording")[:1]) if wanted.columns is FULL else Value("", CharField()),
    )
    if wanted.status is not Status.ALL:
        people = people.filter(standing=wanted.status.value)
    if wanted.topic:
        people = people.filter(Exists(_followers(wanted.topic, tokens)))
    return people


def _standing() -> Case:
    reason = Suppression.Reason
    return Case(
        When(reason=reason.BOUNCED, then=Value(Status.BOUNCED.value)),
        When(reason=reason.COMPLAINED, then=Value(Status.COMPLAINED.value)),
        When(reason=reason.MANUAL, then=Value(Status.BLOCKED.value)),
        When(reason=reason.UNSUBSCRIBED, then=Value(Status.UNSUBSCRIBED.value)),
        When(subscriber__status=Subscriber.Status.LEFT, then=Value(Status.UNSUBSCRIBED.value)),
        When(subscriber__status=Subscriber.Status.PENDING, then=Value(Status.UNCONFIRMED.value)),
        When(Q(confirmed_at__isnull=True), then=Value(Status.UNCONFIRMED.value)),
        default=Value(Status.SUBSCRIBED.value),
        output_field=CharField(),
    )


def _followers(topic: str, tokens: dict[int, str]) -> QuerySet[Subscription]:
    followable = next((pk for pk, token in tokens.items() if token == topic), None)
    if followable is None:
        raise Refused(f"There is no topic “{topic[:80]}”.", f"There are: {', '.join(sorted(tokens.values()))}.")
    return Subscription.objects.filter(subscriber=OuterRef("subscriber"), followable=followable)
