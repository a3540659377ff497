"""Couriers side by side, couriers that are stopped, and couriers that come back from the dead."""

import os
import signal
import sqlite3
import time

import psycopg
import pytest
from django.db import connection

from tests.courier.people import make_readers
from tests.courier.running import Running, until
from tests.crash import aftermath
from tests.crash.mischief import Fault
from tests.crash.scene import Scene
from tocsin.courier.models import Batch, Courier, Delivery
from tocsin.courier.queries import books

pytestmark = pytest.mark.crash

EITHER_OFFER = pytest.mark.parametrize("offers", [{}, {"chunking": True}], ids=["pipelining", "chunking"])
LEASE = 2.0
"""Of couriers with quick clockwork, in seconds."""


@EITHER_OFFER
def test_sigterm_finishes_what_is_on_the_wire_and_gives_back_the_rest(scene: Scene):
    dispatch = scene.tell(readers=600)
    scene.sink.goes_wrong(delay=0.1)
    with scene.courier() as courier:
        scene.until_taken(20)
        assert courier.stop() == 0
    found, taken = books(dispatch.pk), sum(scene.sink.taken.values())
    assert found.accepted == taken < 600
    assert (found.planned, found.sending) == (600 - taken, 0)
    assert not Batch.objects.exclude(token=None).exists()
    assert not scene.sink.seen("cut"), "no message is cut off"
    aftermath.settle(scene)
    assert not Delivery.objects.filter(doubts__gt=0).exists()


@EITHER_OFFER
def test_sigterm_waits_for_no_relay_that_hangs(scene: Scene):
    scene.tell(readers=200)
    scene.sink.goes_wrong(Fault("END", "hang", skip=20))
    with scene.courier(grace=0.5) as courier:
        until(lambda: scene.sink.seen("fault"))
        assert courier.stop(5) == 0
    assert not Batch.objects.exclude(token=None).exists()
    assert Delivery.objects.filter(state="unsure").count() <= scene.connections * scene.window
    aftermath.settle(scene)


@pytest.mark.parametrize("readers", [450, pytest.param(6000, marks=pytest.mark.long)])
def test_couriers_share_a_dispatch(scene: Scene, readers: int):
    scene.sink.goes_wrong(delay=0.005)
    with scene.courier() as first, scene.courier() as second:
        until(lambda: Courier.objects.count() == 2)
        scene.tell(readers=readers)
        if connection.vendor == "postgresql":
            with scene.courier():
                until(aftermath.at_rest, seconds=60)
        until(aftermath.at_rest, seconds=60)
        assert (first.stop(), second.stop()) == (0, 0)
    aftermath.promises_are_kept(scene)
    assert not Delivery.objects.filter(doubts__gt=0).exists()
    if readers > 2000:  # fewer are one claim's
        assert len({record["conn"] for record in scene.sink.seen("taken")}) > scene.connections, "more than one worked"


@EITHER_OFFER
@pytest.mark.parametrize("rounds", [1, pytest.param(4, marks=pytest.mark.long)])
def test_a_courier_stopped_for_two_leases_starts_nothing_new(scene: Scene, rounds: int):
    make_readers(400)
    for _ in range(rounds):
        scene.tell()
        doubted = Delivery.objects.filter(doubts__gt=0).count()
        scene.sink.goes_wrong(delay=0.02)
        with scene.courier() as zombie:
            scene.until_taken(scene.sink.complete + 1 + scene.chance.randrange(40))
            stop_outside_a_transaction(zombie)
            scene.say("stopped")
            began, couriers = time.monotonic(), Courier.objects.count()
            scene.sink.goes_wrong(delay=0.2)
            with scene.courier() as heir:
                time.sleep(max(0, 2 * LEASE + scene.chance.random() - (time.monotonic() - began)))
                zombie.signal(signal.SIGCONT)
                scene.say("goes on")
                until(lambda: Courier.objects.count() == couriers + 2, "the zombie to enlist anew")  # noqa: B023
                scene.sink.goes_wrong()
                assert heir.stop() == 0
                assert zombie.stop() == 0
        assert Delivery.objects.filter(doubts__gt=0).count() - doubted <= scene.connections * scene.window
    aftermath.settle(scene)


def test_a_dead_courier_is_known_at_once_on_the_same_machine(scene: Scene):
    scene.tell(readers=60)
    scene.sink.goes_wrong(delay=0.01)
    with scene.courier(lease=1000.0, beat=100.0) as first:
        scene.until_taken(5)
        scene.kill(first)
    with scene.courier(lease=1000.0, beat=100.0):
        aftermath.until_at_rest()
    aftermath.promises_are_kept(scene)


def test_a_courier_stopped_amid_a_transaction_holds_up_nobody_for_long(scene: Scene):
    if connection.vendor == "sqlite":
        return  # its one write lock stops everybody, until the process goes on or is killed
    scene.tell(readers=600)
    scene.sink.goes_wrong(delay=0.01)
    with scene.courier() as zombie:
        scene.until_taken(5)
        stop_amid_a_transaction(zombie)
        with scene.courier() as heir:
            until(lambda: scene.sink.complete >= 500, seconds=60)
            zombie.signal(signal.SIGCONT)
            aftermath.until_at_rest()
            assert heir.stop() == 0
            assert zombie.stop() == 0
    aftermath.promises_are_kept(scene)


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


def stop_amid_a_transaction(process: Running) -> None:
    """SIGSTOP while PostgreSQL waits for it to go on or to commit; tried until it is met so."""
    look = (
        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'tocsin courier' AND state = 'idle in transaction'"
        " AND datname = current_database()"
    )
    with psycopg.connect(os.environ["TOCSIN_DATABASE_URL"], autocommit=True) as raw:
        for _ in range(500):
            process.signal(signal.SIGSTOP)
            if raw.execute(look).fetchone():
                return
            process.signal(signal.SIGCONT)
            time.sleep(0.003)
