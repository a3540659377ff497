"""An empty, migrated SQLite database as SQL (`empty.sql`), so that a first start need not run 250 migrations.

It is only a short cut: whatever it lacks is migrated as ever, and it is left aside once our own migrations differ
from those it was made of. `scripts/snapshot` makes it anew; a test compares it with what the migrations make.
"""

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

FILE = Path(__file__).with_name("empty.sql")
APPLIED = "2026-01-01 00:00:00"


def fill(path: Path) -> bool:
    """Make the database at `path`, whole or not at all; False, and nothing done, when the snapshot is out of date."""
    script = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    if not script.startswith(heading()):
        return False
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    connection = sqlite3.connect(unfinished)
    connection.executescript(f"BEGIN;\n{script}\nCOMMIT;")
    connection.close()
    unfinished.rename(path)
    return True


def write(database: Path) -> None:
    """Make the snapshot of a database that was just migrated and holds nothing else."""
    connection = sqlite3.connect(database)
    lines = [heading(), *statements(connection)]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    connection.close()


def statements(connection: sqlite3.Connection) -> Iterator[str]:
    """SQL that makes the same database: tables, their rows, then indexes and triggers."""
    kinds = {name: kind for _, name, kind, *_ in connection.execute("PRAGMA table_list")}
    schema = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
    ).fetchall()
    tables = [(name, sql) for kind, name, sql in schema if kind == "table" and kinds[name] != "shadow"]
    tables.sort(key=lambda table: table[0].startswith("sqlite_"))
    for name, sql in tables:
        if not name.startswith("sqlite_"):
            yield f"{sql};"
    for name, _ in tables:
        if kinds[name] != "virtual":
            yield from _rows(connection, name)
    for kind, _, sql in schema:
        if kind != "table":
            yield f"{sql};"


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[str]:
    if table == "sqlite_sequence":
        yield "DELETE FROM sqlite_sequence;"
    columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
    quoted = ", ".join(f'quote("{column}")' for column in columns)
    for row in connection.execute(f'SELECT {quoted} FROM "{table}" ORDER BY 1'):  # noqa: S608 - our own schema
        values = ",".join(row)
        if table == "django_migrations":
            values = re.sub(r"'\d{4}-\d\d-\d\d [^']*'$", f"'{APPLIED}'", values)
        yield f'INSERT INTO "{table}" VALUES({values});'


def heading() -> str:
    """The first line of the snapshot: names the migrations of ours it was made of."""
    digest = hashlib.sha256()
    for path in sorted(FILE.parents[1].glob("*/migrations/*.py")):
        digest.update(path.read_bytes())
    return f"-- Made by scripts/snapshot of the migrations {digest.hexdigest()[:16]}. Not to be edited."
