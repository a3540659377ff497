"""The temporary tables an import is gathered and planned in, on one database connection. Writes no real table."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from django.db import connection, transaction

from tocsin.audience.exchange.people import Checked
from tocsin.lib.pagecache import page_cache
from tocsin.lib.statements import statements

TABLES: Final = ("chunk", "planned", "wished", "rhythm", "staged")
CACHE_KIB: Final = 32_000
"""SQLite sorts a million rows in it, and a chunk's pages stay in it until they are written."""


@contextmanager
def tables() -> Iterator[None]:
    """The temporary tables, gone afterwards."""
    _drop()
    run("create_staged")
    run("create_wished")
    run("create_rhythm")
    try:
        with page_cache(connection, CACHE_KIB):
            yield
    finally:
        if not connection.needs_rollback:
            _drop()


def add(some: Checked) -> None:
    """Put people into `staged`, with what they are the first to want. Locks nothing that others use."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor, cursor.copy(sql("copy")) as copy:
            for *others, paused_until, details, ip in some.people:
                # Their columns are a moment and an address: '' is neither.
                copy.write_row((*others, paused_until or None, details, ip or None))
        _add_wanted(some)
        return
    with connection.cursor() as cursor:
        # A savepoint is a transaction of the temporary database alone, where BEGIN IMMEDIATE would lock the real one.
        cursor.execute("SAVEPOINT staging")
        try:
            cursor.executemany(sql("stage"), some.people)
            _add_wanted(some)
        finally:
            cursor.execute("RELEASE staging")


def plan() -> int:
    """Make `planned` of what is staged, and say how many it are."""
    run(f"create_planned_{connection.vendor}")
    run(f"plan_{connection.vendor}")
    if connection.vendor == "postgresql":
        run("index_planned")
        run("analyze_planned")
    return int(one("count_planned"))


@contextmanager
def one_by_one() -> Iterator[None]:
    """Within a transaction: PostgreSQL looks each row up by an index, instead of reading whole tables at once."""
    if connection.vendor != "postgresql":
        yield
        return
    run("one_by_one")
    yield
    run("as_usual")


def run(name: str, parameters: Mapping[str, Any] | None = None) -> None:
    """Run a statement of importing.sql."""
    with connection.cursor() as cursor:
        cursor.execute(sql(name), parameters)


def rows(name: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql(name), parameters)
        return list(cursor.fetchall())


def one(name: str, parameters: Mapping[str, Any] | None = None) -> Any:
    """The one value of a query."""
    return rows(name, parameters)[0][0]


def stream(name: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, a few thousand in memory at a time."""
    with (
        transaction.atomic() if connection.vendor == "postgresql" else _nothing(),
        connection.chunked_cursor() as cursor,
    ):
        cursor.execute(sql(name))
        while some := cursor.fetchmany(2000):
            yield from some


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def sql(name: str) -> str:
    """A statement of importing.sql; {judged} in it is the query of that name."""
    return _statements()[name]


@cache
def _statements() -> Mapping[str, str]:
    plain = statements("tocsin.audience.exchange", "importing.sql", connection.vendor)
    return {name: statement.replace("{judged}", plain["judged"]) for name, statement in plain.items()}


def _add_wanted(some: Checked) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(sql("wish"), some.wished)
        cursor.executemany(sql("keep_rhythm"), some.rhythms)


def _drop() -> None:
    for table in TABLES:
        run(f"drop_{table}")
