"""The verbs of this room: the only writers of keys and friendly sites."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tocsin.web.elsewhere import tokens
from tocsin.web.elsewhere.models import FriendlySite, Key

NOTED_EVERY = timedelta(minutes=1)


def make_key(
    name: str, scopes: Collection[str], *, made_by: str, expires_at: datetime | None = None
) -> tuple[Key, str]:
    """A new key, and how it is written: that is known only now."""
    token = tokens.new()
    key = Key.objects.create(
        name=name,
        start=token.start,
        digest=token.digest,
        scopes=sorted(scopes),
        made_by=made_by,
        expires_at=expires_at,
    )
    return key, token.written


def revoke(key: Key) -> None:
    """It opens nothing from now on. Idempotent."""
    Key.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())


def note_use(key: Key) -> None:
    """Remember when it was used last, to the minute."""
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED_EVERY)
    if key.last_used_at is None or key.last_used_at < now - NOTED_EVERY:
        Key.objects.filter(stale, pk=key.pk).update(last_used_at=now)


@transaction.atomic
def befriend(origins: Collection[str]) -> None:
    """Let exactly these be the sites whose pages carry our form."""
    FriendlySite.objects.exclude(origin__in=origins).delete()
    FriendlySite.objects.bulk_create([FriendlySite(origin=each) for each in origins], ignore_conflicts=True)
