"""The journal of a courier that was killed is torn, spoilt or gone: what it cannot prove any more is unsure."""

from pathlib import Path

import pytest

from tests.crash import aftermath
from tests.crash.scene import Scene
from tocsin.courier.ledger import journal

pytestmark = pytest.mark.crash

EITHER_OFFER = pytest.mark.parametrize("offers", [{}, {"chunking": True}], ids=["pipelining", "chunking"])
READERS = 120


def rounds(few: int, many: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("rounds", [few, pytest.param(many, marks=pytest.mark.long)])


def killed_amid_work(scene: Scene) -> Path:
    """A courier is killed while it sends; its journal's newest file."""
    scene.sink.goes_wrong(delay=scene.chance.choice([0, 0.01, 0.05]))
    with scene.courier() as courier:
        scene.until_taken(scene.sink.complete + scene.chance.randrange(1, READERS // 2))
        scene.kill(courier)
    return max((scene.state / "courier").glob("*.journal"), key=lambda path: path.stat().st_mtime_ns)


def written(path: Path) -> bytes:
    """What stands in it, without the room that is left."""
    return path.read_bytes().rstrip(b"\0")


def known(path: Path) -> int:
    """Of how many deliveries' tries it tells."""
    reading = journal.read(path.parent, path.name.partition(".")[0])
    return len(reading.replies) + len(reading.open) if reading else 0


@EITHER_OFFER
@rounds(1, 8)
def test_what_a_kill_or_a_full_disk_left_behind_the_last_record_is_nothing(scene: Scene, rounds: int):
    for _ in range(rounds):
        scene.tell(readers=READERS)
        path = killed_amid_work(scene)
        data = written(path)
        piece = data[scene.chance.randrange(len(data)) :][:40]
        tail = scene.chance.choice([scene.chance.randbytes(30), bytes(4096), piece[:-1]])
        path.write_bytes(data + tail)
        scene.say(f"{len(tail)} octets stand behind the last record")
    aftermath.settle(scene)


@EITHER_OFFER
@rounds(1, 8)
def test_a_journal_cut_off_anywhere(scene: Scene, rounds: int):
    """Whoever's intent was cut off may get it twice, for it seems never sent; nobody else, and nobody is lost."""
    cut_off = 0
    for _ in range(rounds):
        scene.tell(readers=READERS)
        path = killed_amid_work(scene)
        size, before = len(written(path)), known(path)
        with path.open("r+b") as file:
            file.truncate(size - scene.chance.randrange(min(size, scene.chance.choice([10, 200, 20000]))))
        cut_off += before - known(path)
        scene.say(f"cut from {size} to {path.stat().st_size} octets, {cut_off} unknown until now")
    aftermath.settle(scene, unlisted=cut_off, dates_lost=True)


@EITHER_OFFER
@rounds(1, 8)
def test_a_journal_spoilt_before_its_end_proves_nothing(scene: Scene, rounds: int):
    for _ in range(rounds):
        scene.tell(readers=READERS)
        path = killed_amid_work(scene)
        data = bytearray(written(path))
        at = scene.chance.randrange(max(1, len(data) - 400))
        data[at] ^= 1 << scene.chance.randrange(8)
        path.write_bytes(data)
        scene.say(f"octet {at} of {len(data)} is spoilt")
    aftermath.settle(scene, dates_lost=True)


@EITHER_OFFER
def test_a_journal_that_is_gone(scene: Scene):
    scene.tell(readers=READERS)
    killed_amid_work(scene).unlink()
    aftermath.settle(scene, dates_lost=True)
