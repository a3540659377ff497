"""The machine's clock is set while a courier works: libfaketime sets it for that process alone."""

from pathlib import Path

import pytest

from tests.crash import aftermath
from tests.crash.mischief import Fault
from tests.crash.scene import Scene
from tocsin.courier.models import Delivery

pytestmark = [pytest.mark.crash, pytest.mark.long]

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
MISSING = "libfaketime is missing: apt-get install faketime (./scripts/test crash does it when it may)"


@pytest.mark.skipif(not LIBRARIES, reason=MISSING)
@pytest.mark.parametrize("jumps", [["-1h"], ["+1h", "-1d", "+0"], ["-10d", "+10d", "-10d"]], ids=" ".join)
@pytest.mark.parametrize("offers", [{}, {"chunking": True}], ids=["pipelining", "chunking"])
def test_the_clock_is_set(scene: Scene, jumps: list[str]):
    """The courier itself goes on and settles what was planned; only what was put off by the old clock waits longer."""
    setting = scene.folder / "clock"
    setting.write_text("+0")
    scene.sink.goes_wrong(Fault("RCPT", "450 4.2.1 later", to="n.*5@", times=3), delay=0.02)
    scene.tell(readers=1500)
    faked = {
        "LD_PRELOAD": str(LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(setting),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    with scene.program("courier", **faked):
        for jump in jumps:
            scene.until_taken(scene.sink.complete + scene.chance.randrange(20, 200))
            setting.write_text(jump)
            scene.say(f"the clock is set to {jump} after {scene.sink.complete} messages")
        scene.until_accepted(1500 - 3, seconds=90)
    Delivery.objects.filter(state="deferred").update(due_us=0)
    aftermath.settle(scene)
