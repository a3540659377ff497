"""The ledger's database on SQLite. See `database.py`."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import quote

from tocsin.courier.ledger.database import Row
from tocsin.courier.ledger.statements import Dialect, statements

BUSY_SECONDS = 20
SELECTED = re.compile(r"^SELECT\s+(.*?)\s*^FROM\b", re.DOTALL | re.MULTILINE)
TROUBLE = (sqlite3.OperationalError,)


def connect(url: str) -> "SqliteDatabase":
    """Open a file that is there; never makes one."""
    path = quote(url.removeprefix("sqlite:///"))
    connection = sqlite3.connect(
        f"file:{path}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("PRAGMA synchronous = NORMAL")
    _forget_statistics(connection)
    return SqliteDatabase(connection)


def _forget_statistics(connection: sqlite3.Connection) -> None:
    """Those somebody took (ANALYZE) of a ledger that was nearly empty would have every statement read all of a full one.

    Without any, each finds its rows by an index.
    """
    kept = connection.execute(
        "SELECT name FROM sqlite_schema WHERE name IN ('sqlite_stat1', 'sqlite_stat4')"
    ).fetchall()
    for (table,) in kept:
        connection.execute(f"DELETE FROM {table} WHERE tbl LIKE 'courier%' OR tbl LIKE 'audience%'")  # noqa: S608
    if kept:
        connection.execute("ANALYZE sqlite_schema")  # what this connection read of them when it was opened


def join(connection: sqlite3.Connection) -> "SqliteDatabase":
    """Take part in the transaction of somebody else's connection."""
    return SqliteDatabase(connection, joined=True)


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

    def table(self, name: str, /, **parameters: Any) -> list[list[Any]]:
        cursor = self._connection.execute(_as_one_value(name), parameters)
        rows: list[list[Any]] = json.loads(cursor.fetchone()[0])
        return rows

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


@cache
def _as_one_value(name: str) -> str:
    """The statement with all its rows as one value: the driver takes the interpreter's lock anew for every row.

    Beside a busy event loop that costs more than the row. What is selected stands between SELECT and a line with FROM.
    """
    sql, found = SELECTED.subn(r"SELECT json_group_array(json_array(\1))\nFROM", statements(Dialect.SQLITE)[name], 1)
    if not found:
        raise ValueError(f"{name} is not a SELECT ... newline FROM")
    return sql
