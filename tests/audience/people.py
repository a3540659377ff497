"""People for tests: asking, confirming, leaving through the real verbs."""

from tocsin.audience import actions, queries
from tocsin.audience.models import Address, Consent, Followable, Subscriber
from tocsin.lib import addresses

WORDING = "By subscribing I agree."


def ask(email: str = "mira@example.org", name: str = "", choices: dict[int, str] | None = None) -> actions.Asked:
    """Ask to subscribe, as the form does."""
    return actions.ask(
        addresses.parse(email),
        name=name,
        choices=choices if choices is not None else {queries.everything().pk: "instant"},
        wording=WORDING,
        language="en",
    )


def subscribe(email: str = "mira@example.org", name: str = "", choices: dict[int, str] | None = None) -> Subscriber:
    """Ask and confirm."""
    person = ask(email, name, choices).address.subscriber
    assert actions.confirm(person.public_id) is actions.Confirmed.NOW
    person.refresh_from_db()
    return person


def topic(slug: str) -> Followable:
    """A topic that can be followed."""
    return actions.mirror_followable(Followable.Kind.TOPIC, slug, slug.title())


def told() -> list[str]:
    """Who would be told of a post without topics, by address."""
    rows = queries.recipients(topics=[], authors=[], cadences=["instant"])
    return list(Address.objects.filter(pk__in=[row["id"] for row in rows]).values_list("value", flat=True))


def record(person: Subscriber) -> list[str]:
    """The events on the consent record, in order."""
    return list(Consent.objects.filter(subscriber_id=person.pk).order_by("id").values_list("event", flat=True))
