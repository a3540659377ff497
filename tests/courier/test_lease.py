"""Beats, and knowing the dead."""

import asyncio

import pytest

from tocsin.courier.ledger.retry import RetryPlan
from tocsin.courier.sending.membership import Membership, Watch
from tocsin.courier.sending.timing import Timing
from tocsin.lib.errors import BadEnvironment


def test_a_state_directory_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "courier").write_text("a file, not a folder")
    membership = Membership(None, tmp_path / "courier", Timing())
    with pytest.raises(BadEnvironment) as raised:
        asyncio.run(membership.enlist())
    assert raised.value.mend


def test_a_beat_that_stands_still_for_a_lease_is_a_dead_couriers():
    watch = Watch(lease=30)
    assert not watch.stood_still("a", 1, now=100)
    assert not watch.stood_still("a", 1, now=129)
    assert watch.stood_still("a", 1, now=131)


def test_a_beat_that_moves_is_a_living_couriers():
    watch = Watch(lease=30)
    for now in range(0, 300, 20):
        assert not watch.stood_still("a", beat=now, now=now)


def test_whoever_was_forgotten_is_watched_anew():
    watch = Watch(lease=30)
    watch.stood_still("a", 1, now=0)
    watch.keep({"b"})
    assert not watch.stood_still("a", 1, now=100)


def test_a_courier_stops_before_others_may_take_over():
    timing = Timing()
    assert timing.lease - timing.margin > 2 * timing.beat, "a late beat is no reason to stop"
    assert timing.margin >= 5, "time for bytes that are under way"


def test_waits_grow_and_are_bounded():
    class Middle:
        def uniform(self, low, high):
            return (low + high) / 2

    plan = RetryPlan()
    put_off = [plan.after_put_off(attempts, Middle()) for attempts in range(1, 20)]
    aside = [plan.after_trouble(attempts, Middle()) for attempts in range(1, 60)]
    assert put_off == sorted(put_off)
    assert put_off[-1] == plan.put_off[-1]
    assert aside == sorted(aside)
    assert aside[-1] == plan.aside_most
