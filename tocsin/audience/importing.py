"""Importing people who gave their consent elsewhere: all good rows of a file, or, if anything fails, none.

Rows are checked and gathered in temporary tables without locking anybody out; one short transaction then writes
them, set by set (`importing.sql`). Nobody is mailed. Whoever left, or must not be written to, is never revived.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any, NamedTuple
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone

from tocsin.audience import queries, wishes, wordings
from tocsin.audience.actions import consent_text
from tocsin.audience.csvfile import BadRow, Row
from tocsin.audience.models import Subscriber
from tocsin.audience.names import BadName, clean_name
from tocsin.lib import addresses
from tocsin.lib.errors import Refused

CHUNK = 1000
LONGEST_CONSENT = 2000
LONGEST_SOURCE = 150
WRITING = (
    "recognise_pending",
    "add_subscribers",
    "number",
    "activate_pending",
    "confirm_pending",
    "clear_pending",
    "add_addresses",
    "add_subscriptions",
    "add_consents",
)


@dataclass(frozen=True)
class Report:
    """What an import did, or in a dry run would do. A file's second row for an address counts nowhere."""

    added: int
    unchanged: int
    kept_out: int
    rejected: list[BadRow]


class _Staged(NamedTuple):
    """One good row, as it is gathered."""

    line: int
    value: str
    hash: bytes
    public_id: str
    name: str
    wish: int


@dataclass
class _Sorter:
    """Turns rows of a file into good ones, and remembers the bad ones and what is asked for."""

    menu: Mapping[str, int]
    rejected: list[BadRow] = field(default_factory=list)
    wished: list[Mapping[int, str]] = field(default_factory=list)
    _known: dict[tuple[str, str], int] = field(default_factory=dict)

    def good(self, rows: Iterable[Row | BadRow]) -> Iterator[_Staged]:
        """The good ones of `rows`."""
        for row in rows:
            if isinstance(row, BadRow):
                self.rejected.append(row)
                continue
            try:
                yield self._staged(row)
            except (addresses.BadAddress, BadName, wishes.BadWish) as error:
                self.rejected.append(BadRow(row.line, str(error)))

    def _staged(self, row: Row) -> _Staged:
        email = addresses.parse(row.email)
        name = clean_name(row.name)
        return _Staged(row.line, email.value, queries.hash_of(email), uuid4().hex, name, self._wish(row))

    def _wish(self, row: Row) -> int:
        written = (row.topics, row.cadence)
        if written not in self._known:
            self.wished.append(wishes.parse(*written, self.menu))
            self._known[written] = len(self.wished) - 1
        return self._known[written]


def import_rows(rows: Iterable[Row | BadRow], *, consent: str, source: str, dry_run: bool = False) -> Report:
    """Subscribe everybody in `rows`, who agreed to `consent` elsewhere. `source` names the file in the record.

    All or nothing. Raises Refused if no consent is stated.
    """
    consent = _stated(consent)
    sorter = _Sorter({wishes.token(followable): followable.pk for followable in queries.choosable()})
    with _staging():
        good = sorter.good(rows)
        while chunk := list(islice(good, CHUNK)):
            _stage(chunk)
        for wish, choices in enumerate(sorter.wished):
            _execute_many("wish", [(wish, followable, cadence) for followable, cadence in choices.items()])
        with transaction.atomic():
            fates = _sort()
            if not dry_run:
                _write(consent, f"import of {source[:LONGEST_SOURCE]}")
    status = Subscriber.Status
    return Report(
        added=fates.get("new", 0) + fates.get(status.PENDING, 0),
        unchanged=fates.get(status.ACTIVE, 0),
        kept_out=fates.get(status.LEFT, 0),
        rejected=sorter.rejected,
    )


def _stated(consent: str) -> str:
    consent = " ".join(consent.split())
    if not consent or not consent.isprintable() or len(consent) > LONGEST_CONSENT:
        raise Refused(
            "It is not said how these people gave their consent.",
            "State it in words, up to 2,000 characters: --consent 'Asked for our newsletter on paper at the 2026 assembly'.",
        )
    return consent


@contextmanager
def _staging() -> Iterator[None]:
    """The temporary tables, gone afterwards."""
    _execute("drop_staged")
    _execute("drop_wished")
    _execute("create_staged")
    _execute("index_staged")
    _execute("create_wished")
    try:
        yield
    finally:
        if not connection.needs_rollback:
            _execute("drop_staged")
            _execute("drop_wished")


def _stage(chunk: list[_Staged]) -> None:
    places = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(chunk))
    with connection.cursor() as cursor:
        cursor.execute(_sql()["stage"].format(rows=places), [value for row in chunk for value in row])


def _sort() -> dict[str, int]:
    if connection.vendor == "postgresql":
        _execute("lock")
    _execute("sort")
    with connection.cursor() as cursor:
        cursor.execute(_sql()["count"])
        return dict(cursor.fetchall())


def _write(consent: str, source: str) -> None:
    language = queries.publication().language
    parameters = {
        "now": connection.ops.adapt_datetimefield_value(timezone.now()),
        "language": language,
        "text": consent_text(wordings.IMPORT, language, consent).pk,
        "source": source,
    }
    for name in WRITING:
        _execute(name, parameters)


def _execute(name: str, parameters: Mapping[str, Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_sql()[name], parameters)


def _execute_many(name: str, rows: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(_sql()[name], rows)


@cache
def _sql() -> Mapping[str, str]:
    text = files("tocsin.audience").joinpath("importing.sql").read_text(encoding="utf-8")
    _, *parts = re.split(r"^-- name: (\w+)$", text, flags=re.MULTILINE)
    return {name: sql.strip() for name, sql in zip(parts[::2], parts[1::2], strict=True)}
