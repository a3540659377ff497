"""What can be asked of the audience. Nothing here writes."""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from tocsin.audience import pace
from tocsin.audience.models import (
    Address,
    Cadence,
    Channel,
    Followable,
    Publication,
    Subscriber,
    Subscription,
    Suppression,
)
from tocsin.lib import config
from tocsin.lib.addresses import EmailAddress, keyed_hash
from tocsin.lib.mailboxes import canonical

INSTANT_ONLY = (Cadence.INSTANT,)


class Quiet(NamedTuple):
    """Quiet hours some readers have chosen, as they are stored, and when they end that are now."""

    time_zone: str
    quiet_from: int
    quiet_until: int
    until_us: int


def publication() -> Publication:
    """The publication of this installation. Raises Publication.DoesNotExist before the first start made it."""
    return Publication.objects.get()


def language_of(person: UUID) -> str:
    """The language a subscriber reads; empty when there is no such subscriber."""
    return Subscriber.objects.filter(public_id=person).values_list("language", flat=True).first() or ""


def address_of(person: UUID) -> Address | None:
    """The e-mail address of a subscriber, with its owner; None when there is no such subscriber."""
    rows = Address.objects.select_related("subscriber")
    return rows.filter(channel=Channel.EMAIL, subscriber__public_id=person).first()


def hash_of(email: EmailAddress) -> bytes:
    """The hash under which this installation knows an e-mail address."""
    return keyed_hash(config.current().address_key, Channel.EMAIL, email.key)


def mailbox_of(email: EmailAddress) -> bytes:
    """What limits know a mailbox by, whichever way its address is spelt. Never tells who somebody is: two may share it."""
    return keyed_hash(config.current().address_key, "mailbox", canonical(email))


def domain_of(email: EmailAddress) -> bytes:
    """What limits know the domain of an address by."""
    return keyed_hash(config.current().address_key, "domain", email.key.rpartition("@")[2])


def everything() -> Followable:
    """What matches every post."""
    return Followable.objects.get(kind=Followable.Kind.EVERYTHING)


def followed() -> QuerySet[Followable]:
    """Everything that can be followed or once could, by kind and name."""
    return Followable.objects.order_by("kind", "name")


def choosable() -> list[Followable]:
    """What a reader can choose now: everything, then topics, then authors, each by name."""
    order = list(Followable.Kind)
    rows = Followable.objects.filter(retired_at=None)
    return sorted(rows, key=lambda row: (order.index(Followable.Kind(row.kind)), row.name.casefold()))


def chosen(subscriber: Subscriber) -> dict[int, str]:
    """What a subscriber follows: followable id -> cadence."""
    return dict(subscriber.subscriptions.values_list("followable_id", "cadence"))


def followables(topics: Collection[str], authors: Collection[str]) -> QuerySet[Followable]:
    """What a post with these topic and author slugs is followed by; 'everything' always matches."""
    kind = Followable.Kind
    return Followable.objects.filter(
        Q(kind=kind.EVERYTHING) | Q(kind=kind.TOPIC, slug__in=topics) | Q(kind=kind.AUTHOR, slug__in=authors)
    )


def recipients(
    *,
    topics: Collection[str],
    authors: Collection[str],
    cadences: Collection[str],
    channel: str = Channel.EMAIL,
) -> QuerySet[Address, Any]:
    """The confirmed addresses to be told of a post, each once: rows of id, subscriber_id, hash, ordered by id.

    Shape: one row per address whose owner is active, not paused, not suppressed, and follows at least one
    of the topics, authors or everything at one of `cadences`.
    """
    matching = Subscription.objects.filter(
        subscriber=OuterRef("subscriber"),
        followable__in=followables(topics, authors).values("id"),
        cadence__in=list(cadences),
    )
    return _as_audience(awake(channel).filter(Exists(matching)))


def alerted(channel: str = Channel.EMAIL) -> QuerySet[Address, Any]:
    """The confirmed addresses to be told of an alert, shaped as `recipients`: everybody who did not ask to be spared."""
    return _as_audience(awake(channel).filter(subscriber__alerts=True))


def awake(channel: str = Channel.EMAIL) -> QuerySet[Address]:
    """Those of `reachable` whose owners are not paused."""
    pause_over = Q(subscriber__paused_until__isnull=True) | Q(subscriber__paused_until__lte=timezone.now())
    return reachable(channel).filter(pause_over)


def reachable(channel: str = Channel.EMAIL) -> QuerySet[Address]:
    """The confirmed addresses on a channel whose owners are subscribed and may be written to."""
    suppressed = Suppression.objects.filter(channel=OuterRef("channel"), address_hash=OuterRef("hash"))
    return Address.objects.filter(
        ~Exists(suppressed),
        channel=channel,
        confirmed_at__isnull=False,
        subscriber__status=Subscriber.Status.ACTIVE,
    )


def quiet_now(now_us: int) -> list[Quiet]:
    """The quiet hours in which readers are at a moment."""
    otherwise = publication().time_zone
    chosen = Subscriber.objects.filter(quiet_from__isnull=False).order_by()
    found = []
    for zone, begins, ends in chosen.values_list("time_zone", "quiet_from", "quiet_until").distinct():
        until_us = pace.quiet_end(pace.zone_of(zone, otherwise), begins or 0, ends or 0, now_us)
        if until_us is not None:
            found.append(Quiet(zone, begins or 0, ends or 0, until_us))
    return found


def _as_audience(addresses: QuerySet[Address]) -> QuerySet[Address, Any]:
    return addresses.order_by("id").values("id", "subscriber_id", "hash")
