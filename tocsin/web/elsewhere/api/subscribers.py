"""Subscribing and looking up for programs. The same verbs and limits as on the site."""

from collections.abc import Sequence
from typing import Final

from django.db import transaction

from tocsin.audience import actions, limits, models, queries, vouching, wordings
from tocsin.audience.models import Address, Channel, Followable, Suppression
from tocsin.audience.names import BadName, clean_name
from tocsin.lib import addresses
from tocsin.lib.addresses import EmailAddress
from tocsin.web.elsewhere.api.doors import demand, slow_down
from tocsin.web.elsewhere.api.problems import Problem, Trouble
from tocsin.web.elsewhere.api.shapes import NewSubscriber, Outcome, Subscription
from tocsin.web.elsewhere.models import Key, Scope
from tocsin.web.readers import mails

SOURCE: Final = "api: {}"
LONGEST_SOURCE: Final = 40
KINDS: Final = Followable.Kind


@transaction.atomic
def subscribe(key: Key, wanted: NewSubscriber) -> Outcome:
    """Ask them to confirm, or subscribe them at once when the key may vouch for them. Raises Problem.

    The same request again changes nothing, and for ten minutes mails nothing again.
    """
    email, name = _email(wanted.email), _name(wanted.name)
    chosen = _choices(wanted)
    publication, source = queries.publication(), SOURCE.format(key.name)[:LONGEST_SOURCE]
    if wanted.consent is not None:
        demand(key, Scope.SUBSCRIBERS_CONFIRM)
        statement = _statement(wanted.consent)
        vouched = vouching.vouch(
            email, name=name, wanted=chosen, statement=statement, language=publication.language, source=source
        )
        return Outcome(outcome=vouched.value)
    if not limits.take(limits.SITE):
        raise slow_down(limits.SITE, "The whole site has been asked for too many subscriptions.")
    mailbox = queries.mailbox_of(email)
    if limits.take(limits.REPEATED, mailbox.hex()) and limits.take_for_mailbox(mailbox, "subscribe"):
        asked = actions.ask(
            email,
            name=name,
            choices=chosen,
            wording=wordings.subscribing(publication.name),
            language=publication.language,
            source=source,
        )
        mails.send(mails.LETTERS[asked.answer], asked.address, publication)
    return Outcome(outcome="asked")


def look_up(written: str) -> Subscription:
    """How somebody is subscribed. Raises Problem when nobody is known by that address."""
    address_hash = queries.hash_of(_email(written))
    address = Address.objects.filter(channel=Channel.EMAIL, hash=address_hash).select_related("subscriber").first()
    if address is None:
        raise Problem(Trouble.NO_SUBSCRIBER)
    person = address.subscriber
    reasons = Suppression.objects.filter(channel=Channel.EMAIL, address_hash=address_hash)
    follows = person.subscriptions.select_related("followable").order_by("followable__kind", "followable__slug")
    return Subscription.model_validate(
        {
            "status": person.status,
            "name": person.name,
            "since": address.confirmed_at or person.created_at,
            "paused_until": person.on_break_until,
            "kept_out": reasons.values_list("reason", flat=True).first(),
            "follows": [_follow(row) for row in follows],
        }
    )


def _follow(row: models.Subscription) -> dict[str, str]:
    followed = row.followable
    return {"kind": followed.kind, "slug": followed.slug, "name": followed.name, "cadence": row.cadence}


def _invalid(where: str, what: str) -> Problem:
    return Problem(Trouble.INVALID, errors=[{"where": f"body.{where}", "what": what}])


def _email(written: str) -> EmailAddress:
    try:
        return addresses.parse(written)
    except addresses.BadAddress as error:
        raise _invalid("email", str(error)) from error


def _name(written: str) -> str:
    try:
        return clean_name(written)
    except BadName as error:
        raise _invalid("name", str(error)) from error


def _statement(written: str) -> str:
    statement = " ".join(written.split())
    if not statement.isprintable() or len(statement) < 10:
        raise _invalid("consent", "Say in plain words, on one line, how they agreed.")
    return statement


def _choices(wanted: NewSubscriber) -> dict[int, str]:
    """Followable id -> cadence."""
    chosen = [
        *_followables("topics", KINDS.TOPIC, wanted.topics),
        *_followables("authors", KINDS.AUTHOR, wanted.authors),
    ]
    return dict.fromkeys(chosen or [queries.everything().pk], wanted.cadence)


def _followables(where: str, kind: str, slugs: Sequence[str]) -> list[int]:
    known = {row.slug: row.pk for row in queries.choosable() if row.kind == kind}
    unknown = [slug for slug in slugs if slug not in known]
    if unknown:
        raise _invalid(
            where, f"“{unknown[0][:80]}” cannot be followed. Known: {', '.join(list(known)[:20]) or 'none yet'}."
        )
    return [known[slug] for slug in slugs]
