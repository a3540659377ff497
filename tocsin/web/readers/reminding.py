"""Asking once more, and never twice, who asked to subscribe and did not confirm. Run by the worker, now and then."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from tocsin.audience import actions, queries
from tocsin.audience.models import Consent, Subscriber
from tocsin.courier import queries as ledger
from tocsin.web.readers import mails

REMINDED_AFTER: Final = timedelta(days=3)
NOT_AFTER: Final = timedelta(days=7)
"""After an outage nobody is reminded of what they have long forgotten."""
AT_ONCE: Final = 50


def remind() -> bool:
    """Plan the reminders that are due, some at a time; whether there may be more. Safe to run twice at once.

    None while the database is held as restored or copied: those who are due were perhaps reminded already.
    """
    if ledger.is_held():
        return False
    due = list(_due().order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    for subscriber in due:
        _remind(subscriber)
    return len(due) == AT_ONCE


@transaction.atomic
def _remind(subscriber: int) -> None:
    """The mail and the note that it was planned commit together, so there is one or none."""
    address = actions.note_reminder(subscriber)
    if address is not None:
        mails.send(mails.REMINDER, address, queries.publication())


def _due() -> QuerySet[Subscriber]:
    now = timezone.now()
    asked = Consent.objects.filter(subscriber_id=OuterRef("pk"), event=Consent.Event.ASKED)
    lately = Exists(asked.filter(at__gt=now - REMINDED_AFTER))
    not_long_ago = Exists(asked.filter(at__gt=now - NOT_AFTER))
    waiting = Subscriber.objects.filter(status=Subscriber.Status.PENDING, reminded_at=None)
    return waiting.filter(~lately, not_long_ago)
