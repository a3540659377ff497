"""What is kept too long goes, a piece at a time, by the clock."""

from datetime import UTC, datetime

import pytest
import time_machine

from tests.audience import people
from tests.posts import published
from tocsin.audience import actions, limits
from tocsin.audience.models import Allowance, Publication, Subscriber
from tocsin.courier.models import Attempt, Delivery
from tocsin.desk import clock as the_clock
from tocsin.desk import retention

pytestmark = pytest.mark.django_db
DAY = 86_400


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr(the_clock, "_forgetting", the_clock.Every(3600))
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False) as clock:
        yield clock


def test_everything_goes_when_its_days_are_over_and_the_books_stay(clock):
    Publication.objects.update(keep_left_days=10, keep_unconfirmed_days=5, keep_details_days=30)
    mira, gone = people.subscribe("mira@example.org"), people.subscribe("gone@example.org")
    people.ask("never@example.org")
    limits.take(limits.MAILBOX, "one")
    published("News")
    Delivery.objects.update(state="failed", due_us=None, reply="550 <gone@example.org> unknown")
    Attempt.objects.create(
        delivery=Delivery.objects.get(subscriber_id=gone.pk),
        number=1, relay="r", started_us=1, finished_us=2, outcome="refused", reply="550 <gone@example.org> unknown",
    )  # fmt: skip
    actions.unsubscribe(gone.public_id, "page")
    clock.shift(10 * DAY)
    while retention.piece():
        pass
    assert list(Subscriber.objects.all()) == [mira]
    assert not Allowance.objects.exists()
    assert set(Delivery.objects.values_list("subscriber_id", "reply")) == {
        (mira.pk, "550 <gone@example.org> unknown"),
        (None, ""),
    }
    assert Attempt.objects.get().reply == ""
    clock.shift(20 * DAY + 1)
    while retention.piece():
        pass
    assert set(Delivery.objects.values_list("subscriber_id", "reply", "state")) == {(None, "", "failed")}


def test_the_clock_goes_on_until_nothing_is_left_and_then_rests(clock, monkeypatch):
    left, asked = [True, True, False], []
    monkeypatch.setattr(retention, "piece", lambda: asked.append(1) or left.pop(0))
    for _ in range(5):
        the_clock.tick()
    assert len(asked) == 3


def test_many_are_forgotten_a_few_at_a_time(clock, monkeypatch):
    monkeypatch.setattr("tocsin.audience.forgetting.PEOPLE", 2)
    for number in range(3):
        people.ask(f"never{number}@example.org")
    clock.shift(15 * DAY)
    left = []
    while retention.piece():
        left.append(Subscriber.objects.count())
    assert left == [1, 0]
