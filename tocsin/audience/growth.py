"""How the audience grew and shrank: counts from the consent record, week by week. Writes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q

from tocsin.audience.models import Cadence, Consent, Followable, Subscriber, Subscription

WEEK = timedelta(days=7)
Event, Status = Consent.Event, Subscriber.Status
JOINING = (Event.CONFIRMED, Event.IMPORTED)


@dataclass(frozen=True)
class Week:
    """Seven days from a Monday on: who joined and left in them, and how many were subscribed when they were over."""

    monday: date
    joined: int
    left: int
    subscribed: int

    @property
    def churn(self) -> float:
        """The share, in percent, of those subscribed before or joining in this week who left in it."""
        there = self.subscribed + self.left
        return 100 * self.left / there if there else 0.0


@dataclass(frozen=True)
class Following:
    """How many subscribed people follow something, at each pace."""

    followable: Followable
    paces: dict[str, int]

    @property
    def total(self) -> int:
        """At whatever pace."""
        return sum(self.paces.values())


def weeks(number: int, zone: ZoneInfo, now: datetime) -> list[Week]:
    """The last `number` weeks, the present one last. Subscribed is counted back from today's number."""
    subscribed = Subscriber.objects.filter(status=Status.ACTIVE).count()
    found = []
    for monday in _mondays(number, now.astimezone(zone).date()):
        joined, left = _moves(monday, zone)
        found.append(Week(monday, joined, left, subscribed))
        subscribed -= joined - left
    return found[::-1]


def following() -> list[Following]:
    """What is followed, the most followed first."""
    rows = (
        Subscription.objects.filter(subscriber__status=Status.ACTIVE)
        .values_list("followable", "cadence")
        .annotate(number=Count("pk"))
        .order_by()
    )
    paces: dict[int, dict[str, int]] = {}
    for followable, cadence, number in rows:
        paces.setdefault(followable, dict.fromkeys(Cadence.values, 0))[cadence] = number
    found = [Following(row, paces.get(row.pk, dict.fromkeys(Cadence.values, 0))) for row in _current()]
    return sorted(found, key=lambda one: -one.total)


def origins() -> list[tuple[str, int]]:
    """Where those who are subscribed came from, the most frequent first."""
    rows = Subscriber.objects.filter(status=Status.ACTIVE).values_list("source").annotate(number=Count("pk"))
    return list(rows.order_by("-number", "source"))


def _current() -> list[Followable]:
    return list(Followable.objects.filter(retired_at=None).order_by("kind", "name"))


def _mondays(number: int, today: date) -> Iterator[date]:
    monday = today - timedelta(days=today.weekday())
    return (monday - back * WEEK for back in range(number))


def _moves(monday: date, zone: ZoneInfo) -> tuple[int, int]:
    """Who joined and who left. Somebody who is deleted after they left does not leave again."""
    begin, end = (datetime.combine(day, time(), tzinfo=zone) for day in (monday, monday + WEEK))
    before = Consent.objects.filter(
        subscriber_id=OuterRef("subscriber_id"), event=Event.WITHDRAWN, pk__lt=OuterRef("pk")
    )
    leaving = Q(event=Event.WITHDRAWN) | Q(event=Event.ERASED) & ~Exists(before)
    moves = Consent.objects.filter(at__gte=begin, at__lt=end)
    return moves.filter(event__in=JOINING).count(), moves.filter(leaving).count()
