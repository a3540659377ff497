"""Changing what somebody follows, with its history: a subscription that is changed or ended stays as a past choice.

So it can be said for every mail why it was sent, and the last change can be taken back. What they may choose is not
checked here. All of it runs in the caller's transaction, with the subscriber's row locked.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db.models import F, Max, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from tocsin.audience.models import Cadence, PastChoice, Subscriber, Subscription
from tocsin.audience.pace import rescheduled
from tocsin.lib import clock

Choices = Mapping[int, str]
"""What somebody wants: followable id -> cadence."""

DIGESTED = frozenset({Cadence.DAILY, Cadence.WEEKLY})
"""The paces at which digests come."""

SLOWER = {Cadence.INSTANT: Cadence.DAILY, Cadence.DAILY: Cadence.WEEKLY}
"""The next slower pace, where there is one."""


def follow(subscriber: Subscriber, choices: Choices) -> None:
    """Follow exactly `choices` from now on. What stays as it is keeps its beginning."""
    now, theirs = timezone.now(), subscriber.subscriptions.all()
    present = {row.followable_id: row for row in theirs}
    changed = {key: pace for key, pace in choices.items() if key not in present or present[key].cadence != pace}
    dropped = present.keys() - choices.keys()
    is_first = not present and not subscriber.past_choices.exists()
    keep(theirs.filter(followable__in=[*dropped, *(present.keys() & changed.keys())]), now)
    theirs.filter(followable__in=dropped).delete()
    Subscription.objects.bulk_create(
        (
            Subscription(
                subscriber=subscriber,
                followable_id=followable,
                cadence=Cadence(pace),
                paced_at=None if is_first else now,
                created_at=_told_since(present.get(followable), now),
            )
            for followable, pace in changed.items()
        ),
        update_conflicts=True,
        unique_fields=["subscriber", "followable"],
        update_fields=["cadence", "paced_at", "created_at"],
    )
    _reschedule(subscriber, {row.cadence for row in present.values()}, set(choices.values()))


def _reschedule(subscriber: Subscriber, before: Collection[str], after: Collection[str]) -> None:
    """Have it worked out when their next digest is due."""
    had, has = (not DIGESTED.isdisjoint(cadences) for cadences in (before, after))
    subscriber.digest_due_us, subscriber.digested_us = rescheduled(
        subscriber.digest_due_us, subscriber.digested_us, had=had, has=has, now_us=clock.now_us()
    )
    subscriber.save(update_fields=["digest_due_us", "digested_us"])


def _told_since(before: Subscription | None, now: datetime) -> datetime:
    """Since when it tells of news: another pace changes nothing about that, but after *alerts only* it begins."""
    return now if before is None or before.cadence == Cadence.ALERTS else before.created_at


def keep(ending: QuerySet[Subscription], now: datetime) -> None:
    """Write down subscriptions that change or end now, before they do."""
    rows = ending.annotate(began=Coalesce(F("paced_at"), F("created_at")))
    PastChoice.objects.bulk_create(
        PastChoice(
            subscriber_id=row.subscriber_id,
            followable_id=row.followable_id,
            cadence=row.cadence,
            began_at=row.began,
            ended_at=now,
        )
        for row in rows
    )


def last_change(subscriber: Subscriber) -> datetime | None:
    """When they last changed what they follow; None if they never did since they confirmed."""
    ended = subscriber.past_choices.aggregate(last=Max("ended_at"))["last"]
    begun = subscriber.subscriptions.aggregate(last=Max("paced_at"))["last"]
    last = max((moment for moment in (ended, begun) if moment), default=None)
    confirmed = subscriber.addresses.aggregate(at=Max("confirmed_at"))["at"]
    return last if last and (confirmed is None or last > confirmed) else None  # what they came with is no change


def latest(subscriber: Subscriber) -> dict[int, str]:
    """What they follow; if that is nothing any more, what they followed last."""
    present = subscriber.subscriptions.values_list("followable_id", "cadence")
    past = subscriber.past_choices.order_by()
    ended_last = past.filter(ended_at=past.aggregate(last=Max("ended_at"))["last"])
    return dict(present) or dict(ended_last.values_list("followable_id", "cadence"))


def undo(subscriber: Subscriber) -> bool:
    """Take the last change back, as a change of its own; False if there was none."""
    last = last_change(subscriber)
    if last is None:
        return False
    untouched = subscriber.subscriptions.exclude(paced_at=last).values_list("followable_id", "cadence")
    before = subscriber.past_choices.filter(ended_at=last).values_list("followable_id", "cadence")
    follow(subscriber, dict(untouched) | dict(before))
    return True


def slower(choices: Choices) -> dict[int, str]:
    """The same with the fastest digestible pace one step down: as it happens to daily, or daily to weekly. Pure."""
    present = set(choices.values())
    fastest = next((pace for pace in SLOWER if pace in present), None)
    if fastest is None:
        return dict(choices)
    return {followable: SLOWER[fastest] if pace == fastest else pace for followable, pace in choices.items()}


def slowed(before: Choices, after: Choices) -> tuple[Cadence, Cadence] | None:
    """From which pace to which the fastest digestible one went; None if there was none. Pure."""
    present = set(before.values())
    fastest = next((pace for pace in SLOWER if pace in present), None)
    became = (after[followable] for followable, pace in before.items() if pace == fastest)
    return (fastest, Cadence(next(became))) if fastest and dict(before) != dict(after) else None


def at(
    now: Iterable[tuple[int, str, datetime]], past: Collection[tuple[int, str, datetime, datetime]], moment: datetime
) -> dict[int, str]:
    """What was followed at a moment: followable id -> cadence. Pure.

    `now`: followable, cadence, since when; `past`: the same and until when.
    """
    found = {followable: pace for followable, pace, began, ended in past if began <= moment < ended}
    return found | {followable: pace for followable, pace, began in now if began <= moment}
