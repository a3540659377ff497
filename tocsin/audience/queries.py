"""What can be asked of the audience. Nothing here writes."""

from collections.abc import Collection
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

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

EVERY_CADENCE = tuple(Cadence)
INSTANT_ONLY = (Cadence.INSTANT,)


def publication() -> Publication:
    """The publication of this installation. Raises Publication.DoesNotExist before the first start made it."""
    return Publication.objects.get()


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
    suppressed = Suppression.objects.filter(channel=OuterRef("channel"), address_hash=OuterRef("hash"))
    return (
        Address.objects.filter(
            Q(subscriber__paused_until__isnull=True) | Q(subscriber__paused_until__lte=timezone.now()),
            Exists(matching),
            ~Exists(suppressed),
            channel=channel,
            confirmed_at__isnull=False,
            subscriber__status=Subscriber.Status.ACTIVE,
        )
        .order_by("id")
        .values("id", "subscriber_id", "hash")
    )
