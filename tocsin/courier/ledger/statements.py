"""Named SQL from `sql/*.sql`: `-- name: claim` begins a statement, `-- name: claim.sqlite` one for that dialect only.

Parameters are written `:name` in both dialects. `{rows}` is the parameter `:rows`, a JSON list of values or of lists,
as a table `given` with a column `value`: many rows in one statement. A line that begins with `FOR` locks rows on PostgreSQL and is left
out on SQLite, whose writers are alone anyway.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files

NAME = re.compile(r"^-- name: (?P<name>[a-z_]+)(?:\.(?P<dialect>[a-z]+))?\s*$", re.MULTILINE)
ROW_LOCK = re.compile(r"^FOR (SHARE|UPDATE)\b.*$", re.MULTILINE)
PARAMETER = re.compile(r"(?<![:\w]):([a-z_]+)")


class Dialect(StrEnum):
    """The databases we speak."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


ROWS = {
    Dialect.SQLITE: "json_each(:rows) AS given",
    Dialect.POSTGRESQL: "jsonb_array_elements(CAST(:rows AS jsonb)) AS given(value)",
}


@cache
def statements(dialect: Dialect) -> Mapping[str, str]:
    """Every statement for `dialect`, by name, with parameters as its driver wants them."""
    common: dict[str, str] = {}
    own: dict[str, str] = {}
    for name, only_for, sql in _all():
        if not only_for:
            common[name] = sql
        elif Dialect(only_for) is dialect:
            own[name] = sql
    return {name: _with_parameters(dialect, sql) for name, sql in (common | own).items()}


def _all() -> list[tuple[str, str, str]]:
    found = []
    for file in files("tocsin.courier.ledger").joinpath("sql").iterdir():
        if file.name.endswith(".sql"):
            text = file.read_text(encoding="utf-8")
            marks = list(NAME.finditer(text))
            ends = [mark.start() for mark in marks[1:]] + [len(text)]
            for mark, end in zip(marks, ends, strict=True):
                found.append((mark["name"], mark["dialect"] or "", text[mark.end() : end].strip()))
    return found


def _with_parameters(dialect: Dialect, sql: str) -> str:
    sql = sql.replace("{rows}", ROWS[dialect])
    return ROW_LOCK.sub("", sql) if dialect is Dialect.SQLITE else _as_pyformat(sql)


def _as_pyformat(sql: str) -> str:
    return PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%"))


@cache
def for_django(name: str, vendor: str) -> str:
    """A statement as Django's own cursors want it; `vendor` is their connection's."""
    sql = statements(Dialect(vendor))[name]
    return _as_pyformat(sql) if vendor == Dialect.SQLITE else sql
