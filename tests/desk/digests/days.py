"""Days of a newsroom for tests: moments, a worker that plans when it should, and what came to whom."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import time_machine

from tocsin.audience.models import Subscriber
from tocsin.courier import queries as ledger
from tocsin.courier.message import Message
from tocsin.courier.models import Delivery, Dispatch, Edition
from tocsin.desk.digests.actions import Planner

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def on(day: int, hour: float) -> datetime:
    """So many days after that Monday, at that hour UTC."""
    return MONDAY + timedelta(days=day, hours=hour)


@contextmanager
def at(day: int, hour: float) -> Iterator[None]:
    """It is that moment, and time stands still."""
    with time_machine.travel(on(day, hour), tick=False):
        yield


def plan() -> int:
    """What the worker's loop does until nothing is due. How often it looked."""
    planner, looks = Planner(), 1
    while planner.plan_some():
        looks += 1
    return looks


def plan_at(day: int, hour: float) -> None:
    """The worker looks at that moment."""
    with at(day, hour):
        plan()


def digests_of(person: Subscriber) -> list[tuple[int, ...]]:
    """Which posts each digest of a reader told of, in order. The books of each balance."""
    mine = Delivery.objects.filter(subscriber_id=person.pk, dispatch__kind=Dispatch.Kind.DIGEST).order_by("id")
    for dispatch in set(mine.values_list("dispatch_id", flat=True)):
        assert ledger.books(dispatch).balanced
    editions = mine.values_list("edition_id", flat=True)
    return [tuple(post for post, _ in Edition.objects.get(pk=edition).posts) for edition in editions]


def mail_of(person: Subscriber) -> Message:
    """The last digest of a reader."""
    mine = Delivery.objects.filter(subscriber_id=person.pk, dispatch__kind=Dispatch.Kind.DIGEST).latest("id")
    return Message.from_json(mine.edition.message)
