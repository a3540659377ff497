"""The clock of the newsroom: what happens because it is time, without anybody asking.

`tick` is called twice a second by the worker. Several workers may tick at once: every piece of work is checked again
under a lock, in a transaction of its own, and what fails is logged and tried again later without holding up the rest.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from wagtail.models import Page, Revision

from tocsin.audience import turns
from tocsin.audience.exchange import jobs as imports
from tocsin.content.clippings import actions as clippings
from tocsin.desk import retention, sweep, watchdog
from tocsin.desk.readers import tasks as readers

log = logging.getLogger(__name__)

SWEEP_SECONDS = 30.0
WATCHDOG_SECONDS = 30.0
FORGET_SECONDS = 3600.0
FIRST_PAUSE = 2.0
LONGEST_PAUSE = 60.0


@dataclass
class Patience:
    """When what failed may be tried again: after a pause that doubles with each failure in a row."""

    _pauses: dict[str, tuple[float, float]] = field(default_factory=dict)

    def may_try(self, key: str, now: float) -> bool:
        return now >= self._pauses.get(key, (0.0, 0.0))[1]

    def failed(self, key: str, now: float) -> None:
        pause = min(LONGEST_PAUSE, 2 * self._pauses.get(key, (FIRST_PAUSE / 2, 0.0))[0])
        self._pauses[key] = (pause, now + pause)

    def succeeded(self, key: str) -> None:
        self._pauses.pop(key, None)


@dataclass
class Every:
    """Says when something that is done at intervals is due again."""

    seconds: float
    _last: float | None = None

    def is_due(self, now: float) -> bool:
        if self._last is not None and now < self._last + self.seconds:
            return False
        self._last = now
        return True

    def not_over(self) -> None:
        """There is more to do: due again at once."""
        self._last = None


_patience = Patience()
_sweeping = Every(SWEEP_SECONDS)
_watching = Every(WATCHDOG_SECONDS)
_forgetting = Every(FORGET_SECONDS)


def tick() -> None:
    """Do whatever is due now."""
    now = timezone.now()
    for revision_id, approved_at in _due_revisions(now):
        _attempt(f"revision {revision_id}", lambda: _go_live(revision_id, approved_at, now))  # noqa: B023 - called at once
    for page_id in _expired_pages(now):
        _attempt(f"page {page_id}", lambda: _expire(page_id, now))  # noqa: B023
    if _sweeping.is_due(time.monotonic()):
        _attempt("sweep", sweep.sweep)
        _attempt("imports", imports.sweep)
        _attempt("changes of readers", readers.enqueue_stalled)
        _attempt("links with preview", clippings.chase)
    if _watching.is_due(time.monotonic()):
        _attempt("watchdog", watchdog.watch)
    if _forgetting.is_due(time.monotonic()):
        _attempt("forgetting", _forget)
        _attempt("digests", _find_forgotten_digests)


def _find_forgotten_digests() -> None:
    """The net below whatever should say that a reader's digests begin: nobody is missed for long."""
    if forgotten := turns.find_forgotten():
        log.error("%s readers had asked for digests and none was due. They are now.", forgotten)


def _attempt(what: str, work: Callable[[], object]) -> None:
    if not _patience.may_try(what, time.monotonic()):
        return
    try:
        work()
    except Exception:
        log.exception("The clock could not do its work on %s; it is tried again.", what)
        _patience.failed(what, time.monotonic())
    else:
        _patience.succeeded(what)


def _forget() -> None:
    if retention.piece():
        _forgetting.not_over()


def _due_revisions(now: datetime) -> list[tuple[int, datetime]]:
    due = Revision.page_revisions.filter(approved_go_live_at__lte=now).order_by("approved_go_live_at", "pk")
    return list(due.values_list("pk", "approved_go_live_at"))


def _expired_pages(now: datetime) -> list[int]:
    return list(Page.objects.filter(live=True, expire_at__lte=now).order_by("expire_at").values_list("pk", flat=True))


@transaction.atomic
def _go_live(revision_id: int, approved_at: datetime, now: datetime) -> None:
    """Publish a scheduled revision, unless somebody else did or the schedule was changed since."""
    revision = (
        Revision.page_revisions.select_for_update().filter(pk=revision_id, approved_go_live_at=approved_at).first()
    )
    if revision is None:
        return
    if _is_over(revision, now):
        log.warning("Revision %s was to go live but is over already: it stays down.", revision_id)
        Revision.objects.filter(pk=revision_id).update(approved_go_live_at=None)
        return
    publish_revision(revision)


def publish_revision(revision: Revision) -> None:
    """Make a scheduled revision live, as its editor asked for."""
    revision.publish(log_action="wagtail.publish.scheduled")


def _is_over(revision: Revision, now: datetime) -> bool:
    written = revision.content.get("expire_at")
    expires = parse_datetime(written) if written else None
    return expires is not None and expires <= now


@transaction.atomic
def _expire(page_id: int, now: datetime) -> None:
    """Take down a page whose time is over, unless that changed since."""
    page = Page.objects.select_for_update().filter(pk=page_id, live=True, expire_at__lte=now).first()
    if page is not None:
        page.specific.unpublish(set_expired=True, log_action="wagtail.unpublish.scheduled")
