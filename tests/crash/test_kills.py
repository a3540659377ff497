"""SIGKILL at any instant loses nobody, and nobody gets it twice who is not listed as unsure."""

import time

import pytest
from django.db import connection

from tests.courier.people import make_readers
from tests.courier.running import until
from tests.crash import aftermath
from tests.crash.scene import Scene

pytestmark = pytest.mark.crash

EITHER_OFFER = pytest.mark.parametrize(
    "offers", [{}, {"chunking": True}, {"pipelining": False}], ids=["pipelining", "chunking", "lockstep"]
)

DIE_AT_CALL = """
import os, signal, sys, threading

left = {call}

def count(frame, event, argument):
    global left
    if "{where}" in frame.f_code.co_filename:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

threading.setprofile(count)
sys.setprofile(count)
"""
"""Dies at that entry to or return from a function that code of ours calls, system calls among them."""


def kill_again_and_again(scene: Scene, kills: int, most: int = 60) -> None:
    """One courier after the other is killed: some before they sent anything, most after up to `most` messages."""
    for _ in range(kills):
        if aftermath.at_rest():
            break
        target = scene.sink.complete + scene.chance.randrange(most) * scene.chance.choice([0, 1, 1, 1])
        with scene.courier() as courier:
            until(lambda: scene.sink.complete >= target or aftermath.at_rest())  # noqa: B023
            time.sleep(scene.chance.choice([0.001, 0.01, 0.1]) * scene.chance.random())
            scene.kill(courier)


@EITHER_OFFER
@pytest.mark.parametrize("kills", [pytest.param(8, id="some"), pytest.param(120, id="many", marks=pytest.mark.long)])
def test_kills_at_random_instants(scene: Scene, kills: int):
    scene.tell(readers=kills * 40)
    scene.sink.goes_wrong(delay=0.002)
    kill_again_and_again(scene, kills)
    aftermath.settle(scene)


@EITHER_OFFER
@pytest.mark.parametrize("kills", [pytest.param(8, id="some"), pytest.param(60, id="many", marks=pytest.mark.long)])
def test_kills_between_any_two_calls(scene: Scene, kills: int):
    scene.tell(readers=kills * 40)
    for _ in range(kills):
        call = int(10 ** scene.chance.uniform(1.5, 4.7))
        scene.say(f"the next dies at call {call}")
        with scene.courier(setup=DIE_AT_CALL.format(call=call, where="/tocsin/")) as courier:
            until(lambda: aftermath.at_rest() or courier.ended)
        if aftermath.at_rest():
            break
    aftermath.settle(scene)


@pytest.mark.parametrize("calls", [pytest.param(4, id="some"), pytest.param(30, id="all", marks=pytest.mark.long)])
def test_the_first_courier_of_a_database_is_killed(scene: Scene, calls: int):
    """Wherever it is killed, the next one knows the database for its own and sends what is planned."""
    make_readers(1)
    for call in scene.chance.sample(range(1, 31), calls):
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM courier_epoch")
        (scene.state / "courier" / "epoch").unlink(missing_ok=True)
        scene.tell()
        scene.say(f"the first one dies at call {call}")
        with scene.courier(setup=DIE_AT_CALL.format(call=call, where="/ledger/epoch.py")) as courier:
            until(lambda: aftermath.at_rest() or courier.ended)
        with scene.courier():
            aftermath.until_at_rest(20)
    aftermath.promises_are_kept(scene)
