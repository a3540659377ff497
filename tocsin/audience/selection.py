"""Which part of the audience is meant: what a list shows and what a change of many people is done to. Writes nothing."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tocsin.audience.models import Address, Channel, Subscriber, Subscription, Suppression
from tocsin.audience.queries import hash_of, publication
from tocsin.lib import addresses

Status = Subscriber.Status


class Standing(models.TextChoices):
    """Where a person stands, all told: every person is in exactly one."""

    SUBSCRIBED = "subscribed", _("Subscribed")
    PAUSED = "paused", _("On a break")
    PENDING = "pending", _("Not confirmed yet")
    LEFT = "left", _("Unsubscribed")
    SUPPRESSED = "suppressed", _("Not to be written to")


@dataclass(frozen=True)
class Selection:
    """What people are looked for by; whatever is empty excludes nobody. Days are the publication's, both inclusive."""

    search: str = ""
    standing: str = ""
    followable: int | None = None
    cadence: str = ""
    source: str = ""
    joined_from: date | None = None
    joined_until: date | None = None

    @property
    def is_everybody(self) -> bool:
        """Whether nothing is looked for."""
        return self == Selection()

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in asdict(self).items()
            if value not in ("", None)
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Selection":
        """The inverse of `to_json`. Raises ValueError and TypeError for what it never made."""
        days = {name: date.fromisoformat(found[name]) for name in ("joined_from", "joined_until") if name in found}
        return cls(**{**found, **days})


def select(selection: Selection, *, upto: int | None = None) -> QuerySet[Subscriber]:
    """The people meant, in order of joining. `upto`: only those whose id is not above it."""
    people = Subscriber.objects.filter(_searched(selection.search), _standing(selection.standing), _joined(selection))
    if selection.source:
        people = people.filter(source=selection.source)
    if selection.followable or selection.cadence:
        wished = Subscription.objects.filter(subscriber=OuterRef("pk"))
        if selection.followable:
            wished = wished.filter(followable=selection.followable)
        if selection.cadence:
            wished = wished.filter(cadence=selection.cadence)
        people = people.filter(Exists(wished))
    if upto is not None:
        people = people.filter(pk__lte=upto)
    return people.order_by("pk")


def standing_of(subscriber: Subscriber, *, suppressed: bool) -> Standing:
    """Where one person stands; the same as `select` finds them by."""
    if subscriber.status != Status.ACTIVE:
        return Standing.LEFT if subscriber.status == Status.LEFT else Standing.PENDING
    if suppressed:
        return Standing.SUPPRESSED
    return Standing.PAUSED if subscriber.on_break_until else Standing.SUBSCRIBED


def suppressed() -> Exists:
    """Whether a subscriber's mail address must not be written to, for annotating a query of subscribers."""
    kept = Suppression.objects.filter(channel=OuterRef("channel"), address_hash=OuterRef("hash"))
    return Exists(Address.objects.filter(Exists(kept), subscriber=OuterRef("pk"), channel=Channel.EMAIL))


def sources() -> list[str]:
    """Where people came from, as far as anybody knows."""
    return list(Subscriber.objects.exclude(source="").order_by("source").values_list("source", flat=True).distinct())


def _searched(words: str) -> Q:
    """A whole address is looked up by its hash; anything else in names and addresses."""
    words = words.strip()
    if not words:
        return Q()
    theirs = Address.objects.filter(subscriber=OuterRef("pk"))
    try:
        return Q(Exists(theirs.filter(hash=hash_of(addresses.parse(words)))))
    except addresses.BadAddress:
        return Q(Exists(theirs.filter(value__icontains=words))) | Q(name__icontains=words)


def _standing(standing: str) -> Q:
    active, breaking = Q(status=Status.ACTIVE), Q(paused_until__gt=timezone.now())
    rules = {
        "": Q(),
        Standing.PENDING: Q(status=Status.PENDING),
        Standing.LEFT: Q(status=Status.LEFT),
        Standing.SUPPRESSED: active & Q(suppressed()),
        Standing.PAUSED: active & ~Q(suppressed()) & breaking,
        # Not `~breaking`: a null is not greater than anything, and not not-greater either.
        Standing.SUBSCRIBED: active
        & ~Q(suppressed())
        & (Q(paused_until__isnull=True) | Q(paused_until__lte=timezone.now())),
    }
    return rules[Standing(standing) if standing else ""]


def _joined(selection: Selection) -> Q:
    zone = publication().zone
    found = Q()
    if selection.joined_from:
        found &= Q(created_at__gte=datetime.combine(selection.joined_from, time(), tzinfo=zone))
    if selection.joined_until:
        after = selection.joined_until + timedelta(days=1)
        found &= Q(created_at__lt=datetime.combine(after, time(), tzinfo=zone))
    return found
