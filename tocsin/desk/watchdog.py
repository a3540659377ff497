"""Looks, apart from everything that sends, for what needs a person, and writes to the staff once per incident.

`findings` only reads, so the newsroom can show them even when the worker, and with it the clock, has stopped.
"""

import logging
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.models import Revision

from tocsin.audience.queries import publication
from tocsin.content import phrases
from tocsin.courier import queries as ledger
from tocsin.courier.models import Batch, Dispatch
from tocsin.desk import staffmail
from tocsin.desk.digests import queries as digests
from tocsin.desk.models import Incident, User
from tocsin.lib import clock
from tocsin.lib.errors import TocsinError

log = logging.getLogger(__name__)

ALERT_MINUTES = 5
RELAY_MINUTES = 1
WAITING_MINUTES = 10
SCHEDULE_MINUTES = 2


def findings() -> dict[str, str]:
    """What is wrong right now, in words for a person, by key."""
    return {key: text for look in (_alerts, _held, _relays, _waiting, _schedule, _digests) for key, text in look()}


@transaction.atomic
def watch() -> None:
    """Open an incident for what is newly wrong, close those that are over. In the publication's language."""
    with translation.override(publication().language):
        _watch()


def _watch() -> None:
    found = findings()
    over = Incident.objects.filter(closed_us__isnull=True).exclude(key__in=found)
    over.update(closed_us=clock.now_us())
    for key, text in found.items():
        report(key, text)


@transaction.atomic
def report(key: str, text: str) -> None:
    """Open an incident and mail the staff, unless it is open already."""
    _, opened = Incident.objects.get_or_create(
        key=key, closed_us__isnull=True, defaults={"text": text, "opened_us": clock.now_us()}
    )
    if opened:
        log.error("%s", text)
        _mail(text)


def _mail(text: str) -> None:
    gazette = publication()
    staff = User.objects.filter(is_superuser=True, is_active=True).exclude(email="")
    to = [gazette.staff_email] if gazette.staff_email else list(staff.values_list("email", flat=True))
    body = f"{text}\n\n" + _("The newsroom: {url}").format(url=f"{settings.WAGTAILADMIN_BASE_URL}/admin/") + "\n"
    try:
        staffmail.write(_("{name} needs a person").format(name=gazette.name), body, to)
    except TocsinError as error:
        log.error("The staff could not be written to: %s %s", error.message, error.mend)


def _alerts() -> Iterator[tuple[str, str]]:
    late = Dispatch.objects.filter(
        kind=Dispatch.Kind.ALERT,
        created_us__lte=clock.now_us() - ALERT_MINUTES * clock.MINUTE,
        batches__due_us__isnull=False,
    ).distinct()
    for dispatch in late:
        books = ledger.books(dispatch.pk)
        waiting = books.planned + books.sending + books.deferred + books.unsure
        facts = {"title": dispatch.title, "number": dispatch.pk, "minutes": ALERT_MINUTES}
        text = _(
            "The alert “{title}” (telling {number}) has not reached everybody after {minutes} minutes: "
            "{waiting} of {audience} are still waiting."
        ).format(**facts, waiting=intcomma(waiting), audience=intcomma(books.audience))
        yield f"alert:{dispatch.pk}", text


def _held() -> Iterator[tuple[str, str]]:
    held = ledger.paused(restored=True)
    if held or ledger.is_held():
        text = ngettext(
            "This database was restored or copied, so nobody is mailed by itself: {number} telling is held.",
            "This database was restored or copied, so nobody is mailed by itself: {number} tellings are held.",
            len(held),
        ).format(number=len(held))
        mend = _("See what they are with `tocsin doctor`, then cancel them or go on with `tocsin dispatch resume`.")
        yield "held", f"{text} {mend}"


def _relays() -> Iterator[tuple[str, str]]:
    for relay in ledger.relay_troubles():
        if relay.since_us <= clock.now_us() - RELAY_MINUTES * clock.MINUTE:
            words = _("The mail server {name} takes no mail. It says: {trouble}")
            yield f"relay:{relay.name}", words.format(name=relay.name, trouble=relay.trouble)


def _waiting() -> Iterator[tuple[str, str]]:
    """Mail that nobody takes although no relay is in trouble: most likely no courier is running."""
    before = clock.now_us() - WAITING_MINUTES * clock.MINUTE
    forgotten = Batch.objects.filter(due_us__lte=before, token__isnull=True, dispatch__created_us__lte=before)
    if ledger.relay_troubles() or not forgotten.exists() or Batch.objects.filter(token__isnull=False).exists():
        return
    text = _(
        "Mail has been waiting for more than {minutes} minutes and nobody takes it. "
        "Is the courier running? `tocsin doctor` says more."
    ).format(minutes=WAITING_MINUTES)
    yield "waiting", text


def _digests() -> Iterator[tuple[str, str]]:
    if late := digests.overdue(clock.now_us()):
        text = ngettext(
            "The digest of {number} reader is more than {minutes} minutes late. Is the worker running? Its log says why. "
            "Nobody is forgotten: they get one digest with all that was published, as soon as it runs.",
            "The digests of {number} readers are more than {minutes} minutes late. Is the worker running? Its log says why. "
            "Nobody is forgotten: they get one digest with all that was published, as soon as it runs.",
            late,
        ).format(number=intcomma(late), minutes=digests.LATE_MINUTES)
        yield "digests", text


def _schedule() -> Iterator[tuple[str, str]]:
    late = timezone.now() - timedelta(minutes=SCHEDULE_MINUTES)
    for revision in Revision.page_revisions.filter(approved_go_live_at__lte=late):
        text = _(
            "“{title}” was to be published at {moment} and is not. Is the worker running? Its log says why."
        ).format(title=revision.object_str, moment=phrases.day_and_hour(revision.approved_go_live_at))
        yield f"schedule:{revision.pk}", text
