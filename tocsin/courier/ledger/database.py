"""A thin layer over a raw driver connection, sqlite3 or psycopg: named statements, plain rows, transactions.

No Django here. What the statements mean is the ledger's business; this layer only runs them. A connection belongs to
one thread at a time; nothing leaves a cursor open. Only the driver that is needed is loaded.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Protocol

from tocsin.courier.ledger.statements import Dialect

DOORBELL = "tocsin_courier"

Row = dict[str, Any]


class Database(Protocol):
    """One connection."""

    dialect: Dialect

    def rows(self, name: str, /, **parameters: Any) -> list[Row]:
        """Run the named statement and fetch all it gives."""

    def table(self, name: str, /, **parameters: Any) -> Sequence[Sequence[Any]]:
        """What many rows hold, in no order and without names. Other threads run meanwhile. No bytes on SQLite."""

    def change(self, name: str, /, **parameters: Any) -> int:
        """Run the named statement and say how many rows it touched."""

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[None]:
        """All or nothing. `durable`: on the disk before it returns, also on SQLite."""

    def rang(self) -> bool:
        """Whether somebody else committed (SQLite) or rang (PostgreSQL) since the last call. Cheap; never blocks."""

    def close(self) -> None:
        """Close the connection."""


def open_database(url: str) -> Database:
    """Connect to what `url` names. Raises one of `trouble`; never makes a SQLite file that is not there."""
    database: Database = _driver(_dialect(url)).connect(url)
    return database


def trouble(url: str) -> tuple[type[Exception], ...]:
    """What a database that is away, locked or not migrated yet raises: worth another try, on a fresh connection."""
    errors: tuple[type[Exception], ...] = _driver(_dialect(url)).TROUBLE
    return errors


def from_django(connection: Any) -> Database:
    """The ledger's view of Django's own connection: what is done is part of Django's current atomic block."""
    if not connection.in_atomic_block:
        raise RuntimeError("The ledger joins a transaction of the caller: open transaction.atomic() first.")
    database: Database = _driver(Dialect(connection.vendor)).join(connection.connection)
    return database


def _dialect(url: str) -> Dialect:
    return Dialect(url.partition(":")[0])


def _driver(dialect: Dialect) -> Any:
    return import_module(f"tocsin.courier.ledger.{dialect.value}")
