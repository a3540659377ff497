"""The verbs of the audience: what readers and the content room may do to its tables.

Besides these only `importing` (many people at once) and `limits` (token buckets) write here. Mail is not sent
from this room: `ask` says what should be mailed, and whoever calls it does so in the same transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from tocsin.audience import limits, pace, queries, wordings
from tocsin.audience.models import (
    Address,
    Cadence,
    Channel,
    Consent,
    ConsentText,
    Followable,
    Subscriber,
    Subscription,
    Suppression,
)
from tocsin.lib.addresses import EmailAddress

Choices = Mapping[int, str]
"""What somebody wants: followable id -> cadence."""

UNCONFIRMED_DAYS = 30
Event, Reason, Status = Consent.Event, Suppression.Reason, Subscriber.Status


class Answer(Enum):
    """What the mail to somebody who asked to subscribe must say."""

    CONFIRM = "confirm"
    ALREADY = "already"


@dataclass(frozen=True)
class Asked:
    """Who asked to subscribe, and what to mail them."""

    address: Address
    answer: Answer


class Confirmed(Enum):
    """What pressing the button in a confirmation did."""

    NOW = "now"
    BEFORE = "before"
    LEFT_SINCE = "left since"


@transaction.atomic
def ask(email: EmailAddress, *, name: str, choices: Choices, wording: str, language: str) -> Asked:
    """Somebody, perhaps not the owner of the address, asks to subscribe it. Nothing counts until confirmed.

    Who is subscribed keeps name and choices: the request proves nothing. Whether the address may be written to is
    not asked here but, as for every mail, by the courier: so the answer takes the same way for every address.
    Safe to run twice at once.
    """
    address = _owned_address(email, language)
    subscriber = address.subscriber
    if subscriber.status == Status.ACTIVE:
        return Asked(address, Answer.ALREADY)
    subscriber.status, subscriber.name = Status.PENDING, name
    subscriber.save(update_fields=["status", "name"])
    _follow(subscriber, choices)
    _record(address, Event.ASKED, "form", consent_text(wordings.SUBSCRIBE, language, wording))
    return Asked(address, Answer.CONFIRM)


@transaction.atomic
def confirm(person: UUID) -> Confirmed:
    """The owner of a mailbox pressed the button behind the link mailed there: subscribed from now on.

    A link does not bring back who left after it was mailed. Raises Subscriber.DoesNotExist.
    """
    subscriber = _locked(person)
    if subscriber.status != Status.PENDING:
        return Confirmed.BEFORE if subscriber.status == Status.ACTIVE else Confirmed.LEFT_SINCE
    address = _address(subscriber)
    subscriber.status, subscriber.paused_until = Status.ACTIVE, None
    subscriber.save(update_fields=["status", "paused_until"])
    Address.objects.filter(pk=address.pk).update(confirmed_at=timezone.now())
    _suppressions(address).filter(reason=Reason.UNSUBSCRIBED).delete()
    asked = Consent.objects.filter(subscriber_id=subscriber.pk, event=Event.ASKED).order_by("-id").first()
    _record(address, Event.CONFIRMED, "button behind the mailed link", asked.text if asked else None)
    return Confirmed.NOW


@transaction.atomic
def unsubscribe(person: UUID, how: str) -> None:
    """From everything, for good. Idempotent. Raises Subscriber.DoesNotExist."""
    subscriber = _locked(person)
    if subscriber.status == Status.LEFT:
        return
    address = _address(subscriber)
    subscriber.status = Status.LEFT
    subscriber.save(update_fields=["status"])
    Subscription.objects.filter(subscriber=subscriber).delete()
    _suppress(address)
    _record(address, Event.WITHDRAWN, how)


@transaction.atomic
def erase(person: UUID) -> None:
    """Delete a person: name, address, choices. What stays names nobody: the keyed hash of the address.

    It stays in the consent record (as proof) and as a suppression, so that no import brings the address back.
    Raises Subscriber.DoesNotExist.
    """
    subscriber = _locked(person)
    address = _address(subscriber)
    _suppress(address)
    _record(address, Event.ERASED, "button behind the mailed link")
    subscriber.delete()


@transaction.atomic
def change(person: UUID, *, name: str, choices: Choices) -> None:
    """Call them `name` (as `names.clean_name` gave it) and let them follow exactly `choices` from now on.

    Raises Subscriber.DoesNotExist unless subscribed.
    """
    subscriber = _subscribed(person)
    subscriber.name = name
    subscriber.save(update_fields=["name"])
    _follow(subscriber, choices)


@transaction.atomic
def pause(person: UUID, until: datetime | None) -> None:
    """Tell them nothing until that moment; None resumes. Raises Subscriber.DoesNotExist unless subscribed."""
    subscriber = _subscribed(person)
    subscriber.paused_until = until
    subscriber.save(update_fields=["paused_until"])


@transaction.atomic
def set_pace(
    person: UUID,
    *,
    digest_hour: int | None,
    digest_weekday: int | None,
    quiet_from: int | None,
    quiet_until: int | None,
    alerts: bool,
    time_zone: str,
) -> None:
    """When they are told: at which hour and on which day digests come, when news waits, whether alerts come.

    Hours are 0 to 23, days 0 (Monday) to 6; None and an empty time zone mean the publication's, or no quiet hours.
    Raises Refused for what cannot be, Subscriber.DoesNotExist unless subscribed.
    """
    pace.require(digest_hour, digest_weekday, quiet_from, quiet_until, time_zone)
    subscriber = _subscribed(person)
    subscriber.digest_hour, subscriber.digest_weekday = digest_hour, digest_weekday
    subscriber.quiet_from, subscriber.quiet_until = quiet_from, quiet_until
    subscriber.alerts, subscriber.time_zone = alerts, time_zone
    if subscriber.digest_due_us is not None:
        subscriber.digest_due_us = 0
    subscriber.save(
        update_fields=[
            "digest_hour",
            "digest_weekday",
            "quiet_from",
            "quiet_until",
            "alerts",
            "time_zone",
            "digest_due_us",
        ]
    )


def consent_text(purpose: str, language: str, wording: str) -> ConsentText:
    """The row of a wording; made when it is new."""
    text, _ = ConsentText.objects.get_or_create(
        digest=wordings.digest(purpose, language, wording),
        defaults={"purpose": purpose, "language": language, "wording": wording},
    )
    return text


@transaction.atomic
def mirror_followable(kind: str, slug: str, name: str, *, was: str = "") -> Followable:
    """Make or rename the followable of a topic or an author. Idempotent.

    `was` is its slug before this change: who followed it there follows it on.
    """
    if was and was != slug:
        _move(kind, was, slug)
    followable, _ = Followable.objects.update_or_create(
        kind=kind, slug=slug, defaults={"name": name, "retired_at": None}
    )
    return followable


def retire_followable(kind: str, slug: str) -> None:
    """A topic or author is gone: nobody can choose it any more. Its followers stay, should it come back."""
    Followable.objects.filter(kind=kind, slug=slug, retired_at=None).update(retired_at=timezone.now())


def tidy() -> None:
    """Forget who never confirmed and what no longer limits anybody. Run now and then by the clock."""
    limits.forget_full()
    recent = timezone.now() - timedelta(days=UNCONFIRMED_DAYS)
    asked = Consent.objects.filter(subscriber_id=OuterRef("pk"), event=Event.ASKED, at__gt=recent)
    Subscriber.objects.filter(~Exists(asked), status=Status.PENDING).delete()


def _owned_address(email: EmailAddress, language: str) -> Address:
    """The address row, its owner locked; both made (pending) if there were none."""
    address_hash = queries.hash_of(email)
    found = _find(address_hash)
    if found:
        return found
    try:
        with transaction.atomic():
            subscriber = Subscriber.objects.create(language=language, source="form")
            return Address.objects.create(subscriber=subscriber, value=email.value, hash=address_hash)
    except IntegrityError:  # somebody asked for the same new address in this moment
        return _find(address_hash) or Address.objects.none().get()


def _find(address_hash: bytes) -> Address | None:
    rows = Address.objects.select_related("subscriber").select_for_update(of=("subscriber",))
    return rows.filter(channel=Channel.EMAIL, hash=address_hash).first()


def _locked(person: UUID) -> Subscriber:
    return Subscriber.objects.select_for_update().get(public_id=person)


def _subscribed(person: UUID) -> Subscriber:
    return Subscriber.objects.select_for_update().get(public_id=person, status=Status.ACTIVE)


def _address(subscriber: Subscriber) -> Address:
    return subscriber.addresses.get(channel=Channel.EMAIL)


def _follow(subscriber: Subscriber, choices: Choices) -> None:
    Subscription.objects.filter(subscriber=subscriber).exclude(followable__in=list(choices)).delete()
    Subscription.objects.bulk_create(
        [
            Subscription(subscriber=subscriber, followable_id=followable, cadence=Cadence(cadence))
            for followable, cadence in choices.items()
        ],
        update_conflicts=True,
        unique_fields=["subscriber", "followable"],
        update_fields=["cadence"],
    )


def _move(kind: str, was: str, slug: str) -> None:
    """Give a followable another slug; where a retired one had it before, the followers of both come together."""
    moved = Followable.objects.filter(kind=kind, slug=was)
    target = Followable.objects.filter(kind=kind, slug=slug).first()
    if target is None:
        moved.update(slug=slug)
        return
    there = Subscription.objects.filter(followable=target).values("subscriber")
    Subscription.objects.filter(followable__in=moved).exclude(subscriber__in=there).update(followable=target)
    moved.delete()


def _suppressions(address: Address) -> QuerySet[Suppression]:
    return Suppression.objects.filter(channel=address.channel, address_hash=address.hash)


def _suppress(address: Address) -> None:
    Suppression.objects.get_or_create(
        channel=address.channel, address_hash=address.hash, defaults={"reason": Reason.UNSUBSCRIBED}
    )


def _record(address: Address, event: str, how: str, text: ConsentText | None = None) -> None:
    Consent.objects.create(
        subscriber_id=address.subscriber_id, address_hash=address.hash, event=event, how=how, text=text
    )
