"""What the crash tests share."""

import pytest


@pytest.fixture
def log(tmp_path, committed):
    """The couriers' log; it must hold no traceback in the end."""
    path = tmp_path / "courier.log"
    path.touch()
    yield path
    assert "Traceback" not in path.read_text(), path.read_text()
