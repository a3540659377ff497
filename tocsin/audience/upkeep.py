"""What the staff do to the audience, to one person or to some at a time. Each leaves a note that says who did it.

Nothing here mails anybody, and nothing here brings back who left: that is only theirs to do. Deleting people is
`actions.erase`, after the courier forgot the relays' words about them.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tocsin.audience import choices, pace, queries, wordings
from tocsin.audience.actions import consent_text, owned_address
from tocsin.audience.models import (
    Address,
    Cadence,
    Consent,
    Followable,
    StaffNote,
    Subscriber,
    Suppression,
)
from tocsin.lib.addresses import EmailAddress
from tocsin.lib.errors import Refused

Reason, Status = Suppression.Reason, Subscriber.Status
LIFTABLE = (Reason.MANUAL, Reason.BOUNCED)
"""What a person may take back: nobody may for somebody else who unsubscribed or complained."""


@dataclass(frozen=True)
class Newcomer:
    """Whom to add. `consent`: how the staff know that they want it; it is kept on record."""

    email: EmailAddress
    name: str
    choices: Mapping[int, str]
    consent: str
    language: str


@transaction.atomic
def add(newcomer: Newcomer, by: str) -> Subscriber:
    """Subscribe somebody who agreed elsewhere, at once; they are mailed nothing by it.

    Raises Refused for who is subscribed already, who left, and an address that must not be written to.
    """
    address = owned_address(newcomer.email, newcomer.language, "staff")  # locked, and gone again if it is refused
    _require_free(address)
    person = address.subscriber
    person.name, person.status, person.language = newcomer.name, Status.ACTIVE, newcomer.language
    person.paused_until, person.digest_due_us, person.digested_us = None, pace.LOOK, 0
    person.save(update_fields=["name", "status", "language", "paused_until", "digest_due_us", "digested_us"])
    Address.objects.filter(pk=address.pk).update(confirmed_at=timezone.now())
    choices.follow(person, newcomer.choices)
    Consent.objects.create(
        subscriber_id=person.pk,
        address_hash=address.hash,
        event=Consent.Event.IMPORTED,
        text=consent_text(wordings.IMPORT, queries.publication().language, newcomer.consent),
        how=f"added by {by}",
    )
    return person


def note(person: Subscriber, text: str, by: str) -> StaffNote:
    """Write something down about somebody."""
    return StaffNote.objects.create(subscriber=person, text=text, by=by)


@transaction.atomic
def suppress(people: Collection[int], why: str, by: str) -> int:
    """Write no more to these subscribers, whatever they follow; how many that is new to. Idempotent."""
    addresses = _addresses(people)
    kept = {bytes(one) for one in _suppressions(addresses).values_list("address_hash", flat=True)}
    new = [address for address in addresses if address.hash not in kept]
    Suppression.objects.bulk_create(
        (
            Suppression(channel=address.channel, address_hash=address.hash, reason=Reason.MANUAL, detail=why[:300])
            for address in new
        ),
        ignore_conflicts=True,
    )
    return _note_all({address.subscriber_id for address in new}, f"Not to be written to any more: {why}", by)


@transaction.atomic
def lift(people: Collection[int], by: str) -> int:
    """Let these subscribers be written to again, unless they unsubscribed or complained; how many that is new to.

    Who is not subscribed any more may have left after they were suppressed: that they are is then all that says so.
    """
    addresses = _addresses(people)
    subscribed = set(Subscriber.objects.filter(pk__in=people, status=Status.ACTIVE).values_list("pk", flat=True))
    lifted = _suppressions([one for one in addresses if one.subscriber_id in subscribed]).filter(reason__in=LIFTABLE)
    hashes = {bytes(one) for one in lifted.values_list("address_hash", flat=True)}
    lifted.delete()
    again = {address.subscriber_id for address in addresses if bytes(address.hash) in hashes}
    return _note_all(again, "May be written to again.", by)


@transaction.atomic
def follow(people: Collection[int], followable: Followable, cadence: str, by: str) -> int:
    """Let those of them who are subscribed follow it at that pace; how many that changes."""
    text = f"Follows “{followable}” ({Cadence(cadence).label}) from now on."
    return _rewish(people, lambda chosen: {**chosen, followable.pk: cadence}, text, by)


@transaction.atomic
def unfollow(people: Collection[int], followable: Followable, by: str) -> int:
    """Let those of them who are subscribed follow it no more; how many that changes."""
    text = f"Does not follow “{followable}” any more."
    return _rewish(people, lambda chosen: {key: pace for key, pace in chosen.items() if key != followable.pk}, text, by)


def _rewish(people: Collection[int], wish: Callable[[dict[int, str]], dict[int, str]], text: str, by: str) -> int:
    changed = []
    for person in Subscriber.objects.select_for_update().filter(pk__in=people, status=Status.ACTIVE).order_by("pk"):
        chosen = queries.chosen(person)
        if wish(chosen) != chosen:
            choices.follow(person, wish(chosen))
            changed.append(person.pk)
    return _note_all(changed, text, by)


def _require_free(address: Address) -> None:
    suppressed = Suppression.objects.filter(channel=address.channel, address_hash=address.hash).first()
    if address.subscriber.status == Status.ACTIVE:
        raise Refused("This address is subscribed already.", "Look it up in the list of readers.")
    if address.subscriber.status == Status.LEFT or (suppressed and suppressed.reason == Reason.UNSUBSCRIBED):
        raise Refused("The owner of this address unsubscribed.", "Only they can come back, with the form on the site.")
    if suppressed:
        reason = Reason(suppressed.reason).label
        raise Refused(f"This address must not be written to: {reason}.", "Lift that first, if it was a mistake.")


def _addresses(people: Collection[int]) -> list[Address]:
    """Their addresses, the owners locked."""
    list(Subscriber.objects.select_for_update().filter(pk__in=people).order_by("pk").values_list("pk"))
    addresses = list(Address.objects.filter(subscriber__in=people).order_by("subscriber"))
    for address in addresses:
        address.hash = bytes(address.hash)  # PostgreSQL hands out memoryviews
    return addresses


def _suppressions(addresses: Collection[Address]) -> QuerySet[Suppression]:
    return Suppression.objects.filter(address_hash__in=[address.hash for address in addresses])


def _note_all(people: Collection[int], text: str, by: str) -> int:
    StaffNote.objects.bulk_create(StaffNote(subscriber_id=pk, text=text, by=by) for pk in sorted(people))
    return len(people)
