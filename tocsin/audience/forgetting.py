"""What the audience keeps too long: requests nobody confirmed, people who left, network addresses.

Always a small piece at a time, so that on SQLite nobody waits long for the one write lock; whoever calls does so until
nothing is left. People are deleted by `actions.forget`, after the courier forgot the relays' words about them.
"""

from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from tocsin.audience.models import Consent, Subscriber

PEOPLE = 20
ROWS = 500
Event, Status = Consent.Event, Subscriber.Status


def unconfirmed(days: int) -> list[int]:
    """Some who asked to subscribe, last more than `days` ago, and never confirmed."""
    return _some(Subscriber.objects.filter(~_has(Event.ASKED, within=days), status=Status.PENDING))


def left(days: int) -> list[int]:
    """Some who left more than `days` ago."""
    return _some(
        Subscriber.objects.filter(
            ~_has(Event.WITHDRAWN, within=days),
            status=Status.LEFT,
            created_at__lte=timezone.now() - timedelta(days=days),
        )
    )


def network_addresses(days: int) -> int:
    """Delete network addresses from consents older than `days`; how many at most `ROWS`."""
    old = Consent.objects.filter(ip__isnull=False, at__lte=timezone.now() - timedelta(days=days))
    return Consent.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:ROWS])).update(ip=None)


def _has(event: str, within: int) -> Exists:
    since = timezone.now() - timedelta(days=within)
    return Exists(Consent.objects.filter(subscriber_id=OuterRef("pk"), event=event, at__gt=since))


def _some(people: QuerySet[Subscriber]) -> list[int]:
    return list(people.order_by("pk").values_list("pk", flat=True)[:PEOPLE])
