"""SQLite's page cache, made larger for work on many rows: a page that is written again and again is then written once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def page_cache(connection: Any, kib: int) -> Iterator[None]:
    """Within the block Django's `connection` may keep so much of the database in memory. Nothing on PostgreSQL."""
    if connection.vendor != "sqlite":
        yield
        return
    before = _set(connection, -kib)
    try:
        yield
    finally:
        _set(connection, before)


def _set(connection: Any, size: int) -> int:
    """Set the size (negative: KiB) and say what it was."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA cache_size")
        before = int(cursor.fetchone()[0])
        cursor.execute(f"PRAGMA cache_size = {size}")
        return before
