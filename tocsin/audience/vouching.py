"""Subscribing somebody for whom another vouches: they agreed elsewhere, on paper or on another site. One at a time.

`importing` does the same for many. Whoever left, bounced or complained is never brought back by others.
"""

from enum import Enum

from django.db import transaction
from django.utils import timezone

from tocsin.audience import actions, choices, queries, wordings
from tocsin.audience.choices import Choices
from tocsin.audience.models import Address, Channel, Consent, Subscriber, Suppression
from tocsin.lib.addresses import EmailAddress

Status = Subscriber.Status


class Vouched(Enum):
    """What came of it."""

    ADDED = "added"
    UNCHANGED = "unchanged"
    KEPT_OUT = "kept_out"


@transaction.atomic
def vouch(email: EmailAddress, *, name: str, wanted: Choices, statement: str, language: str, source: str) -> Vouched:
    """Subscribe an address at once, with `statement` (how they agreed) on record. Mails nothing. Idempotent.

    Who is subscribed keeps name and choices.
    """
    address_hash = queries.hash_of(email)
    if Suppression.objects.filter(channel=Channel.EMAIL, address_hash=address_hash).exists():
        return Vouched.KEPT_OUT
    address = actions.owned_address(email, language, source)
    person = address.subscriber
    if person.status != Status.PENDING:
        return Vouched.UNCHANGED if person.status == Status.ACTIVE else Vouched.KEPT_OUT
    person.status, person.name, person.paused_until = Status.ACTIVE, name, None
    person.save(update_fields=["status", "name", "paused_until"])
    Address.objects.filter(pk=address.pk).update(confirmed_at=timezone.now())
    choices.follow(person, wanted)
    actions.record(address, Consent.Event.IMPORTED, source, actions.consent_text(wordings.IMPORT, language, statement))
    return Vouched.ADDED
