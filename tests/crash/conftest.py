"""What the crash tests share."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.scene import SEED, Scene, Witness
from tests.crash.sink import Sink
from tocsin.lib import config


def pytest_report_header() -> str:
    return f"crash tests: CRASH_SEED={SEED}"


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """This test's own dice: the same for the same seed, whatever else runs."""
    print(f"CRASH_SEED={SEED}")  # noqa: T201 - shown when the test fails
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture
def offers() -> dict[str, bool]:
    """What the sink offers; parametrize it."""
    return {}


@pytest.fixture
def scene(
    tmp_path: Path, committed: str, chance: random.Random, offers: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    """A stage of this test's own, its books watched from the beginning to the end. The couriers stumble over nothing."""
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "state").mkdir()
    config.current.cache_clear()
    with Sink(tmp_path, seed=chance.randrange(1 << 30), **offers) as sink:
        stage = Scene(tmp_path, sink, chance, window=32 if offers.get("chunking") else 1)
        stage.log.touch()
        stage.witness = Witness(stage)
        stage.witness.start()
        yield stage
        stage.witness.end()
    assert "Traceback" not in stage.log.read_text(), stage.log.read_text()[-5000:]
