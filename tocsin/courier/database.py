"""A thin layer over a raw driver connection, sqlite3 or psycopg: named statements, plain rows, transactions.

No Django here. What the statements mean is the ledger's business; this module only runs them. A connection belongs to
one thread at a time; nothing leaves a cursor open.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import psycopg
from psycopg.rows import dict_row

from tocsin.courier.statements import Dialect, statements

BUSY_SECONDS = 20
DOORBELL = "tocsin_courier"

Row = dict[str, Any]
Trouble = (sqlite3.OperationalError, psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.UndefinedTable)
"""What a database that is away, locked or not migrated yet raises: worth another try, on a fresh connection."""


class Database(Protocol):
    """One connection."""

    dialect: Dialect

    def rows(self, name: str, /, **parameters: Any) -> list[Row]:
        """Run the named statement and fetch all it gives."""

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
    """Connect to what `url` names. Raises one of `Trouble`; never makes a SQLite file that is not there."""
    if url.startswith("sqlite:///"):
        return SqliteDatabase(_open_sqlite(Path(url.removeprefix("sqlite:///"))))
    connection = psycopg.connect(url, autocommit=True, connect_timeout=5, application_name="tocsin courier")
    connection.execute("SET synchronous_commit = on")
    connection.execute(f"LISTEN {DOORBELL}")
    return PostgresDatabase(connection)


def from_django(connection: Any) -> Database:
    """The ledger's view of Django's own connection: what is done is part of Django's current atomic block."""
    if not connection.in_atomic_block:
        raise RuntimeError("The ledger joins a transaction of the caller: open transaction.atomic() first.")
    if connection.vendor == "sqlite":
        return SqliteDatabase(connection.connection, joined=True)
    return PostgresDatabase(connection.connection, joined=True)


def _open_sqlite(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


class SqliteDatabase:
    """SQLite. `joined`: inside a transaction that someone else began and will end."""

    dialect = Dialect.SQLITE

    def __init__(self, connection: sqlite3.Connection, *, joined: bool = False) -> None:
        self._connection = connection
        self._joined = joined
        self._seen = 0

    def rows(self, name: str, /, **parameters: Any) -> list[Row]:
        cursor = self._connection.execute(statements(self.dialect)[name], parameters)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def change(self, name: str, /, **parameters: Any) -> int:
        return self._connection.execute(statements(self.dialect)[name], parameters).rowcount

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[None]:
        if self._joined:
            yield
            return
        if durable:
            self._connection.execute("PRAGMA synchronous = FULL")
        try:
            # IMMEDIATE: a read-then-write transaction that begins as a reader can fail when it wants to write.
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        finally:
            if durable:
                self._connection.execute("PRAGMA synchronous = NORMAL")

    def rang(self) -> bool:
        before, self._seen = self._seen, self._connection.execute("PRAGMA data_version").fetchone()[0]
        return before != self._seen

    def close(self) -> None:
        self._connection.close()


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
