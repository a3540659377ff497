"""People as the rows of a CSV file: what `importing` reads back as it was. Reads a few thousand at a time, writes nothing.

The short form has who is subscribed and may be written to, in the columns a person would fill in. The full form has everybody
asked for, with status, what they chose and the consent on record, so that another installation knows whom it must not write to.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
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
    """One row for each of `wanted`, in order of joining. Raises Refused if there is no such topic."""
    followables = Followable.objects.filter(retired_at__isnull=True)
    tokens = {followable.pk: wishes.token(followable) for followable in followables}
    people = _people(wanted, tokens).order_by("id", "subscriber__subscriptions__id")
    return _rows(people, tokens, len(wanted.columns))


def _rows(people: QuerySet[Any, Any], tokens: dict[int, str], width: int) -> Iterator[tuple[str, ...]]:
    found = people.values_list(
        "value",
        "subscriber__name",
        "standing",
        "subscriber__language",
        "subscriber__time_zone",
        *(f"subscriber__{column}" for column in rhythms.COLUMNS),
        "subscriber__paused_until",
        "subscriber__created_at",
        "agreed",
        "subscriber__subscriptions__followable",
        "subscriber__subscriptions__cadence",
    )
    now = timezone.now()
    for person, theirs in groupby(found.iterator(), key=itemgetter(slice(-2))):
        chosen = {tokens[followable]: pace for *_, followable, pace in theirs if followable in tokens}
        yield _row(person, chosen, now)[:width]


def write(rows: Iterable[Sequence[str]], columns: Sequence[str], file: IO[str]) -> int:
    """Write `rows` below a header, and say how many they were. No spreadsheet takes any of it for a formula."""
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(columns)
    number = 0
    for number, row in enumerate(rows, 1):  # noqa: B007 - it is what is returned
        writer.writerow([guarded(field) for field in row])
    return number


def _row(person: tuple[Any, ...], chosen: dict[str, str], now: datetime) -> tuple[str, ...]:
    email, name, standing, language, time_zone, *rhythm, paused_until, created, agreed = person
    until = paused_until if paused_until and paused_until > now else None
    when = (*rhythms.write(Rhythm(*rhythm)), rhythms.write_moment(until), rhythms.write_moment(created))
    return (email, name, *wishes.write(chosen), standing, language, time_zone, *when, agreed or "")


def _people(wanted: Filter, tokens: dict[int, str]) -> QuerySet[Any, Any]:
    suppressed = Suppression.objects.filter(channel=OuterRef("channel"), address_hash=OuterRef("hash"))
    given = Consent.objects.filter(subscriber_id=OuterRef("subscriber_id"), event__in=GIVEN).order_by("-id")
    people: QuerySet[Any, Any] = Address.objects.filter(channel=Channel.EMAIL).annotate(
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
