"""Telling where commits are real."""

import pytest

from tests.courier.people import a_message
from tocsin.courier import actions
from tocsin.courier.models import Lane


def test_telling_needs_the_callers_transaction(committed):
    with pytest.raises(RuntimeError, match="atomic"):
        actions.tell_one(kind="reader", lane=Lane.TRANSACTIONAL, message=a_message(), title="", address=None)
