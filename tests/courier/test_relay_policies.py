"""How a relay may be used, as written behind its URL, is kept by real couriers."""

import time
from collections import Counter

import pytest

from tests.channels.email.faulty import FaultyRelay, running
from tests.courier.people import make_readers, tell_everyone
from tests.courier.running import courier, until, until_books
from tocsin.audience.models import Address
from tocsin.courier.models import Lane
from tocsin.courier.queries import books, listing


def told(lane=Lane.DIGEST, **changes):
    return tell_everyone(lane=lane, first=False, **changes).pk


def test_the_rate(log):
    make_readers(30)
    times = []
    relay = FaultyRelay({"MAIL": lambda _: times.append(time.monotonic())})
    with running(relay), courier(f"{relay.url}&rate=25", log):
        until_books(told(), accepted=30)
    assert max(times) - min(times) >= (30 - 1) / 25 - 0.25


def test_the_hour_holds_over_restarts_and_keeps_room_for_alerts(log):
    make_readers(30)
    relay = FaultyRelay()
    with running(relay):
        url = f"{relay.url}&hour=20"
        with courier(url, log) as first:
            digest = told()
            until_books(digest, accepted=19)
            until(lambda: "all that its caps allow" in log.read_text())
            assert first.stop() == 0
        with courier(url, log) as second:
            alert = told(Lane.ALERT, post_id=2)
            until_books(alert, accepted=1)
            assert second.stop() == 0
    assert len(relay.taken) == 20
    assert books(digest).planned == 11


def test_two_couriers_share_a_cap(log):
    make_readers(60)
    relay = FaultyRelay()
    with running(relay):
        url = f"{relay.url}&day=60"
        with courier(url, log) as first, courier(url, log) as second:
            one, other = told(post_id=1), told(post_id=2)
            until(lambda: "all that its caps allow" in log.read_text())
            assert (first.stop(), second.stop()) == (0, 0)
        assert len(relay.taken) <= 57
        with courier(url, log):  # what one of them held and did not use
            until(lambda: books(one).accepted + books(other).accepted == 57)
    assert len(relay.taken) == 57


def test_a_new_relay_begins_small(log):
    make_readers(30)
    relay = FaultyRelay()
    with running(relay), courier(f"{relay.url}&ramp=10&day=5000", log) as process:
        dispatch = told()
        until_books(dispatch, accepted=10)
        until(lambda: "all that its caps allow" in log.read_text())
        assert process.stop() == 0
    assert books(dispatch).planned == 20


def test_a_connection_is_renewed_after_so_many_messages(log):
    make_readers(20)
    relay = FaultyRelay()
    with running(relay), courier(f"{relay.url}&connections=1&per_connection=5", log):
        until_books(told(), accepted=20)
    assert relay.connections >= 4


def test_relays_share_the_work_by_weight(log):
    make_readers(240)
    heavy, light = FaultyRelay(delay=0.001), FaultyRelay(delay=0.001)
    with running(heavy), running(light), courier(f"{heavy.url}&weight=3 {light.url}&weight=1", log):
        until_books(told(), accepted=240)
    assert 2 <= len(heavy.taken) / len(light.taken) <= 4.5


@pytest.mark.parametrize("use", ["", "&hour=20"])
def test_a_standby_does_what_the_others_cannot(log, use):
    make_readers(30)
    main, standby = FaultyRelay(), FaultyRelay()
    with running(main), running(standby), courier(f"{main.url}{use} {standby.url}&weight=0", log):
        until(lambda: log.read_text().count("works") == 2)
        until_books(told(), accepted=30)
    assert len(main.taken) == (19 if use else 30)
    assert len(standby.taken) == 30 - len(main.taken)


def test_a_standby_takes_over_from_a_relay_in_trouble(log):
    make_readers(10)
    main, standby = FaultyRelay({"MAIL": "451 4.3.0 not today"}), FaultyRelay()
    with running(main), running(standby), courier(f"{main.url} {standby.url}&weight=0", log):
        until_books(told(), accepted=10)
    assert len(standby.taken) == 10


def test_so_many_at_a_time_go_to_one_destination(log):
    readers = make_readers(40)
    for reader in readers[::2]:
        Address.objects.filter(pk=reader.pk).update(value=f"reader{reader.pk}@other.example")
    begun, most = Counter(), Counter()

    def begin(argument: str) -> None:
        domain = argument.rstrip(">").partition("@")[2]
        done = sum(letter.recipients[0].endswith(domain) for letter in relay.completed)
        begun[domain] += 1
        most[domain] = max(most[domain], begun[domain] - done)

    relay = FaultyRelay({"RCPT": begin}, delay=0.002)
    with running(relay), courier(f"{relay.url}&connections=8&per_destination=1", log):
        until_books(told(), accepted=40)
    assert most == {"example.org": 1, "other.example": 1}


def test_a_destination_that_asks_to_slow_down_holds_up_no_other(log):
    readers = make_readers(20)
    for reader in readers[::2]:
        Address.objects.filter(pk=reader.pk).update(value=f"reader{reader.pk}@other.example")
    relay = FaultyRelay({"RCPT": lambda to: "450 4.7.28 slow down" if "other.example" in to else None})
    with running(relay), courier(f"{relay.url}&per_destination=2", log):
        dispatch = told()
        until(lambda: len(relay.taken) == 10)
        until(lambda: books(dispatch).accepted == 10)
    tried = sum(command.startswith("RCPT") and "other.example" in command for command in relay.commands)
    assert tried <= 5


def test_what_waits_for_a_slow_destination_is_not_forgotten_when_the_connection_closes(log):
    make_readers(3)
    replies = ["450 4.7.28 slow down", "450 4.7.28 slow down"]
    relay = FaultyRelay({"RCPT": lambda _: replies.pop() if replies else None})
    with running(relay), courier(f"{relay.url}&per_destination=1", log, idle=0.2):
        until_books(told(), accepted=1, seconds=10)


def test_what_cannot_be_composed_keeps_no_place_at_its_destination(log):
    for number, reader in enumerate(make_readers(6)):
        if number not in {2, 5}:
            Address.objects.filter(pk=reader.pk).update(value=f"not@an@address{number}\r\n@example.org")
    relay = FaultyRelay()
    with running(relay), courier(f"{relay.url}&per_destination=1", log):
        dispatch = told()
        until_books(dispatch, failed=4, accepted=2, seconds=10)
    assert all("cannot be composed" in row.reply for row in listing(dispatch, "failed"))
