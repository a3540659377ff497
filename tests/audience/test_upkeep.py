"""What the staff do to readers: adding, suppressing, lifting, and changing what some of them follow."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.audience.people import ask, record, subscribe, told, topic
from tocsin.audience import actions, upkeep
from tocsin.audience.models import Consent, StaffNote, Suppression
from tocsin.audience.upkeep import Newcomer
from tocsin.lib import addresses
from tocsin.lib.errors import Refused

pytestmark = pytest.mark.django_db


def newcomer(email: str = "mira@example.org") -> Newcomer:
    water = topic("water")
    return Newcomer(addresses.parse(email), "Mira", {water.pk: "daily"}, "Signed the list at the fair.", "en")


def test_who_is_added_is_subscribed_with_the_consent_on_record():
    person = upkeep.add(newcomer(), by="ed")
    assert (person.status, person.source, person.name) == ("active", "staff", "Mira")
    assert [one.cadence for one in person.subscriptions.all()] == ["daily"]
    consent = Consent.objects.get(subscriber_id=person.pk)
    assert (consent.event, consent.how) == ("imported", "added by ed")
    assert consent.text is not None
    assert consent.text.wording == "Signed the list at the fair."


def test_who_asked_but_never_confirmed_can_be_added():
    asked = ask().address.subscriber
    assert upkeep.add(newcomer(), by="ed") == asked
    assert record(asked) == ["asked", "imported"]


def test_nobody_is_added_twice():
    subscribe()
    with pytest.raises(Refused, match="subscribed already"):
        upkeep.add(newcomer(), by="ed")


def test_who_left_is_never_brought_back():
    actions.unsubscribe(subscribe().public_id, "test")
    with pytest.raises(Refused, match="unsubscribed"):
        upkeep.add(newcomer(), by="ed")


def test_who_was_deleted_is_never_brought_back():
    actions.erase(subscribe().public_id)
    with pytest.raises(Refused, match="unsubscribed"):
        upkeep.add(newcomer(), by="ed")


def test_an_address_that_must_not_be_written_to_is_not_added():
    person = subscribe()
    Suppression.objects.create(address_hash=person.addresses.get().hash, reason="bounced")
    actions.erase(person.public_id)
    with pytest.raises(Refused, match="does not exist"):
        upkeep.add(newcomer(), by="ed")


def test_the_suppressed_are_told_nothing_until_it_is_lifted():
    mira, other = subscribe(), subscribe("other@example.org")
    assert upkeep.suppress([mira.pk], "asked by telephone", by="ed") == 1
    assert upkeep.suppress([mira.pk], "again", by="ed") == 0
    assert told() == ["other@example.org"]
    assert upkeep.lift([mira.pk, other.pk], by="ed") == 1
    assert sorted(told()) == ["mira@example.org", "other@example.org"]
    notes = StaffNote.objects.order_by("pk").values_list("subscriber", "by", "text")
    assert list(notes) == [
        (mira.pk, "ed", "Not to be written to any more: asked by telephone"),
        (mira.pk, "ed", "May be written to again."),
    ]


@pytest.mark.parametrize("reason", ["unsubscribed", "complained"])
def test_nobody_lifts_what_the_reader_wanted(reason):
    mira = subscribe()
    Suppression.objects.create(address_hash=mira.addresses.get().hash, reason=reason)
    assert upkeep.lift([mira.pk], by="ed") == 0
    assert told() == []


def test_only_the_subscribed_are_made_to_follow():
    water = topic("water")
    mira, pending = subscribe(), ask("pending@example.org").address.subscriber
    assert upkeep.follow([mira.pk, pending.pk], water, "weekly", by="ed") == 1
    assert upkeep.follow([mira.pk], water, "weekly", by="ed") == 0
    assert upkeep.follow([mira.pk], water, "daily", by="ed") == 1
    assert mira.subscriptions.get(followable=water).cadence == "daily"
    assert not pending.subscriptions.filter(followable=water).exists()
    assert upkeep.unfollow([mira.pk, pending.pk], water, by="ed") == 1
    assert not mira.subscriptions.filter(followable=water).exists()


def test_who_left_after_they_were_suppressed_is_not_lifted():
    mira = subscribe()
    upkeep.suppress([mira.pk], "asked by telephone", by="ed")
    actions.unsubscribe(mira.public_id, "test")
    assert upkeep.lift([mira.pk], by="ed") == 0
    assert Suppression.objects.exists()


def test_who_is_added_after_a_break_is_told_again():
    asked = ask().address.subscriber
    asked.paused_until = timezone.now() + timedelta(days=30)
    asked.digest_due_us = None
    asked.save()
    person = upkeep.add(newcomer(), by="ed")
    assert (person.on_break_until, person.digest_due_us) == (None, 0)
