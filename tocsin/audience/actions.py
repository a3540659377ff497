"""The verbs of the audience: what readers and the content room may do to its tables.

Besides these only `forgetting` (what is kept too long), `importing` (many people at once), `limits` (token buckets), `turns`
(whose digest is due) and `upkeep` (what the staff do) write here. Mail is not sent from this room: `ask` says what should be
mailed, and whoever calls it does so in the same transaction.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from tocsin.audience import choices as history
from tocsin.audience import pace, queries, wordings
from tocsin.audience.choices import Choices
from tocsin.audience.models import (
    Address,
    Cadence,
    Channel,
    Consent,
    ConsentText,
    Followable,
    PastChoice,
    Subscriber,
    Subscription,
    Suppression,
)
from tocsin.lib.addresses import EmailAddress
from tocsin.lib.mailboxes import is_disposable

Slowed = tuple[Cadence, Cadence] | None
"""From which pace to which; None when there is nothing slower but leaving."""

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
def ask(
    email: EmailAddress,
    *,
    name: str,
    choices: Choices,
    wording: str,
    language: str,
    source: str = "form",
    ip: str | None = None,
) -> Asked:
    """Somebody, perhaps not the owner of the address, asks to subscribe it. Nothing counts until confirmed.

    Who is subscribed keeps name and choices: the request proves nothing. Whether the address may be written to is
    not asked here but, as for every mail, by the courier: so the answer takes the same way for every address.
    Safe to run twice at once. `source`: where they asked.
    """
    address = owned_address(email, language, source)
    subscriber = address.subscriber
    if subscriber.status == Status.ACTIVE:
        return Asked(address, Answer.ALREADY)
    if subscriber.status == Status.LEFT:
        subscriber.reminded_at = None
    subscriber.status, subscriber.name, subscriber.language = Status.PENDING, name, language
    subscriber.save(update_fields=["status", "name", "language", "reminded_at"])
    history.follow(subscriber, choices)
    record(address, Event.ASKED, source, consent_text(wordings.SUBSCRIBE, language, wording), ip)
    return Asked(address, Answer.CONFIRM)


@transaction.atomic
def note_reminder(subscriber_id: int) -> Address | None:
    """Write down that somebody is reminded to confirm: the address to remind; None if that is done, or needless by now."""
    rows = Subscriber.objects.select_for_update()
    subscriber = rows.filter(pk=subscriber_id, status=Status.PENDING, reminded_at=None).first()
    if subscriber is None:
        return None
    subscriber.reminded_at = timezone.now()
    subscriber.save(update_fields=["reminded_at"])
    return subscriber.addresses.select_related("subscriber").get(channel=Channel.EMAIL)


@transaction.atomic
def confirm(person: UUID, ip: str | None = None) -> Confirmed:
    """The owner of a mailbox pressed the button behind the link mailed there: subscribed from now on.

    A link does not bring back who left after it was mailed. Raises Subscriber.DoesNotExist.
    """
    subscriber = _locked(person)
    if subscriber.status != Status.PENDING:
        return Confirmed.BEFORE if subscriber.status == Status.ACTIVE else Confirmed.LEFT_SINCE
    address = _address(subscriber)
    subscriber.status, subscriber.paused_until = Status.ACTIVE, None
    subscriber.digest_due_us, subscriber.digested_us = pace.LOOK, 0
    subscriber.save(update_fields=["status", "paused_until", "digest_due_us", "digested_us"])
    Address.objects.filter(pk=address.pk).update(confirmed_at=timezone.now())
    _suppressions(address).filter(reason=Reason.UNSUBSCRIBED).delete()
    asked = Consent.objects.filter(subscriber_id=subscriber.pk, event=Event.ASKED).order_by("-id").first()
    record(address, Event.CONFIRMED, "button behind the mailed link", asked.text if asked else None, ip)
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
    history.follow(subscriber, {})
    _suppress(address)
    record(address, Event.WITHDRAWN, how)


@transaction.atomic
def erase(person: UUID, how: str = "button behind the mailed link") -> None:
    """Delete a person: name, address, choices. What stays names nobody: the keyed hash of the address.

    It stays in the consent record (as proof) and as a suppression, so that no import brings the address back.
    Raises Subscriber.DoesNotExist.
    """
    _remove(_locked(person), Event.ERASED, how)


@transaction.atomic
def forget(subscriber_id: int) -> bool:
    """Delete somebody who left or never confirmed, because that is long ago. False if they are subscribed by now."""
    subscriber = Subscriber.objects.select_for_update().filter(pk=subscriber_id).first()
    if subscriber is None or subscriber.status == Status.ACTIVE:
        return False
    if subscriber.status == Status.LEFT:
        _remove(subscriber, Event.FORGOTTEN, "kept long enough")
    else:
        _delete(subscriber)
    return True


@transaction.atomic
def change(person: UUID, *, name: str, choices: Choices) -> None:
    """Call them `name` (as `names.clean_name` gave it) and let them follow exactly `choices` from now on.

    Raises Subscriber.DoesNotExist unless subscribed.
    """
    subscriber = _subscribed(person)
    subscriber.name = name
    subscriber.save(update_fields=["name"])
    history.follow(subscriber, choices)


@transaction.atomic
def slow_down(person: UUID, steps: int = 1) -> Slowed:
    """Let what comes at the fastest pace come `steps` slower. Raises Subscriber.DoesNotExist unless subscribed."""
    subscriber = _subscribed(person)
    after = before = queries.chosen(subscriber)
    for _step in range(steps):
        after = history.slower(after)
    history.follow(subscriber, after)
    return history.slowed(before, after)


@transaction.atomic
def undo_choices(person: UUID) -> bool:
    """Take their last change of choices back; False if there was none. Raises Subscriber.DoesNotExist unless subscribed."""
    return history.undo(_subscribed(person))


@transaction.atomic
def refuse_counting(person: UUID, refuses: bool) -> None:
    """Whether the links in their mails are the plain ones. Raises Subscriber.DoesNotExist unless subscribed."""
    subscriber = _subscribed(person)
    subscriber.uncounted = refuses
    subscriber.save(update_fields=["uncounted"])


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


@transaction.atomic
def set_language(person: UUID, language: str) -> None:
    """In which language they are written to from now on, and shown their own pages. Raises Subscriber.DoesNotExist."""
    subscriber = _subscribed(person)
    subscriber.language = language
    subscriber.save(update_fields=["language"])


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


def owned_address(email: EmailAddress, language: str, source: str) -> Address:
    """The address row, its owner locked; both made (pending) if there were none."""
    address_hash = queries.hash_of(email)
    found = _find(address_hash)
    if found:
        return found
    try:
        with transaction.atomic():
            subscriber = Subscriber.objects.create(language=language, source=source)
            return Address.objects.create(
                subscriber=subscriber, value=email.value, hash=address_hash, is_disposable=is_disposable(email)
            )
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


def _move(kind: str, was: str, slug: str) -> None:
    """Give a followable another slug; where a retired one had it before, the followers of both come together.

    The one that is moved stays what it is: posts that wait for digests name it.
    """
    moved = Followable.objects.filter(kind=kind, slug=was).first()
    if moved is None:
        return
    retired = Followable.objects.filter(kind=kind, slug=slug)
    there = Subscription.objects.filter(followable=moved).values("subscriber")
    Subscription.objects.filter(followable__in=retired).exclude(subscriber__in=there).update(followable=moved)
    PastChoice.objects.filter(followable__in=retired).update(followable=moved)
    retired.delete()
    Followable.objects.filter(pk=moved.pk).update(slug=slug)


def _remove(subscriber: Subscriber, event: str, how: str) -> None:
    """Delete a person and all that hangs on them, but for what names nobody: the hash, on record and suppressed."""
    address = _address(subscriber)
    _suppress(address)
    record(address, event, how)
    _delete(subscriber)


def _delete(subscriber: Subscriber) -> None:
    """The person, and from where they consented: of the record only what names nobody stays."""
    Consent.objects.filter(subscriber_id=subscriber.pk).update(ip=None)
    subscriber.delete()


def _suppressions(address: Address) -> QuerySet[Suppression]:
    return Suppression.objects.filter(channel=address.channel, address_hash=address.hash)


def _suppress(address: Address) -> None:
    Suppression.objects.get_or_create(
        channel=address.channel, address_hash=address.hash, defaults={"reason": Reason.UNSUBSCRIBED}
    )


def record(address: Address, event: str, how: str, text: ConsentText | None = None, ip: str | None = None) -> None:
    """Add a line to the consent record. For the verbs of this room."""
    Consent.objects.create(
        subscriber_id=address.subscriber_id,
        address_hash=address.hash,
        event=event,
        how=how,
        text=text,
        ip=ip if ip and queries.publication().record_ip else None,
    )
