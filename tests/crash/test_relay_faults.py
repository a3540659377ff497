"""Whatever the relay does, at any point of the conversation: nobody is lost, and it fails nobody it did not refuse."""

import itertools
import random
import time
from dataclasses import replace

import pytest

from tests.courier.running import until
from tests.crash import aftermath
from tests.crash.mischief import Fault
from tests.crash.scene import SEED, Scene
from tocsin.courier.models import Delivery
from tocsin.courier.queries import books

pytestmark = pytest.mark.crash

READERS = 60
OFFERS = {"pipelining": {}, "chunking": {"chunking": True}, "lockstep": {"pipelining": False}, "eager": {"eager": True}}
PHASES = ["CONNECT", "GREETING", "EHLO", "MAIL", "RCPT", "DATA", "BODY", "END", "RSET", "QUIT"]
DROPS = ["drop", "reset", "answer+drop", "half"]
REPLIES = [
    "421 4.3.2 closing",
    "451 4.3.0 later",
    "554 5.7.1 relay access denied",
    "250 2.0.0 as you like",
    "354 go on",
]
NOISE = ["trickle", "garbage", "endless line", "endless lines"]
SILENCE = ["hang"]
OF_A_BODY = ["drop", "reset", "half", "421 4.3.2 closing", "hang"]
AT_THE_END = ["take+drop", "take+hang", "452 4.3.1 full", "550 5.7.1 spam"]
OF_MESSAGES = {"MAIL", "RCPT", "DATA", "END"}
IN_THE_SAMPLE = 4


def every_fault() -> list[Fault]:
    """Everything that can go wrong, everywhere."""
    acts = {phase: [*DROPS, *REPLIES, *NOISE, *SILENCE] for phase in PHASES}
    acts |= {"BODY": OF_A_BODY, "END": acts["END"] + AT_THE_END, "CONNECT": [*DROPS, *SILENCE]}
    return [Fault(phase, act, octets=1500 if phase == "BODY" else 0) for phase in PHASES for act in acts[phase]]


def named(faults: list[Fault], in_every_run: set[tuple[str, str]]) -> list[object]:
    """As parameters: over the offers in turn; only a few, drawn by the seed, outside the long suite."""
    dice = random.Random(SEED)
    drawn = {id(fault) for fault in dice.sample(faults, IN_THE_SAMPLE)}
    offers = itertools.cycle(dice.sample(list(OFFERS), len(OFFERS)))
    return [
        pytest.param(
            OFFERS[offer], fault, id=f"{fault.at}-{fault.do}-{offer}",
            marks=[] if id(fault) in drawn or (fault.at, fault.do) in in_every_run else pytest.mark.long,
        )
        for fault, offer in zip(faults, offers, strict=False)
    ]  # fmt: skip


@pytest.mark.parametrize(("offers", "fault"), named(every_fault(), {("END", "take+drop"), ("BODY", "drop")}))
def test_a_fault_that_passes_by_itself(scene: Scene, fault: Fault):
    """It happens three times and then no more. One that hangs holds up no more than its own flight."""
    scene.sink.goes_wrong(replace(fault, times=3, skip=scene.chance.randrange(4)))
    dispatch = scene.tell(readers=READERS)
    with scene.courier():
        if "hang" in fault.do:
            until_happened(scene, 1)
        else:
            aftermath.until_at_rest()
        assert not books(dispatch.pk).failed or fault.do[0] == "5"
    aftermath.settle(scene)


@pytest.mark.parametrize(
    ("offers", "fault"),
    named(every_fault(), {("RCPT", "554 5.7.1 relay access denied"), ("END", "drop"), ("EHLO", "421 4.3.2 closing")}),
)
def test_a_fault_that_stays_until_somebody_mends_it(scene: Scene, fault: Fault):
    """It happens always, for everybody. It fails nobody, and nobody is mailed for ever."""
    scene.sink.goes_wrong(fault)
    dispatch = scene.tell(readers=READERS)
    with scene.courier() as courier:
        until_happened(scene, 1 if "hang" in fault.do else 12 if fault.at in OF_MESSAGES else 4)
        time.sleep(scene.chance.uniform(0, 0.5))
        assert not books(dispatch.pk).failed, "a broken relay fails nobody"
        if scene.chance.random() < 0.5:
            scene.kill(courier)
    copies = [record["id"] for record in scene.sink.records if record["what"] in {"taken", "ended"}]
    refused = fault.at == "END" and fault.do[0] in "45"
    assert refused or all(copies.count(each) <= 2 for each in set(copies)), "unsure is resent once"
    aftermath.settle(scene)


def until_happened(scene: Scene, times: int) -> None:
    until(lambda: aftermath.at_rest() or len(scene.sink.seen("fault")) >= times, "the fault to happen")


def test_one_connection_that_hangs_holds_up_only_its_own_flight(scene: Scene):
    scene.sink.goes_wrong(Fault("END", "hang", skip=10, times=1))
    scene.tell(readers=400)
    with scene.courier():
        until(lambda: len(scene.sink.taken) >= 400 - 2, "all but the flight that hangs")
    aftermath.settle(scene)


@pytest.mark.parametrize("offers", OFFERS.values(), ids=OFFERS)
def test_whom_it_refuses_fails_and_nobody_else(scene: Scene):
    scene.sink.goes_wrong(
        Fault("RCPT", "550 5.1.1 no such user", to=r"n\d*7@"),
        Fault("RCPT", "450 4.2.1 busy", to=r"n\d*3@", times=20),
        Fault("END", "take+drop", to=r"n\d*5@", times=5),
    )
    dispatch = scene.tell(readers=300)
    with scene.courier():
        aftermath.until_at_rest()
    aftermath.promises_are_kept(scene)
    found = books(dispatch.pk)
    assert (found.failed, found.accepted) == (30, 270)
    assert Delivery.objects.filter(doubts__gt=0).count() == 5 or scene.window > 1


@pytest.mark.parametrize("number", [0, *(pytest.param(n, marks=pytest.mark.long) for n in range(1, 12))])
@pytest.mark.parametrize("offers", [OFFERS["pipelining"], OFFERS["chunking"]], ids=["pipelining", "chunking"])
def test_a_storm_of_faults_with_kills(scene: Scene, number: int):
    """Everything goes wrong with some chance, and couriers are killed over it."""
    chance = scene.chance
    faults = [
        replace(fault, chance=chance.choice([0.003, 0.01]), octets=chance.randrange(12000))
        for fault in chance.sample(every_fault(), 25)
        if fault.at not in {"CONNECT", "GREETING", "EHLO"} or fault.do not in SILENCE
    ]
    scene.say(f"faults: {faults}")
    scene.tell(readers=400)
    scene.sink.goes_wrong(*faults, delay=0.001)
    for _ in range(5):
        with scene.courier() as courier:
            time.sleep(chance.uniform(0.1, 1))
            scene.kill(courier)
    aftermath.settle(scene)
