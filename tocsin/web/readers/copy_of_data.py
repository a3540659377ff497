"""All that is kept about one reader, as plain data for them to take along. Reads everything, writes nothing."""

from typing import Any

from tocsin.audience.models import Address, Consent, PastChoice, Subscriber, Subscription, Suppression
from tocsin.courier import queries as ledger
from tocsin.courier.models import Attempt
from tocsin.web.readers.sent import sent


def copy_of(subscriber: Subscriber) -> dict[str, Any]:
    """As JSON can hold it, times as ISO 8601. Names of keys are part of what readers rely on: add, never rename."""
    address = subscriber.addresses.get()
    return {
        "person": _person(subscriber),
        "address": _address(address),
        "subscriptions": [_subscription(each) for each in subscriber.subscriptions.select_related("followable")],
        "earlier_choices": [_past(each) for each in subscriber.past_choices.select_related("followable")],
        "consents": [_consent(each) for each in Consent.objects.filter(subscriber_id=subscriber.pk).order_by("id")],
        "deliveries": [
            {
                "title": each.title,
                "kind": each.kind,
                "planned": each.at.isoformat(),
                "state": each.state.value,
                "meaning": each.fate,
                "mail_server_said": each.words,
                "why": each.why,
                "posts": [story.title for story in each.stories],
            }
            for each in sent(subscriber)
        ],
        "attempts": [_attempt(each) for each in ledger.attempts_for(subscriber.pk)],
        "notes_of_the_staff": [
            {"text": note.text, "by": note.by, "at": note.at.isoformat()} for note in subscriber.notes.order_by("id")
        ],
    }


def _person(subscriber: Subscriber) -> dict[str, Any]:
    paused = subscriber.paused_until
    return {
        "name": subscriber.name,
        "status": subscriber.status,
        "since": subscriber.created_at.isoformat(),
        "source": subscriber.source,
        "language": subscriber.language,
        "time_zone": subscriber.time_zone,
        "digest_hour": subscriber.digest_hour,
        "digest_weekday": subscriber.digest_weekday,
        "quiet_from": subscriber.quiet_from,
        "quiet_until": subscriber.quiet_until,
        "alerts": subscriber.alerts,
        "paused_until": paused.isoformat() if paused else None,
        "refuses_click_counts": subscriber.uncounted,
    }


def _address(address: Address) -> dict[str, Any]:
    suppression = Suppression.objects.filter(channel=address.channel, address_hash=bytes(address.hash)).first()
    return {
        "channel": address.channel,
        "value": address.value,
        "confirmed": address.confirmed_at.isoformat() if address.confirmed_at else None,
        "not_written_to_because": suppression.reason if suppression else None,
    }


def _subscription(subscription: Subscription) -> dict[str, Any]:
    return {
        "kind": subscription.followable.kind,
        "name": subscription.followable.name,
        "pace": subscription.cadence,
        "since": (subscription.paced_at or subscription.created_at).isoformat(),
    }


def _past(choice: PastChoice) -> dict[str, Any]:
    return {
        "kind": choice.followable.kind,
        "name": choice.followable.name,
        "pace": choice.cadence,
        "since": choice.began_at.isoformat(),
        "until": choice.ended_at.isoformat(),
    }


def _consent(consent: Consent) -> dict[str, Any]:
    return {
        "event": consent.event,
        "at": consent.at.isoformat(),
        "how": consent.how,
        "wording": consent.text.wording if consent.text else None,
        "language": consent.text.language if consent.text else None,
        "ip": consent.ip,
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "title": attempt.delivery.dispatch.title,
        "number": attempt.number,
        "outcome": attempt.outcome,
        "mail_server_said": attempt.reply,
    }
