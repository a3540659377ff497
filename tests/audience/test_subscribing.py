"""Asking, confirming, coming back."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from tests.audience.people import WORDING, ask, record, subscribe, told, topic
from tocsin.audience import actions, queries
from tocsin.audience.actions import Answer, Confirmed
from tocsin.audience.models import Address, Consent, Subscriber, Subscription, Suppression
from tocsin.lib import addresses

Status = Subscriber.Status


@pytest.mark.django_db
def test_nothing_is_told_before_the_owner_of_the_mailbox_confirms():
    asked = ask()
    assert asked.answer is Answer.CONFIRM
    assert asked.address.subscriber.status == Status.PENDING
    assert told() == []
    assert actions.confirm(asked.address.subscriber.public_id) is Confirmed.NOW
    assert told() == ["mira@example.org"]


@pytest.mark.django_db
def test_consent_is_recorded_in_the_words_that_were_shown():
    person = subscribe()
    rows = Consent.objects.filter(subscriber_id=person.pk).order_by("id")
    assert [(row.event, row.text.wording) for row in rows] == [("asked", WORDING), ("confirmed", WORDING)]


@pytest.mark.django_db
def test_asking_again_before_confirming_takes_the_later_choice_and_makes_nobody_twice():
    parks = topic("parks")
    ask(name="M")
    again = ask("MIRA@EXAMPLE.ORG", "Mira", {parks.pk: "weekly"})
    person = again.address.subscriber
    assert again.answer is Answer.CONFIRM
    assert Address.objects.count() == Subscriber.objects.count() == 1
    assert (person.name, queries.chosen(person)) == ("Mira", {parks.pk: "weekly"})


@pytest.mark.django_db
def test_asking_for_somebody_subscribed_changes_nothing_for_them():
    person = subscribe(name="Mira")
    before = record(person)
    assert ask(name="Somebody else", choices={}).answer is Answer.ALREADY
    person.refresh_from_db()
    assert (person.name, person.status, record(person)) == ("Mira", Status.ACTIVE, before)
    assert told() == ["mira@example.org"]


@pytest.mark.django_db
def test_confirming_twice_is_harmless():
    person = subscribe()
    assert actions.confirm(person.public_id) is Confirmed.BEFORE
    assert record(person) == ["asked", "confirmed"]


@pytest.mark.django_db
def test_an_old_confirmation_does_not_bring_back_who_left():
    person = subscribe()
    actions.unsubscribe(person.public_id, "page")
    assert actions.confirm(person.public_id) is Confirmed.LEFT_SINCE
    assert told() == []


@pytest.mark.django_db
def test_who_left_comes_back_by_asking_and_confirming():
    person = subscribe()
    actions.unsubscribe(person.public_id, "page")
    assert ask().answer is Answer.CONFIRM
    assert told() == []
    assert actions.confirm(person.public_id) is Confirmed.NOW
    assert told() == ["mira@example.org"]
    assert not Suppression.objects.exists()
    assert record(person) == ["asked", "confirmed", "withdrawn", "asked", "confirmed"]


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["bounced", "complained", "manual"])
def test_confirming_lifts_no_suppression_but_the_reader_s_own(reason):
    address_hash = queries.hash_of(addresses.parse("mira@example.org"))
    Suppression.objects.create(address_hash=address_hash, reason=reason)
    actions.confirm(ask().address.subscriber.public_id)
    assert Suppression.objects.get().reason == reason
    assert told() == []


@pytest.mark.django_db
def test_unsubscribing_twice_is_recorded_once():
    person = subscribe()
    actions.unsubscribe(person.public_id, "one-click")
    actions.unsubscribe(person.public_id, "page")
    assert record(person) == ["asked", "confirmed", "withdrawn"]
    assert Suppression.objects.get().reason == "unsubscribed"
    assert not Subscription.objects.exists()
    assert told() == []


@pytest.mark.django_db
def test_erasing_leaves_nothing_but_the_hash():
    person = subscribe(name="Mira")
    address_hash = bytes(person.addresses.get().hash)
    actions.erase(person.public_id)
    assert not Subscriber.objects.exists()
    assert not Address.objects.exists()
    assert not Subscription.objects.exists()
    assert {bytes(row.address_hash) for row in Consent.objects.all()} == {address_hash}
    assert record(person) == ["asked", "confirmed", "erased"]
    assert bytes(Suppression.objects.get().address_hash) == address_hash
    for verb in (actions.confirm, actions.erase):
        with pytest.raises(Subscriber.DoesNotExist):
            verb(person.public_id)


@pytest.mark.django_db
def test_who_was_erased_can_ask_anew():
    actions.erase(subscribe().public_id)
    assert ask().answer is Answer.CONFIRM
    [person] = Subscriber.objects.all()
    actions.confirm(person.public_id)
    assert told() == ["mira@example.org"]


@pytest.mark.django_db
def test_a_pause_is_kept_until_its_end():
    with time_machine.travel("2026-11-22 12:00+00:00", tick=False) as clock:
        person = subscribe()
        actions.pause(person.public_id, timezone.now() + timedelta(days=2))
        assert told() == []
        clock.shift(2 * 86_400)
        assert told() == ["mira@example.org"]
        actions.pause(person.public_id, timezone.now() + timedelta(days=2))
        actions.pause(person.public_id, None)
        assert told() == ["mira@example.org"]


@pytest.mark.django_db
def test_choices_are_replaced_as_a_whole():
    parks, roads = topic("parks"), topic("roads")
    person = subscribe(choices={parks.pk: "daily"})
    actions.change(person.public_id, name="Mira", choices={parks.pk: "instant", roads.pk: "alerts"})
    person.refresh_from_db()
    assert person.name == "Mira"
    assert queries.chosen(person) == {parks.pk: "instant", roads.pk: "alerts"}
    actions.change(person.public_id, name="Mira", choices={})
    assert queries.chosen(person) == {}


@pytest.mark.django_db
def test_who_is_not_subscribed_changes_nothing():
    asked = ask()
    public_id = asked.address.subscriber.public_id
    with pytest.raises(Subscriber.DoesNotExist):
        actions.change(public_id, name="", choices={})
    with pytest.raises(Subscriber.DoesNotExist):
        actions.pause(public_id, None)


def test_requests_at_once_for_one_new_address_make_one_person(committed):
    """On PostgreSQL the later INSERTs wait for the first and then fail: they must find the first one's row."""
    for number in range(5):
        start = threading.Barrier(3)

        def run(_: int, address=f"new{number}@example.org", start=start) -> Answer:
            start.wait()
            try:
                return ask(address).answer
            finally:
                connection.close()

        with ThreadPoolExecutor(3) as threads:
            assert list(threads.map(run, range(3))) == [Answer.CONFIRM] * 3
    assert Subscriber.objects.count() == Address.objects.count() == Subscription.objects.count() == 5
