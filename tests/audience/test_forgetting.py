"""Who and what is kept too long, and what is left of them."""

from datetime import UTC, datetime

import pytest
import time_machine

from tests.audience import people
from tocsin.audience import actions, forgetting, queries
from tocsin.audience.models import Consent, Publication, Subscriber, Suppression
from tocsin.lib import addresses

pytestmark = pytest.mark.django_db
DAY = 86_400


@pytest.fixture
def clock():
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False) as clock:
        yield clock


def test_a_request_nobody_confirmed_is_found_when_its_days_are_over(clock):
    never = people.ask("never@example.org").address.subscriber_id
    people.subscribe("mira@example.org")
    clock.shift(13 * DAY)
    late = people.ask("late@example.org").address.subscriber_id
    again = people.ask("again@example.org").address.subscriber_id
    assert forgetting.unconfirmed(14) == []
    clock.shift(DAY)
    assert forgetting.unconfirmed(14) == [never]
    clock.shift(10 * DAY)
    people.ask("again@example.org")
    clock.shift(4 * DAY)
    assert set(forgetting.unconfirmed(14)) == {never, late}
    assert again not in forgetting.unconfirmed(14)


def test_who_left_is_found_when_their_days_are_over(clock):
    gone, back = people.subscribe("gone@example.org"), people.subscribe("back@example.org")
    clock.shift(100 * DAY)
    for person in (gone, back):
        actions.unsubscribe(person.public_id, "page")
    clock.shift(29 * DAY)
    assert forgetting.left(30) == []
    actions.confirm(people.ask("back@example.org").address.subscriber.public_id)
    clock.shift(DAY)
    assert forgetting.left(30) == [gone.pk]


def test_of_who_left_stays_what_names_nobody():
    person = people.subscribe("gone@example.org", "Mira")
    actions.unsubscribe(person.public_id, "page")
    assert actions.forget(person.pk)
    assert not Subscriber.objects.exists()
    assert people.record(person) == ["asked", "confirmed", "withdrawn", "forgotten"]
    assert bytes(Suppression.objects.get().address_hash) == queries.hash_of(addresses.parse("gone@example.org"))


def test_who_came_back_or_is_gone_meanwhile_is_not_forgotten():
    person = people.subscribe()
    assert not actions.forget(person.pk)
    assert Subscriber.objects.get() == person
    actions.erase(person.public_id)
    assert not actions.forget(person.pk)


def test_network_addresses_are_recorded_only_on_demand_and_forgotten_in_time(clock):
    people.subscribe("unseen@example.org")
    assert not Consent.objects.filter(ip__isnull=False).exists()
    Publication.objects.update(record_ip=True)
    email = addresses.parse("mira@example.org")
    asked = actions.ask(email, name="", choices={}, wording="Yes.", language="en", ip="192.0.2.7")
    actions.confirm(asked.address.subscriber.public_id, "2001:db8::7")
    assert list(Consent.objects.filter(ip__isnull=False).order_by("id").values_list("event", "ip")) == [
        ("asked", "192.0.2.7"),
        ("confirmed", "2001:db8::7"),
    ]
    clock.shift(30 * DAY - 1)
    assert forgetting.network_addresses(30) == 0
    clock.shift(1)
    assert forgetting.network_addresses(30) == 2
    assert not Consent.objects.filter(ip__isnull=False).exists()
    assert Consent.objects.count() == 4


@pytest.mark.parametrize("way", ["erased", "left", "unconfirmed"])
def test_whoever_goes_takes_the_network_address_along(way):
    Publication.objects.update(record_ip=True)
    email = addresses.parse("mira@example.org")
    asked = actions.ask(email, name="", choices={}, wording="Yes.", language="en", ip="192.0.2.7")
    person = asked.address.subscriber
    if way != "unconfirmed":
        actions.confirm(person.public_id, "192.0.2.7")
    if way == "left":
        actions.unsubscribe(person.public_id, "page")
    assert Consent.objects.filter(ip="192.0.2.7").exists()
    if way == "erased":
        actions.erase(person.public_id)
    else:
        assert actions.forget(person.pk)
    assert not Consent.objects.filter(ip__isnull=False).exists()
    assert not Subscriber.objects.exists()
