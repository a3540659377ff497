"""Couriers that are stopped, replaced, cut off from their database, or that work side by side."""

import signal
import sqlite3

import pytest
from django.db import connection, transaction

from tests.channels.email.faulty import FaultyRelay, running
from tests.courier.people import make_readers, tell_everyone
from tests.courier.running import Running, courier, until, until_books
from tests.crash.aftermath import nobody_lost_and_nobody_twice_unlisted, until_nothing_is_due
from tocsin.audience.models import Publication
from tocsin.courier.models import Attempt, Batch, Courier, Delivery

pytestmark = pytest.mark.crash


STOP_HOLDING_LOCKS = """
import os, signal, time
from tocsin.courier.ledger.ledger import Ledger

move, moves = Ledger._move, []

def stop(self, *args):
    moves.append(1)
    if len(moves) == 4:
        os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(0.2)  # another thread may take the signal: this one must not commit meanwhile
    return move(self, *args)

Ledger._move = stop
"""


def test_two_couriers_share_the_work_and_nobody_gets_it_twice(log):
    make_readers(450)
    with running(FaultyRelay()) as relay, courier(relay, log), courier(relay, log):
        until(lambda: Courier.objects.count() == 2)
        dispatch = tell_everyone()
        until_books(dispatch.pk, accepted=450)
        until_nothing_is_due(dispatch)
    assert len(relay.completed) == 450
    nobody_lost_and_nobody_twice_unlisted(dispatch, relay)


def test_a_courier_stopped_past_its_lease_starts_nothing_new(log):
    make_readers(60)
    with running(FaultyRelay(delay=0.01)) as relay, courier(relay, log) as zombie:
        dispatch = tell_everyone()
        until(lambda: len(relay.taken) >= 5)
        stop_outside_a_transaction(zombie)
        with courier(relay, log) as heir:
            until_books(dispatch.pk, accepted=60)
            until_nothing_is_due(dispatch)
            assert heir.stop() == 0
        zombie.signal(signal.SIGCONT)
        until(lambda: "enlists anew" in log.read_text())
        nobody_lost_and_nobody_twice_unlisted(dispatch, relay)
        assert Delivery.objects.filter(doubts__gt=0).count() <= 3, "at most one per connection"
        after = tell_everyone(post_id=2)
        until_books(after.pk, accepted=60)
    assert Courier.objects.count() == 3


def test_a_dead_courier_is_known_at_once_on_the_same_machine(log):
    make_readers(60)
    with running(FaultyRelay(delay=0.01)) as relay:
        dispatch = tell_everyone()
        with courier(relay, log, lease=1000.0, beat=100.0) as first:
            until(lambda: len(relay.taken) >= 5)
            first.kill()
        with courier(relay, log, lease=1000.0, beat=100.0):
            until_books(dispatch.pk, accepted=60)
            until_nothing_is_due(dispatch)
        nobody_lost_and_nobody_twice_unlisted(dispatch, relay)


def test_a_database_that_goes_away_for_a_moment_loses_nobody(log):
    make_readers(80)
    with running(FaultyRelay(delay=0.005)) as relay, courier(relay, log):
        dispatch = tell_everyone()
        for taken in (5, 15, 30):
            until(lambda: len(relay.taken) >= taken)  # noqa: B023
            disturb_the_database()
        until_books(dispatch.pk, accepted=80)
        until_nothing_is_due(dispatch)
        nobody_lost_and_nobody_twice_unlisted(dispatch, relay)
        assert not Batch.objects.exclude(token=None).exists()


def stop_outside_a_transaction(process: Running) -> None:
    """SIGSTOP. On SQLite not while it holds the one write lock, for that would stop everybody."""
    while True:
        process.signal(signal.SIGSTOP)
        if connection.vendor == "postgresql":
            return
        raw = sqlite3.connect(connection.settings_dict["NAME"], timeout=0.1)
        try:
            raw.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            process.signal(signal.SIGCONT)
        else:
            return
        finally:
            raw.close()


def test_a_courier_stopped_inside_a_transaction_holds_up_nobody_for_long(log):
    if connection.vendor == "sqlite":
        return  # its one write lock would stop everybody, until the process goes on or is killed
    make_readers(20)
    setup = STOP_HOLDING_LOCKS
    with running(FaultyRelay()) as relay, courier(relay, log, setup=setup, connections=1) as zombie:
        dispatch = tell_everyone()
        until(lambda: len(relay.taken) >= 3)
        with courier(relay, log):
            until_books(dispatch.pk, accepted=20)
            until_nothing_is_due(dispatch)
            zombie.signal(signal.SIGCONT)
            until(lambda: Attempt.objects.filter(outcome="duplicate").count() == 1)
        nobody_lost_and_nobody_twice_unlisted(dispatch, relay)


def disturb_the_database() -> None:
    """PostgreSQL: cut the couriers' connections. SQLite: hold the one write lock longer than any beat."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'tocsin courier' AND datname = current_database()"
            )
        return
    with transaction.atomic():
        Publication.objects.update(tagline="held")
        held = Attempt.objects.count()
        with pytest.raises(AssertionError):
            until(lambda: Attempt.objects.count() > held, seconds=0.5)
