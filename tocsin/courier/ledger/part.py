"""What every part of the ledger stands on: one connection, the waits between tries, and jitter."""

import json
import random
from collections.abc import Iterable
from typing import Any

from tocsin.courier.ledger.database import Database
from tocsin.courier.ledger.retry import RetryPlan

REPLY_CHARACTERS = 1000


class Part:
    """A part of the ledger's operations, over one connection."""

    def __init__(self, database: Database, plan: RetryPlan | None = None) -> None:
        self._database = database
        self._plan = plan or RetryPlan()
        self._chance = random.Random()  # noqa: S311 - jitter


def packed(rows: Iterable[Any]) -> str:
    """Rows as a statement with `{rows}` takes them: one parameter, so that one statement does all the work.

    A driver takes and gives up the interpreter's lock around every single statement; beside a busy event loop that
    costs more than the statement.
    """
    return json.dumps(rows if isinstance(rows, list) else list(rows), separators=(",", ":"))


def cut(reply: str) -> str:
    """Words from outside, as the ledger keeps them."""
    return reply[:REPLY_CHARACTERS].replace("\0", "")
