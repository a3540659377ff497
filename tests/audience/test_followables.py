"""What can be followed is mirrored from topics and authors."""

import pytest

from tests.audience.people import subscribe, topic
from tocsin.audience import actions, queries
from tocsin.audience.models import Followable

TOPIC = Followable.Kind.TOPIC


@pytest.mark.django_db
def test_a_renamed_topic_keeps_its_followers():
    parks = topic("parks")
    person = subscribe(choices={parks.pk: "daily"})
    actions.mirror_followable(TOPIC, "green", "Green", was="parks")
    assert queries.chosen(person) == {parks.pk: "daily"}
    parks.refresh_from_db()
    assert (parks.slug, parks.name) == ("green", "Green")


@pytest.mark.django_db
def test_a_topic_renamed_to_a_retired_one_brings_both_followers_together():
    parks, green = topic("parks"), topic("green")
    both = subscribe("both@example.org", choices={parks.pk: "daily", green.pk: "weekly"})
    one = subscribe("one@example.org", choices={parks.pk: "daily"})
    actions.retire_followable(TOPIC, "green")
    actions.mirror_followable(TOPIC, "green", "Green", was="parks")
    assert queries.chosen(both) == {parks.pk: "daily"}
    assert queries.chosen(one) == {parks.pk: "daily"}
    assert Followable.objects.get(slug="green").pk == parks.pk
    assert not Followable.objects.filter(slug="parks").exists()


@pytest.mark.django_db
def test_a_retired_topic_cannot_be_chosen_until_it_comes_back():
    topic("parks")
    actions.retire_followable(TOPIC, "parks")
    assert [row.slug for row in queries.choosable()] == [""]
    topic("parks")
    assert [row.slug for row in queries.choosable()] == ["", "parks"]


@pytest.mark.django_db
def test_everything_comes_first_then_topics_then_authors():
    actions.mirror_followable(Followable.Kind.AUTHOR, "ana", "Ana")
    topic("roads")
    topic("parks")
    assert [row.slug for row in queries.choosable()] == ["", "parks", "roads", "ana"]
