"""The ledger's database on PostgreSQL. See `database.py`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tocsin.courier.ledger.database import DOORBELL, Row
from tocsin.courier.ledger.statements import Dialect, statements

SESSION = (
    "SET synchronous_commit = on",
    # A courier that is stopped, or whose machine is gone, in the middle of a transaction must not hold its locks: whoever
    # takes its batches over would wait for ever.
    "SET idle_in_transaction_session_timeout = '3s'",
    # Nor may whoever waits for a lock forget to beat.
    "SET lock_timeout = '5s'",
    # A plan that is kept was made for the table as it was then. Made while it was empty, it reads all of a million rows
    # for every few hundred, until somebody analyses the table.
    "SET plan_cache_mode = force_custom_plan",
    "SET jit = off",  # it takes longer than the statements
    f"LISTEN {DOORBELL}",
)
TROUBLE = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.InternalError,  # the session was ended in the middle of a transaction
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
)


def connect(url: str) -> "PostgresDatabase":
    """Connect, and listen for the doorbell."""
    connection = psycopg.connect(url, autocommit=True, connect_timeout=5, application_name="tocsin courier")
    for statement in SESSION:
        connection.execute(statement.encode())
    return PostgresDatabase(connection)


def join(connection: "psycopg.Connection[Any]") -> "PostgresDatabase":
    """Take part in the transaction of somebody else's connection."""
    return PostgresDatabase(connection, joined=True)


class PostgresDatabase:
    """PostgreSQL. Every commit is durable there."""

    dialect = Dialect.POSTGRESQL

    def __init__(self, connection: "psycopg.Connection[Any]", *, joined: bool = False) -> None:
        self._connection = connection
        self._joined = joined

    def rows(self, name: str, /, **parameters: Any) -> list[Row]:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(statements(self.dialect)[name].encode(), parameters)
            return cursor.fetchall()

    def table(self, name: str, /, **parameters: Any) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            return cursor.execute(statements(self.dialect)[name].encode(), parameters).fetchall()

    def change(self, name: str, /, **parameters: Any) -> int:
        with self._connection.cursor() as cursor:
            return cursor.execute(statements(self.dialect)[name].encode(), parameters).rowcount

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[None]:  # noqa: ARG002 - it always is
        if self._joined:
            yield
            return
        with self._connection.transaction():
            yield

    def rang(self) -> bool:
        return bool(list(self._connection.notifies(timeout=0)))

    def close(self) -> None:
        self._connection.close()
