"""Many readers and many old rows, written in bulk into the tables the migrations made.

What is in them is what the product itself would have written; only the way there is shorter.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from tocsin.audience.models import Followable
from tocsin.audience.queries import everything
from tocsin.courier.models import Batch, Delivery, Dispatch, Edition
from tocsin.lib import addresses, config

CHUNK = 50_000
OLD_AUDIENCE = 100_000
BATCH_ROWS = 200
NAMES = ("Ada Wren", "Bo Lindqvist", "Chipo Moyo", "Dafydd Rees", "Elif Kaya", "Femi Ade", "Zoë Brandt", "Håkon Li")

SUBSCRIBER = "audience_subscriber (id, public_id, name, status, language, time_zone, source, created_at)"
ADDRESS = "audience_address (id, subscriber_id, channel, value, hash, confirmed_at)"
SUBSCRIPTION = "audience_subscription (subscriber_id, followable_id, cadence, created_at)"


def add_readers(first: int, last: int) -> dict[str, Any]:
    """Readers number `first` to `last`, confirmed and following everything at once; numbers are their ids."""
    begun = time.monotonic()
    _make_room()
    followable = everything()
    for start in range(first, last + 1, CHUNK):
        numbers = range(start, min(start + CHUNK, last + 1))
        with transaction.atomic():
            _add(numbers, followable)
    if connection.vendor == "postgresql":
        _settle_postgresql(last)
    return {"seconds": time.monotonic() - begun}


def _make_room() -> None:
    """SQLite's usual 2 MB of cache are little for indexes that grow in random order. For this connection alone."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size = -262144")


def _add(numbers: range, followable: Followable) -> None:
    now = timezone.now() if connection.vendor == "postgresql" else timezone.now().replace(tzinfo=None).isoformat(" ")
    key = config.current().address_key
    _insert(SUBSCRIBER, ((n, _public_id(n), NAMES[n % 8], "active", "en", "", "import", now) for n in numbers))
    _insert(ADDRESS, ((n, n, "email", _email(n), _hash(key, n), now) for n in numbers))
    _insert(SUBSCRIPTION, ((n, followable.pk, "instant", now) for n in numbers))


def _public_id(number: int) -> str:
    """A UUID of version 4 by its form, as hexadecimal digits."""
    return f"{number:012x}40008000{0:012x}"


def _email(number: int) -> str:
    return f"reader{number}@example.org"


def _hash(key: str, number: int) -> bytes:
    return addresses.keyed_hash(key, "email", _email(number))


def _insert(table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            cursor.executemany(f"INSERT INTO {table} VALUES ({_places(table)})", list(rows))  # noqa: S608


def _places(table: str) -> str:
    return ", ".join(["%s"] * (table.count(",") + 1))


def add_old_rows(rows: int) -> dict[str, Any]:
    """What past tellings left: `rows` accepted deliveries in dispatches of 100,000, their batches settled."""
    begun = time.monotonic()
    _make_room()
    for number, audience in enumerate(_shares(rows)):
        with transaction.atomic():
            _add_telling(number, audience)
    if connection.vendor == "postgresql":
        _settle_postgresql()
    return {"seconds": time.monotonic() - begun}


def _settle_postgresql(last: int = 0) -> None:
    """What it does by itself in the course of time: statistics of its tables, and numbers that go on behind `last`.

    SQLite keeps no statistics unless it is told to, and Tocsin never tells it.
    """
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        for table in ("audience_subscriber", "audience_address") if last else ():
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), %s)", [last])


def _shares(rows: int) -> Iterator[int]:
    while rows > 0:
        yield min(rows, OLD_AUDIENCE)
        rows -= OLD_AUDIENCE


def _add_telling(number: int, audience: int) -> None:
    dispatch = Dispatch.objects.create(
        kind="post", lane=2, title=f"Old telling {number}", audience=audience, created_us=1, give_up_us=2
    )
    edition = Edition.objects.create(dispatch=dispatch, language="en", posts=[], message={})
    newest = Delivery.objects.order_by("pk").last()
    floor = newest.pk if newest else 0
    with connection.cursor() as cursor:
        cursor.execute(_OLD_ROWS[connection.vendor], [dispatch.pk, edition.pk, audience])
    Batch.objects.bulk_create(
        Batch(dispatch=dispatch, lane=2, first_id=first, last_id=min(first + BATCH_ROWS - 1, floor + audience))
        for first in range(floor + 1, floor + audience + 1, BATCH_ROWS)
    )


_COLUMNS = """INSERT INTO courier_delivery
    (dispatch_id, edition_id, channel, subscriber_id, address_id, address_hash, state, due_us, attempts, doubts, at_us, reply)"""
_OLD_ROWS = {
    "sqlite": f"""{_COLUMNS}
        WITH RECURSIVE numbers (dispatch, edition, n, last) AS (
            SELECT %s, %s, 1, %s UNION ALL SELECT dispatch, edition, n + 1, last FROM numbers WHERE n < last
        )
        SELECT dispatch, edition, 'email', n, n, CAST(printf('%%016d', n) AS BLOB),
            'accepted', NULL, 1, 0, 1, '250 2.0.0 Ok' FROM numbers""",  # noqa: S608 - our own words
    "postgresql": f"""{_COLUMNS}
        SELECT dispatch, edition, 'email', n, n, convert_to(lpad(n::text, 16, '0'), 'UTF8'),
            'accepted', NULL, 1, 0, 1, '250 2.0.0 Ok'
        FROM (SELECT %s::bigint, %s::bigint, %s::bigint) AS given (dispatch, edition, last), generate_series(1, last) AS n""",  # noqa: S608
}
