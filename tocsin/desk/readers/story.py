"""One reader's whole story, newest first: what they agreed to, what they were sent and how that went, what the staff noted.

Nothing here writes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.urls import reverse
from django.utils.translation import gettext as _

from tocsin.audience import selection
from tocsin.audience.models import Address, Consent, StaffNote, Subscriber, Suppression
from tocsin.audience.selection import Standing
from tocsin.courier import queries as ledger
from tocsin.courier.models import Delivery
from tocsin.courier.states import State
from tocsin.desk.legend import LEGEND
from tocsin.desk.queries import OF_POSTS
from tocsin.lib import clock

DELIVERIES = 200
TROUBLE = frozenset({State.FAILED, State.UNSURE, State.BOUNCED, State.COMPLAINED})


@dataclass(frozen=True)
class Entry:
    """One line. `title` may lead to `url`; `detail` is somebody's own words; `trouble`: worth a look."""

    at: datetime
    what: str
    title: str
    detail: str = ""
    url: str = ""
    trouble: bool = False


@dataclass(frozen=True)
class Story:
    """A reader, and everything known of them. `more`: how many older deliveries are left out."""

    reader: Subscriber
    address: Address
    standing: Standing
    suppression: Suppression | None
    entries: list[Entry]
    more: int


def tell(reader: Subscriber) -> Story:
    """The story of one reader."""
    address: Address = reader.addresses.get()
    address.hash = bytes(address.hash)
    suppression = Suppression.objects.filter(channel=address.channel, address_hash=address.hash).first()
    sent = ledger.sent_to(reader.pk)
    entries = [*_consents(reader), *map(_delivery, islice(sent, DELIVERIES)), *_notes(reader)]
    return Story(
        reader=reader,
        address=address,
        standing=selection.standing_of(reader, suppressed=suppression is not None),
        suppression=suppression,
        entries=sorted(entries, key=lambda entry: entry.at, reverse=True),
        more=max(0, sent.count() - DELIVERIES),
    )


def _consents(reader: Subscriber) -> Iterator[Entry]:
    for consent in Consent.objects.filter(subscriber_id=reader.pk).select_related("text"):
        wording = consent.text.wording if consent.text else ""
        title = f"{consent.get_event_display()} ({consent.how})" if consent.how else consent.get_event_display()
        yield Entry(consent.at, _("Consent"), title, wording)


def _delivery(delivery: Delivery) -> Entry:
    dispatch, state = delivery.dispatch, State(delivery.state)
    words = LEGEND[state]
    return Entry(
        at=clock.to_datetime(delivery.at_us or dispatch.created_us),
        what=dispatch.get_kind_display(),
        title=dispatch.title or dispatch.get_kind_display(),
        detail=": ".join(part for part in (str(words.label), delivery.reply) if part),
        url=reverse("tellings:one", args=[dispatch.pk]) if dispatch.kind in OF_POSTS else "",
        trouble=state in TROUBLE,
    )


def _notes(reader: Subscriber) -> Iterator[Entry]:
    for note in StaffNote.objects.filter(subscriber=reader):
        yield Entry(note.at, _("Note by {user}").format(user=note.by), note.text)
