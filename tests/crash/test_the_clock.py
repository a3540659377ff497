"""The machine's clock is set while a courier works. Only the wall clock moves: waiting goes by another one."""

import time
from pathlib import Path

import pytest

from tests.crash import aftermath
from tests.crash.mischief import Fault
from tests.crash.scene import Scene
from tocsin.courier.models import Delivery

pytestmark = pytest.mark.crash

SET_THE_CLOCK = """
import pathlib, time

setting, seconds, nanoseconds = pathlib.Path({path!r}), time.time, time.time_ns
time.time = lambda: seconds() + int(setting.read_text())
time.time_ns = lambda: nanoseconds() + int(setting.read_text()) * 10**9
"""
"""What clock_settime(2) does, for one process. libfaketime will not do: it disturbs sleeping and locks as well."""

HOUR, DAY = 3600, 86400


@pytest.mark.parametrize(
    "jumps",
    [
        [-HOUR],
        *(pytest.param(jumps, marks=pytest.mark.long) for jumps in ([HOUR, -DAY, 0], [-9 * DAY, 9 * DAY, -9 * DAY])),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "offers", [{}, pytest.param({"chunking": True}, marks=pytest.mark.long)], ids=["pipelining", "chunking"]
)
def test_the_clock_is_set(scene: Scene, jumps: list[int]):
    """The courier goes on and settles what was planned; only what was put off by the other clock may wait longer."""
    setting = scene.folder / "clock"
    setting.write_text("0")
    scene.sink.goes_wrong(Fault("RCPT", "450 4.2.1 later", to="n.*5@", times=3), delay=0.02)
    scene.tell(readers=300)
    with scene.courier(setup=SET_THE_CLOCK.format(path=str(setting))) as courier:
        for jump in jumps:
            scene.until_taken(scene.sink.complete + scene.chance.randrange(1, 100))
            write_whole(setting, str(jump))
            scene.say(f"the clock is set by {jump} s after {scene.sink.complete} messages")
        scene.until_accepted(300 - 3)
        assert courier.stop() == 0
    put_off = Delivery.objects.filter(state="deferred")
    assert all(abs(due / 1e6 - time.time()) < 10 * DAY for due in put_off.values_list("due_us", flat=True))
    aftermath.wake_all()
    aftermath.settle(scene)


def write_whole(path: Path, text: str) -> None:
    """Replace a file that others read at any moment."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)
