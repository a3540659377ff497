"""Notices every committed change that may show on a page, whoever makes it: the newsroom, the worker, a command.

It looks at the SQL itself, because Django's signals miss bulk writes, `update()` and the raw statements by which
Wagtail moves pages. Everything counts except the tables that no page shows. The count is written in the transaction of
the change; after its commit, and before anybody hears that it is done, this host's generation moves on. Other hosts
are told by NOTIFY (PostgreSQL), and whoever missed that finds the count changed within a second.
"""

import logging
import re
import threading
from collections.abc import Callable
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Sum

from tocsin.web.cache import generation
from tocsin.web.cache.generation import Count
from tocsin.web.models import Change

log = logging.getLogger(__name__)

CHANNEL: Final = "tocsin_page"
"""Where PostgreSQL notifies the web processes."""

UNSEEN: Final = re.compile(
    r"""
    web_change | sqlite_\w+ | django_(session|migrations|content_type|admin_log) | django_tasks\w* | axes_\w+
    | elsewhere_\w+ | auth_\w+ | account_\w+ | mfa_\w+ | courier_\w+
    | audience_(subscriber|address|subscription|pastchoice|consent|consenttext|suppression|allowance|import|export)
    | import_\w+
    | desk_(user|user_\w+|publishintent|incident)
    | wagtailadmin_\w+ | wagtailusers_\w+ | wagtailsearch_\w+
    | wagtailcore_(revision|referenceindex|\w*logentry|comment\w*|task\w*|workflow\w*|uploadedfile|pagesubscription|group\w+)
    | wagtailimages_rendition | content_readership
    """,
    re.VERBOSE,
)
"""Tables no page shows, or only as of some minutes ago (readership). A rendition is made by the page that first shows it;
another picture has another row."""

ONLY_DRAFTED: Final = {
    "wagtailcore_page": frozenset(
        {"latest_revision_id", "latest_revision_created_at", "draft_title", "has_unpublished_changes"}
    ),
}
"""Columns that say something about drafts only: saving one, by hand or by itself, changes no page."""

READING: Final = ("SELECT", "SAVEPO", "RELEAS", "ROLLBA", "PRAGMA", "BEGIN", "COMMIT", "SET ")
WRITE: Final = re.compile(
    r"\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?|MERGE\s+INTO|COPY)\s+"
    r'(?:ONLY\s+)?(?!(?:SET|SKIP|OF|NOWAIT)\b)["`]?(\w+)',
    re.IGNORECASE,
)
SET: Final = re.compile(r"\bSET\s+(.*?)\s+WHERE\b", re.IGNORECASE | re.DOTALL)
COLUMN: Final = re.compile(r'(\w+)"?\s*=')

_suspended = False
_unfinished = threading.local()
"""Set while this thread has inserted a row outside of a transaction, but not fetched what the statement returns."""


def may_show(sql: str) -> bool:
    """Whether this statement writes what a page may show."""
    if sql[:6].upper().startswith(READING):
        return False
    tables = {table.lower() for table in WRITE.findall(sql)}
    return any(not UNSEEN.fullmatch(table) and not _is_only_drafted(table, sql) for table in tables)


def _is_only_drafted(table: str, sql: str) -> bool:
    drafts = ONLY_DRAFTED.get(table)
    written = SET.search(sql) if drafts and sql[:6].upper() == "UPDATE" else None
    if drafts is None or written is None:
        return False
    return drafts.issuperset(COLUMN.findall(written[1]))


def watch_connection(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Look at what goes through a new connection (receives `connection_created`)."""
    if connection.alias == DEFAULT_DB_ALIAS and _notice not in connection.execute_wrappers:
        connection.execute_wrappers.append(_notice)


def suspend(**_: Any) -> None:
    """Count nothing while migrations make the tables (receives `pre_migrate`)."""
    global _suspended  # noqa: PLW0603 - one process migrates, alone
    _suspended = True


def resume(**_: Any) -> None:
    """The tables are there (receives `post_migrate`)."""
    global _suspended  # noqa: PLW0603
    _suspended = False


def recall(**_: Any) -> None:
    """Something is taken down or moves away: what was rendered before may not be shown any more, whatever happens."""
    if not _suspended:
        _count(recalls=1)


def inserted(**_: Any) -> None:
    """A row was saved (receives `post_save`): an INSERT ... RETURNING outside of a transaction is committed only now."""
    if getattr(_unfinished, "insert", False):
        _unfinished.insert = False
        _count()


def counted() -> Count:
    """The count in the database."""
    sums = Change.objects.aggregate(changes=Sum("changes"), recalls=Sum("recalls"))
    return Count(sums["changes"] or 0, sums["recalls"] or 0)


def _notice(
    execute: Callable[..., Any],
    sql: Any,
    params: Any,
    many: bool,
    context: dict[str, Any],
) -> Any:
    result = execute(sql, params, many, context)
    if not _suspended and isinstance(sql, str) and may_show(sql):
        if connection.in_atomic_block or "RETURNING" not in sql:
            _count()
        else:
            _unfinished.insert = True
    return result


def _count(recalls: int = 0) -> None:
    """Count once a transaction, and move the generation on after its commit; outside of one, at once."""
    waiting = any(function is _settle for _, function, *_ in connection.run_on_commit)
    if not waiting or recalls:
        _write(changes=1, recalls=recalls)
    if not waiting:
        transaction.on_commit(_settle)


def _write(changes: int, recalls: int) -> None:
    with transaction.atomic(savepoint=False):  # SQLite opens none while an INSERT ... RETURNING is being fetched
        free = Change.objects.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True).first()
        if free is None:
            Change.objects.create(changes=changes, recalls=recalls)
        else:
            share = Change.objects.filter(pk=free)
            share.update(changes=F("changes") + changes, recalls=F("recalls") + recalls)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def _settle() -> None:
    """After the commit: this host's pages are out of date from here on. Never fails, the change is made."""
    try:
        generation.shared().observe(counted())
    except Exception:
        log.exception("A change was made, but counting it failed: every page is rendered anew.")
        generation.shared().advance()
