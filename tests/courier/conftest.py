"""What tests of the ledger and of courier processes begin with."""

import pytest

from tests.courier.desk import Hand, open_ledger


@pytest.fixture
def hand(committed):
    made = Hand(open_ledger(committed))
    yield made
    made.ledger.close()


@pytest.fixture
def other(committed, hand):
    made = Hand(open_ledger(committed))
    yield made
    made.ledger.close()


@pytest.fixture
def log(tmp_path, committed):
    """Where a courier logs. In the end it met no fault of ours and named neither addresses nor passwords."""
    path = tmp_path / "courier.log"
    path.touch()
    yield path
    text = path.read_text()
    assert "Traceback" not in text, text
    assert "@example.org" not in text, "logs name no addresses"
    assert "hunter2" not in text, "logs name no passwords"
