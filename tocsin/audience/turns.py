"""Whose digest is due: the column `digest_due_us`, as it is written by whoever plans digests. What is due when is `pace`.

Readers' own choices set it too, in `actions`: to `pace.LOOK`, so that the next plan works it out.
"""

from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from tocsin.audience import choices, pace
from tocsin.audience.models import Subscriber, Subscription
from tocsin.lib.statements import packed, statements


class Ended(NamedTuple):
    """One reader's turn, over: which it was, when the next is, and up to when posts were looked at."""

    subscriber: int
    was_due_us: int
    due_us: int | None
    digested_us: int


@transaction.atomic
def reschedule() -> int:
    """Work out anew when everybody's next digest is due: the publication's hour, day or time zone changed. For how many."""
    return Subscriber.objects.filter(digest_due_us__gt=pace.LOOK).update(digest_due_us=pace.LOOK)


@transaction.atomic
def find_forgotten() -> int:
    """Have the next digest worked out of whoever asked for digests and, for whatever reason, has none due. How many they were."""
    asked = Subscription.objects.filter(subscriber=OuterRef("pk"), cadence__in=choices.DIGESTED)
    forgotten = Subscriber.objects.filter(Exists(asked), status=Subscriber.Status.ACTIVE, digest_due_us__isnull=True)
    return forgotten.update(digest_due_us=pace.LOOK)


@transaction.atomic
def end(turns: Iterable[Ended]) -> bool:
    """Remember that readers had their digests. False, and nothing may be kept, if somebody's choices changed meanwhile.

    In the transaction of the caller, which is undone then.
    """
    rows = sorted(turns)
    sql = statements("tocsin.audience", "turns.sql", connection.vendor)["end"]
    with connection.cursor() as cursor:
        cursor.execute(sql, {"turns": packed(rows)})
        return bool(cursor.rowcount == len(rows))
