"""Token buckets: a burst, then one at a time; shared by all processes."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import connection

from tocsin.audience import limits
from tocsin.audience.models import Allowance

SLOW = limits.Limit("test", burst=3, every=60)


@pytest.mark.django_db
def test_a_bucket_gives_its_burst_and_then_one_at_a_time():
    with time_machine.travel("2026-11-22 12:00", tick=False) as clock:
        assert [limits.take(SLOW, "a") for _ in range(4)] == [True, True, True, False]
        clock.shift(59)
        assert not limits.take(SLOW, "a")
        clock.shift(1)
        assert [limits.take(SLOW, "a") for _ in range(2)] == [True, False]
        clock.shift(10_000)
        assert [limits.take(SLOW, "a") for _ in range(4)] == [True, True, True, False]


@pytest.mark.django_db
def test_buckets_are_apart():
    assert [limits.take(SLOW, "a") for _ in range(4)][-1] is False
    assert limits.take(SLOW, "b")


@pytest.mark.django_db
def test_a_clock_set_back_neither_empties_nor_fills_a_bucket():
    with time_machine.travel("2026-11-22 12:00", tick=False) as clock:
        assert limits.take(SLOW, "a")
        clock.move_to("2026-11-20 12:00")
        assert [limits.take(SLOW, "a") for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("", "unknown"),
        ("unix:", "unknown"),
    ],
)
def test_an_address_counts_for_its_network(address, network):
    assert limits.network(address) == network


def test_processes_at_once_never_take_the_same_token(committed):
    start = threading.Barrier(6)

    def run(_: int) -> int:
        start.wait()
        try:
            return sum(limits.take(SLOW, "a") for _ in range(3))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(run, range(6))) == SLOW.burst


@pytest.mark.django_db
def test_full_buckets_are_forgotten():
    with time_machine.travel("2026-11-22 12:00", tick=False) as clock:
        limits.take(limits.MAILBOX, "a")
        clock.shift(limits.DAY * 2)
        limits.take(limits.MAILBOX, "b")
        limits.forget_full()
    assert [row.key for row in Allowance.objects.all()] == ["mailbox:b"]
