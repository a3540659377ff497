"""News waits while its reader has quiet hours; alerts do not."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.db import transaction

from tests.courier.desk import Hand, open_ledger
from tests.posts import published
from tests.readers import reader
from tocsin.audience.models import Subscriber
from tocsin.content.models import PostPage, Topic
from tocsin.courier import actions
from tocsin.courier import queries as ledger
from tocsin.courier.models import Batch, Delivery, Dispatch, Lane, Telling
from tocsin.desk import publish, watchdog
from tocsin.desk.legend import outlook
from tocsin.lib import clock

EVENING = datetime(2026, 11, 28, 22, 30, tzinfo=UTC)
MORNING = clock.from_datetime(datetime(2026, 11, 29, 6, 0, tzinfo=UTC))  # 7:00 in Berlin


def sleeper(email: str = "asleep@example.org", zone: str = "Europe/Berlin") -> Subscriber:
    """A reader who sleeps from 22 to 7."""
    person = reader(email)
    person.quiet_from, person.quiet_until, person.time_zone = 22, 7, zone
    person.save()
    return person


def due_of(person: Subscriber) -> int | None:
    return Delivery.objects.get(subscriber_id=person.pk).due_us


@pytest.mark.django_db
@time_machine.travel(EVENING, tick=False)
def test_news_waits_for_the_end_of_quiet_hours():
    berlin, tokyo, awake = sleeper(), sleeper("tokyo@example.org", "Asia/Tokyo"), reader("awake@example.org")
    published()
    assert (due_of(berlin), due_of(tokyo), due_of(awake)) == (MORNING, 0, 0)
    dispatch = Dispatch.objects.get()
    assert ledger.books(dispatch.pk) == ledger.Books(audience=3, planned=3)
    assert list(Batch.objects.order_by("id").values_list("due_us", flat=True)) == [0, MORNING]


@pytest.mark.django_db
@time_machine.travel(EVENING, tick=False)
def test_quiet_hours_without_a_zone_are_the_publication_s():
    person = sleeper(zone="")
    published()
    assert due_of(person) == clock.from_datetime(datetime(2026, 11, 29, 7, 0, tzinfo=UTC))


@pytest.mark.django_db
@time_machine.travel(EVENING, tick=False)
def test_an_alert_waits_for_nobody():
    person = sleeper()
    published(kind="alert", severity="severe")
    assert due_of(person) == 0


@pytest.mark.django_db
@time_machine.travel(EVENING, tick=False)
def test_a_correction_waits_too():
    person = sleeper()
    post = published()
    publish.tell_again(post, None, "It was Tuesday.")
    assert Delivery.objects.filter(subscriber_id=person.pk, due_us=MORNING).count() == 2


@pytest.mark.django_db
def test_what_waits_on_purpose_is_said_and_alarms_nobody():
    with time_machine.travel(EVENING, tick=False):
        sleeper()
        published()
    with time_machine.travel(clock.to_datetime(MORNING - clock.MINUTE), tick=False):
        progress = ledger.progress(Dispatch.objects.get().pk)
        assert (progress.waiting, progress.next_try) == (1, clock.to_datetime(MORNING))
        assert outlook(progress) == "1 waiting for the end of their quiet hours"
        assert watchdog.findings() == {}
    with time_machine.travel(clock.to_datetime(MORNING + 20 * clock.MINUTE), tick=False):
        assert "waiting" in watchdog.findings()


@pytest.mark.django_db
@time_machine.travel(EVENING, tick=False)
def test_what_is_taken_down_in_the_night_is_not_sent_in_the_morning():
    sleeper()
    published().unpublish()
    assert ledger.books(Dispatch.objects.get().pk) == ledger.Books(audience=1, suppressed=1)


def test_a_courier_takes_what_waits_when_its_time_has_come(committed):
    with time_machine.travel(EVENING, tick=False):
        asleep, awake = sleeper(), reader("awake@example.org")
        published()
        dispatch = Dispatch.objects.get()
    hand = Hand(open_ledger(committed), now=clock.from_datetime(EVENING))
    (first,) = hand.ledger.claim(hand.courier, Lane.INSTANT, hand.now, 1000)
    (delivery,) = hand.ledger.due(first)
    assert Delivery.objects.get(pk=delivery).subscriber_id == awake.pk
    hand.settle(first, delivery)
    hand.ledger.release([first])
    hand.now = MORNING - 1
    assert hand.ledger.claim(hand.courier, Lane.INSTANT, hand.now, 1000) == []
    assert ledger.books(dispatch.pk) == ledger.Books(audience=2, planned=1, accepted=1)
    hand.now = MORNING
    (second,) = hand.ledger.claim(hand.courier, Lane.INSTANT, hand.now, 1000)
    (delivery,) = hand.ledger.due(second)
    assert Delivery.objects.get(pk=delivery).subscriber_id == asleep.pk
    hand.ledger.close()


def test_a_pause_in_the_night_does_not_bring_the_morning_forward(committed):
    with time_machine.travel(EVENING, tick=False):
        sleeper()
        published()
        dispatch = Dispatch.objects.get()
        with transaction.atomic():
            actions.pause(dispatch)
        assert Batch.objects.get().due_us is None
        with transaction.atomic():
            actions.resume(dispatch)
        assert Batch.objects.get().due_us == MORNING


@pytest.mark.django_db
def test_an_alert_reaches_everybody_who_did_not_ask_to_be_spared():
    Topic.objects.create(name="Water", slug="water")
    follows_nothing, other_topic, spared = (
        reader("nothing@example.org"),
        reader("water@example.org", follows="topic:water", cadence="weekly"),
        reader("spared@example.org"),
    )
    follows_nothing.subscriptions.all().delete()
    Subscriber.objects.filter(pk=spared.pk).update(alerts=False)
    published(kind=PostPage.Kind.ALERT, severity="severe")
    told = set(Delivery.objects.values_list("subscriber_id", flat=True))
    assert told == {follows_nothing.pk, other_topic.pk}


@pytest.mark.django_db
def test_telling_again_when_nobody_was_told_is_a_first_telling():
    """So no digest carries the post once more."""
    post = published()
    person = reader("mira@example.org")
    publish.tell_again(post, None)
    assert Telling.objects.get(post_id=post.pk).address_hash == person.addresses.get().hash
