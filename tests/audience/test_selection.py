"""Finding people: by where they stand, what they follow, an address or a part of it, and when they joined."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from tests.audience.people import ask, subscribe, topic
from tocsin.audience import actions, selection, upkeep
from tocsin.audience.models import Subscriber
from tocsin.audience.selection import Selection, Standing

pytestmark = pytest.mark.django_db


def found(**meant: object) -> list[str]:
    people = selection.select(Selection(**meant)).prefetch_related("addresses")  # type: ignore[arg-type]
    return [person.addresses.all()[0].value for person in people]


@pytest.fixture
def town() -> None:
    """One person of each standing."""
    subscribe("mira@example.org", "Mira Sand")
    ask("pending@example.org")
    actions.unsubscribe(subscribe("left@example.org").public_id, "test")
    upkeep.suppress([subscribe("kept@example.org").pk], "asked by telephone", by="ed")
    actions.pause(subscribe("paused@example.org").public_id, timezone.now() + timedelta(days=3))


@pytest.mark.parametrize(
    ("standing", "who"),
    [
        (Standing.SUBSCRIBED, "mira"),
        (Standing.PENDING, "pending"),
        (Standing.LEFT, "left"),
        (Standing.SUPPRESSED, "kept"),
        (Standing.PAUSED, "paused"),
    ],
)
def test_everybody_stands_in_exactly_one_place(town, standing, who):
    assert found(standing=standing) == [f"{who}@example.org"]
    person = Subscriber.objects.annotate(kept=selection.suppressed()).get(addresses__value=f"{who}@example.org")
    assert selection.standing_of(person, suppressed=person.kept) == standing


def test_nothing_looked_for_excludes_nobody(town):
    assert len(found()) == 5
    assert Selection().is_everybody


def test_a_break_that_is_over_is_none(town):
    Subscriber.objects.filter(paused_until__isnull=False).update(paused_until=timezone.now() - timedelta(hours=1))
    assert found(standing=Standing.PAUSED) == []
    assert len(found(standing=Standing.SUBSCRIBED)) == 2


@pytest.mark.parametrize("words", ["mira@example.org", " MIRA@Example.org ", "mira@", "sand", "ira"])
def test_people_are_found_by_address_and_name(town, words):
    assert found(search=words) == ["mira@example.org"]


def test_a_whole_address_finds_no_other_that_contains_it():
    subscribe("ann@example.org")
    subscribe("joann@example.org")
    assert found(search="ann@example.org") == ["ann@example.org"]


def test_people_are_found_by_what_they_follow_and_how_often():
    water, roads = topic("water"), topic("roads")
    subscribe("a@example.org", choices={water.pk: "daily", roads.pk: "instant"})
    subscribe("b@example.org", choices={water.pk: "instant"})
    assert found(followable=water.pk) == ["a@example.org", "b@example.org"]
    assert found(followable=water.pk, cadence="daily") == ["a@example.org"]
    assert found(followable=roads.pk, cadence="daily") == []
    assert found(cadence="instant") == ["a@example.org", "b@example.org"]


def test_days_of_joining_are_both_inclusive():
    person = subscribe()
    today = person.created_at.date()
    assert found(joined_from=today, joined_until=today) == ["mira@example.org"]
    assert found(joined_until=today - timedelta(days=1)) == []
    assert found(joined_from=today + timedelta(days=1)) == []


def test_a_selection_survives_json():
    meant = Selection(search="a", standing="left", followable=3, joined_from=date(2026, 1, 2))
    assert Selection.from_json(meant.to_json()) == meant
