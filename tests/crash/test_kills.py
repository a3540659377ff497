"""SIGKILL at any instant loses nobody, and nobody gets it twice who is not listed as unsure."""

import os
import random
import time

import pytest

from tests.channels.email.faulty import DROP, TAKE_AND_DROP, FaultyRelay, running
from tests.courier.people import make_readers, tell_everyone
from tests.courier.running import courier, until
from tests.crash.aftermath import nobody_lost_and_nobody_twice_unlisted, until_at_rest
from tocsin.courier.models import Courier, Delivery
from tocsin.courier.queries import books

pytestmark = pytest.mark.crash

SEED = int(os.environ.get("CRASH_SEED", "20261122"))

DIE_AT_STEP = """
import os, signal
from tocsin.courier.ledger.ledger import Ledger

left = {step}

def count():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def counted(operation):
    def run(*args, **kwargs):
        count()
        result = operation(*args, **kwargs)
        count()
        return result
    return run

for name in ("claim", "due", "load", "edition", "begin", "settle", "note", "decide", "release"):
    setattr(Ledger, name, counted(getattr(Ledger, name)))
"""


def kill_again_and_again(dispatch, relay, log, kills, chance):
    for _ in range(kills):
        if books(dispatch.pk).settled:
            break
        target = len(relay.completed) + chance.randrange(1, 30)
        with courier(relay, log) as process:
            until(lambda: len(relay.completed) >= target or books(dispatch.pk).settled)  # noqa: B023
            time.sleep(chance.uniform(0, 0.01))
            process.kill()
        assert books(dispatch.pk).balanced


def test_kills_at_random_instants_lose_nobody(log):
    make_readers(200)
    with running(FaultyRelay(delay=0.001)) as relay:
        dispatch = tell_everyone()
        kill_again_and_again(dispatch, relay, log, 8, random.Random(SEED))
        assert len(relay.completed) < 200 + 8 * 3
        until_at_rest(dispatch, relay, log)
    assert Courier.objects.count() > 3


@pytest.mark.parametrize("steps", [range(1, 31, 3), pytest.param(range(1, 61), marks=pytest.mark.long)])
def test_a_kill_before_and_after_every_step_of_the_ledger_loses_nobody(log, steps):
    make_readers(400)
    with running(FaultyRelay()) as relay:
        dispatch = tell_everyone()
        for step in steps:
            with courier(relay, log, setup=DIE_AT_STEP.format(step=step), connections=1) as process:
                assert process.wait(20) == -9
            assert books(dispatch.pk).balanced
        until_at_rest(dispatch, relay, log)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(SEED, SEED + 5))
def test_many_kills_with_a_misbehaving_relay(log, seed):
    chance = random.Random(seed)

    def body(_):
        return chance.choice([None] * 40 + [DROP, TAKE_AND_DROP, "451 4.3.0 later", "421 4.3.2 closing"])

    def rcpt(_):
        return chance.choice([None] * 40 + ["450 4.2.1 later", "421 4.7.0 slow down"])

    make_readers(500)
    with running(FaultyRelay({"BODY": body, "RCPT": rcpt}, delay=0.001)) as relay:
        dispatch = tell_everyone()
        kill_again_and_again(dispatch, relay, log, 25, chance)
        until_at_rest(dispatch, relay, log, 120)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(SEED, SEED + 3))
def test_couriers_side_by_side_are_killed_one_after_the_other(log, seed):
    chance = random.Random(seed)
    make_readers(600)
    with running(FaultyRelay(delay=0.001)) as relay:
        dispatch = tell_everyone()
        with courier(relay, log) as survivor:
            kill_again_and_again(dispatch, relay, log, 15, chance)
            until(lambda: books(dispatch.pk).settled, seconds=60)
            until(lambda: not Delivery.objects.filter(due_us__isnull=False).exists(), seconds=60)
            assert survivor.stop() == 0
        nobody_lost_and_nobody_twice_unlisted(dispatch, relay)
