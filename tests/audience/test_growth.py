"""Counting who joined and left, week by week, from the consent record."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.audience.people import subscribe, topic
from tocsin.audience import actions, growth
from tocsin.audience.models import Consent, Subscriber

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday
LAST_WEEK = NOW - timedelta(days=7)


def happened(person: Subscriber, event: str, at: datetime) -> None:
    Consent.objects.filter(subscriber_id=person.pk, event=event).update(at=at)


def numbers(zone: str = "UTC") -> list[tuple[int, int, int]]:
    weeks = growth.weeks(2, ZoneInfo(zone), NOW)
    return [(week.joined, week.left, week.subscribed) for week in weeks]


def test_joining_and_leaving_are_counted_in_their_week():
    stays, leaves = subscribe("a@example.org"), subscribe("b@example.org")
    happened(stays, "confirmed", LAST_WEEK)
    happened(leaves, "confirmed", LAST_WEEK)
    actions.unsubscribe(leaves.public_id, "test")
    happened(leaves, "withdrawn", NOW)
    assert numbers() == [(2, 0, 2), (0, 1, 1)]
    assert growth.weeks(1, ZoneInfo("UTC"), NOW)[0].churn == 50.0


def test_a_week_begins_on_monday_where_the_publication_is():
    person = subscribe()
    happened(person, "confirmed", datetime(2026, 11, 22, 23, 30, tzinfo=UTC))
    assert numbers() == [(1, 0, 1), (0, 0, 1)]
    assert numbers("Europe/Berlin") == [(0, 0, 0), (1, 0, 1)]


def test_who_is_deleted_leaves_once():
    person = subscribe()
    happened(person, "confirmed", LAST_WEEK)
    actions.unsubscribe(person.public_id, "test")
    happened(person, "withdrawn", LAST_WEEK)
    actions.erase(person.public_id)
    happened(person, "erased", NOW)
    assert numbers() == [(1, 1, 0), (0, 0, 0)]


def test_followers_are_counted_by_pace():
    water = topic("water")
    subscribe("a@example.org", choices={water.pk: "daily"})
    subscribe("b@example.org", choices={water.pk: "instant"})
    most = growth.following()[0]
    assert (most.followable, most.total, most.paces["daily"], most.paces["weekly"]) == (water, 2, 1, 0)


def test_origins_are_counted():
    subscribe()
    assert growth.origins() == [("form", 1)]
