"""No statement of the ledger reads more because more was told before: each finds its rows by an index."""

import re

import pytest
from django.db import connection

from tests.courier.people import make_readers, tell_everyone
from tocsin.courier.ledger.database import open_database
from tocsin.courier.ledger.part import packed
from tocsin.courier.ledger.statements import ROW_LOCK, Dialect, statements
from tocsin.courier.models import Courier

OLD = 100_000
FIRST = "(SELECT min(id) FROM courier_dispatch)"  # ids go on where other tests left them
GROWING = {"courier_delivery", "courier_batch", "courier_attempt", "courier_telling", "audience_address"}
GROWING |= {"audience_subscriber", "audience_suppression", "courier_edition", "courier_dispatch"}
NICKNAMES = {"d": "courier_delivery", "b": "courier_batch", "t": "courier_attempt", "a": "audience_address"}
NICKNAMES |= {"s": "audience_subscriber", "x": "audience_suppression", "p": "courier_dispatch", "e": "courier_edition"}

COURIER = "0" * 32
PAIRS = packed([[1, 1], [2, 1]])
IDS = packed([1, 2, 3])
RESULTS = packed([[1, 5, "250 ok"], [2, 5, "250 ok"]])
ONE = {"dispatch": 1, "now": 5, "reason": "", "to_state": "suppressed", "since": 5}
STATEMENTS = {
    "waiting_lanes": {"rows": packed([0, 1, 2, 3]), "now": 5},
    "claim": {"lane": 2, "now": 5, "token": 1, "courier": COURIER, "number": 10},
    "due": {"rows": packed([[1, 1, 200, 1, 5], [2, 201, 400, 1, 5]])},
    "release": {"rows": PAIRS},
    "withdraw_given_back": {"batch": 1, "to_state": "suppressed"},
    "take_off": {"batch": 1},
    "standings": {"rows": IDS, "dispatch": 1},
    "accept_firsts": {"rows": RESULTS},
    "held_leases": {"rows": PAIRS},
    "accounts": {"rows": IDS},
    "attempts": {"rows": IDS},
    "write_deliveries": {"rows": packed([[1, "accepted", None, 0, 1, 5, "250"]])},
    "stopped": {"rows": IDS},
    "edition": {"edition": 1},
    "leases_of": {"courier": COURIER},
    "lock_batches": ONE,
    "cancel_dispatch": ONE,
    "withdraw": ONE,
    "pause_dispatch": ONE,
    "unqueue": ONE,
    "resume_dispatch": ONE,
    "requeue": ONE,
    "retry_unsure": ONE,
    "books": ONE,
    "reasons": ONE,
    "listing": ONE | {"first": 1, "last": 50, "state": "failed"},
}


@pytest.fixture
def _much_was_told(db):
    """An archive of settled tellings of half as many readers, and one that is under way."""
    make_readers(300)
    numbers = {
        "sqlite": "WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < {0})",
        "postgresql": "WITH many(n) AS (SELECT generate_series(1, {0}))",
    }[connection.vendor]
    hash_of = {"sqlite": "CAST(printf('%016d', n) AS blob)", "postgresql": "lpad(n::text, 16, '0')::bytea"}
    fill = """
        INSERT INTO courier_dispatch (kind, lane, channel, title, audience, hold_unsure, created_us, give_up_us,
            cancel_reason, pause_reason)
            {few} SELECT 'post', 2, 'email', '', 20, false, 1, 1, '', '' FROM many;
        INSERT INTO courier_delivery (dispatch_id, edition_id, channel, subscriber_id, address_id, address_hash, state,
            attempts, doubts, at_us, reply)
            {all} SELECT {first} + n / 20, 1 + n / 20, 'email', n, n, {hash}, 'accepted', 1, 0, 1, '250 ok' FROM many;
        INSERT INTO courier_batch (dispatch_id, lane, first_id, last_id)
            {few} SELECT {first} + n - 1, 2, 20 * n, 20 * n + 19 FROM many;
        INSERT INTO courier_attempt (delivery_id, number, relay, started_us, finished_us, outcome, reply)
            {few} SELECT 20 * n, 1, 'relay:25', 1, 2, 'put off', '' FROM many;
        INSERT INTO audience_suppression (channel, address_hash, reason, detail, at)
            {few} SELECT 'email', {hash}, 'bounced', '', CURRENT_TIMESTAMP FROM many"""
    with connection.cursor() as cursor:
        for sql in fill.split(";"):
            few, every = numbers.format(OLD // 20), numbers.format(OLD)
            values = {"{few}": few, "{all}": every, "{hash}": hash_of[connection.vendor], "{first}": FIRST}
            for mark, value in values.items():
                sql = sql.replace(mark, value)  # noqa: PLW2901
            cursor.execute(sql)
    Courier.objects.create(id=COURIER, host="here", boot="b", pid=1, started_us=1)
    tell_everyone()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
            # Small tables are read whole because that is cheaper: let it believe that they have grown.
            cursor.execute("UPDATE pg_class SET reltuples = 10000000 WHERE relname = ANY(%s)", [sorted(GROWING)])


@pytest.mark.usefixtures("_much_was_told")
def test_no_statement_reads_all_that_was_ever_told():
    read_whole = {name: sorted(found) for name in STATEMENTS if (found := scanned(name) & GROWING)}
    assert not read_whole


def test_what_was_learnt_of_a_small_ledger_does_not_mislead_in_a_large_one(committed):
    make_readers(3)
    tell_everyone()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    database = open_database(committed)
    hot = ["due", "standings", "accept_firsts", "write_deliveries", "held_leases", "accounts"]
    if connection.vendor == "sqlite":
        assert not {name: found for name in hot if (found := scanned(name, database._connection) & GROWING)}
    else:
        assert not read_whole_when_it_has_grown(database, hot)
    database.close()


def read_whole_when_it_has_grown(database, hot):
    """Those statements that read all deliveries, though they were run often while there were few."""
    for _ in range(15):  # the driver prepares them, the server keeps their plans
        for name in hot:
            database.change(name, **STATEMENTS[name])
    make_readers(20_000, prefix="more")
    tell_everyone(post_id=2)
    raw, found = database._connection, {}
    look = "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'courier_delivery'"
    for name in hot:
        with raw.transaction():
            before = raw.execute(look).fetchone()[0]
            raw.execute(statements(Dialect.POSTGRESQL)[name].encode(), STATEMENTS[name])
            found[name] = raw.execute(look).fetchone()[0] - before
    return {name: scans for name, scans in found.items() if scans}


def scanned(name, raw=None):
    """The tables that a statement reads from end to end."""
    sql = statements(Dialect(connection.vendor))[name]
    with connection.cursor() as cursor:
        raw = raw or cursor.connection
        if connection.vendor == "sqlite":
            plan = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}", STATEMENTS[name])]
            found = {match[1] for line in plan if (match := re.match(r"SCAN (\w+)(?! VIRTUAL)", line))}
            found -= {match[1] for line in plan if (match := re.match(r"(?:MATERIALIZE|CO-ROUTINE) (\w+)", line))}
        else:
            from psycopg import ClientCursor

            plan = [row[0] for row in ClientCursor(raw).execute(f"EXPLAIN {ROW_LOCK.sub('', sql)}", STATEMENTS[name])]
            found = {match[1] for line in plan if (match := re.search(r"Seq Scan on (\w+)", line))}
    return {NICKNAMES.get(table, table) for table in found}
