"""Subscribers for tests, confirmed and following something."""

from django.utils import timezone

from tocsin.audience.models import Address, Cadence, Channel, Followable, Subscriber, Subscription
from tocsin.lib import addresses, config

_KINDS = {"topic": Followable.Kind.TOPIC, "author": Followable.Kind.AUTHOR}


def reader(email: str, *, follows: str = "", cadence: str = Cadence.INSTANT) -> Subscriber:
    """A confirmed subscriber. `follows` is `topic:SLUG`, `author:SLUG` or nothing for everything."""
    address = addresses.parse(email)
    person = Subscriber.objects.create(status=Subscriber.Status.ACTIVE)
    Address.objects.create(
        subscriber=person,
        value=address.value,
        hash=addresses.keyed_hash(config.current().address_key, Channel.EMAIL, address.key),
        confirmed_at=timezone.now(),
    )
    kind, _, slug = follows.partition(":")
    followable = Followable.objects.get(kind=_KINDS.get(kind, Followable.Kind.EVERYTHING), slug=slug)
    Subscription.objects.create(subscriber=person, followable=followable, cadence=cadence)
    return person


def readers(count: int) -> list[Subscriber]:
    """As many readers of everything, reader0@example.org and so on."""
    return [reader(f"reader{number}@example.org") for number in range(count)]
