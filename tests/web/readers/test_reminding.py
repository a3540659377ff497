"""Who asked and did not confirm is reminded once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection

from tests.audience import people
from tests.web.readers.reading import browser, link, mails, marks
from tocsin.audience import actions
from tocsin.audience.models import Subscriber
from tocsin.courier.message import Mark
from tocsin.courier.models import Dispatch
from tocsin.web.readers import reminding

DAY = 86_400


@pytest.fixture
def clock():
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False) as clock:
        yield clock


@pytest.mark.django_db
def test_after_three_days_comes_one_mail_with_a_link_that_works(clock):
    person = people.ask("mira@example.org").address.subscriber
    people.subscribe("confirmed@example.org")
    clock.shift(3 * DAY - 1)
    reminding.remind()
    assert marks() == []
    clock.shift(1)
    for _ in range(3):
        reminding.remind()
        clock.shift(DAY)
    assert marks() == [("mira@example.org", Mark.CONFIRM)]
    assert "the only reminder" in mails()[0].text
    assert Dispatch.objects.get().lane == 0
    assert browser().post(link("confirm", person)).status_code == 200
    assert sorted(people.told()) == ["confirmed@example.org", "mira@example.org"]


@pytest.mark.django_db
def test_asking_again_moves_the_reminder_but_brings_no_second(clock):
    people.ask("mira@example.org")
    clock.shift(2 * DAY)
    people.ask("mira@example.org")
    clock.shift(2 * DAY)
    reminding.remind()
    assert marks() == []
    clock.shift(DAY)
    reminding.remind()
    people.ask("mira@example.org")
    clock.shift(4 * DAY)
    reminding.remind()
    assert len(marks()) == 1


@pytest.mark.django_db
def test_who_left_and_asks_anew_may_be_reminded_of_that(clock):
    people.ask("mira@example.org")
    clock.shift(3 * DAY)
    reminding.remind()
    person = Subscriber.objects.get()
    actions.confirm(person.public_id)
    actions.unsubscribe(person.public_id, "page")
    clock.shift(DAY)
    people.ask("mira@example.org")
    clock.shift(3 * DAY)
    reminding.remind()
    assert len(marks()) == 2


@pytest.mark.django_db
def test_after_an_outage_nobody_is_reminded_of_what_is_long_ago(clock):
    people.ask("mira@example.org")
    clock.shift(8 * DAY)
    reminding.remind()
    assert marks() == []


def test_two_workers_at_once_remind_once(committed):
    for number in range(6):
        people.ask(f"reader{number}@example.org")
    start = threading.Barrier(2)

    def run(_: int) -> None:
        start.wait()
        try:
            reminding.remind()
        finally:
            connection.close()

    with time_machine.travel(datetime.now(UTC).timestamp() + 4 * DAY), ThreadPoolExecutor(2) as threads:
        list(threads.map(run, range(2)))
    assert Dispatch.objects.count() == 6
