"""Readers, messages and tellings for tests."""

from typing import Any

from django.db import transaction

from tocsin.audience.models import Address, Followable, Subscriber, Subscription
from tocsin.audience.queries import recipients
from tocsin.courier import actions
from tocsin.courier.message import Mark, Message
from tocsin.courier.models import Dispatch, Lane
from tocsin.lib import addresses, config


def hash_of(address: str) -> bytes:
    return addresses.keyed_hash(config.current().address_key, "email", addresses.parse(address).key)


def make_readers(number: int, *, prefix: str = "reader") -> list[Address]:
    """Active readers of everything: reader1@example.org, reader2@example.org, ..."""
    everything = Followable.objects.get(kind=Followable.Kind.EVERYTHING)
    key = config.current().address_key
    subscribers = Subscriber.objects.bulk_create(
        Subscriber(name=f"Reader {n}", status=Subscriber.Status.ACTIVE) for n in range(1, number + 1)
    )
    confirmed = subscribers[0].created_at
    made = Address.objects.bulk_create(
        Address(
            subscriber=subscriber,
            value=f"{prefix}{n}@example.org",
            hash=addresses.keyed_hash(key, "email", f"{prefix}{n}@example.org"),
            confirmed_at=confirmed,
        )
        for n, subscriber in enumerate(subscribers, 1)
    )
    Subscription.objects.bulk_create(
        Subscription(subscriber=subscriber, followable=everything) for subscriber in subscribers
    )
    return made


def a_message(subject: str = "The bridge is open", **changes: Any) -> Message:
    values: dict[str, Any] = {
        "subject": subject,
        "text": f"Cars may cross again.\n\nYour page: {Mark.MANAGE}\n",
        "html": f'<p>Cars may cross again.</p><p><a href="{Mark.MANAGE}">Your page</a></p>',
        "sender_name": "The Example Gazette",
        "sender_email": "news@example.org",
        "bulk": True,
    }
    return Message(**(values | changes))


def tell_everyone(*, post_id: int = 1, first: bool = True, **changes: Any) -> Dispatch:
    values: dict[str, Any] = {
        "kind": Dispatch.Kind.POST,
        "lane": Lane.INSTANT,
        "post_id": post_id,
        "revision_id": 1,
        "title": "The bridge is open",
        "message": a_message(),
        "language": "en",
        "audience": recipients(topics=[], authors=[], cadences=["instant"]),
        "first": first,
    }
    with transaction.atomic():
        return actions.tell(**(values | changes))
