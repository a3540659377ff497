"""Planning what is told, on Django's side: dispatch, edition, deliveries and batches in the caller's transaction.

Sending is not here: the courier process takes it from the batches.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F, QuerySet

from tocsin.audience import queries as audience_queries
from tocsin.audience.models import Address, Channel, Publication
from tocsin.courier.ledger.database import DOORBELL, from_django
from tocsin.courier.ledger.dispatches import RESTORED
from tocsin.courier.ledger.ledger import Ledger
from tocsin.courier.ledger.part import packed
from tocsin.courier.ledger.statements import for_django
from tocsin.courier.message import Message
from tocsin.courier.models import Batch, Delivery, Dispatch, Edition, Epoch, Lane
from tocsin.lib import addresses, clock, config
from tocsin.lib.errors import Refused

BATCH_ROWS = 200
DAY = 24 * clock.HOUR
GIVE_UP_AFTER = {
    Dispatch.Kind.POST: 3 * DAY,
    Dispatch.Kind.DIGEST: 3 * DAY,
    Dispatch.Kind.CORRECTION: 3 * DAY,
    Dispatch.Kind.ALERT: DAY,
    Dispatch.Kind.READER: DAY,
    Dispatch.Kind.STAFF: DAY,
}


def tell(  # noqa: PLR0913 - what a telling is, by name
    *,
    kind: str,
    lane: Lane,
    post_id: int | None,
    revision_id: int | None,
    title: str,
    message: Message,
    language: str,
    audience: QuerySet[Address, Any],
    first: bool,
) -> Dispatch:
    """Plan one telling to everyone in `audience`, frozen now. All of it commits with the caller's transaction, or nothing.

    News and digests wait for the end of a reader's quiet hours; what is urgent does not.
    `first`: whoever was told of this post before, in whatever dispatch, is left out; this is what makes *once* true.
    """
    _require_transaction()
    if first and post_id is None:
        raise ValueError("a first telling is the first of a post")
    dispatch = _open(kind, lane, title, post_id=post_id, revision_id=revision_id)
    edition = _edition(dispatch, message, language)
    floor = _run("last_delivery")[1]
    dispatch.audience = _plan(dispatch, edition, audience, first=first)
    dispatch.save(update_fields=["audience"])
    _run("cut_batches", dispatch=dispatch.pk, lane=int(lane), size=BATCH_ROWS, floor=floor)
    _ring()
    return dispatch


def tell_one(
    *, kind: str, lane: Lane, message: Message, title: str, address: Address | None, not_before_us: int = 0
) -> Dispatch:
    """Plan one mail to one reader; with `address=None` one staff mail to `message.to_address`. In the caller's transaction.

    `not_before_us`: a ledger time before which it is not sent.
    """
    _require_transaction()
    dispatch = _open(kind, lane, title, audience=1)
    edition = _edition(dispatch, message, message.language)
    delivery = Delivery.objects.create(
        dispatch=dispatch,
        edition=edition,
        channel=dispatch.channel,
        subscriber_id=address.subscriber_id if address else None,
        address_id=address.pk if address else None,
        address_hash=bytes(address.hash) if address else _staff_hash(message.to_address),
        due_us=not_before_us,
        at_us=dispatch.created_us,
    )
    Batch.objects.create(dispatch=dispatch, lane=lane, first_id=delivery.pk, last_id=delivery.pk, due_us=not_before_us)
    _ring()
    return dispatch


class Mailing(NamedTuple):
    """One reader's digest: an edition, to an address, from a moment on (0: at once)."""

    edition: int
    address: int
    due_us: int


def digest_under_way(since_us: int) -> int | None:
    """The digest run that was begun since a moment and not cancelled: its id."""
    runs = Dispatch.objects.filter(kind=Dispatch.Kind.DIGEST, created_us__gte=since_us, cancelled_us=None)
    return runs.order_by("-id").values_list("id", flat=True).first()


def open_digest(title: str, *, since_us: int) -> Dispatch:
    """The digest run that was begun since a moment, locked; a new one, told to nobody yet, if there is none."""
    _require_transaction()
    if (under_way := digest_under_way(since_us)) is not None:
        return Dispatch.objects.select_for_update().get(pk=under_way)
    dispatch = _open(Dispatch.Kind.DIGEST, Lane.DIGEST, title)
    if Epoch.objects.filter(held=True).exists():  # nobody asked for it now: in a copy it must not leave by itself
        pause(dispatch, RESTORED)
    return dispatch


def add_edition(dispatch: Dispatch, message: Message, posts: Sequence[tuple[int, int | None]]) -> int:
    """One more edition of a digest run: its id. `posts`: what it tells of, at which revisions."""
    _require_transaction()
    return Edition.objects.create(
        dispatch=dispatch, language=message.language, posts=[list(post) for post in posts], message=message.to_json()
    ).pk


def tell_in_digest(dispatch: Dispatch, mailings: Sequence[Mailing]) -> None:
    """Add readers to a digest run from `open_digest`. In the caller's transaction.

    Raises IntegrityError if one of them was told of a post of their edition before: at once or in another digest.
    """
    _require_transaction()
    floor = _run("last_delivery")[1]
    number, _ = _run("plan_digest", dispatch=dispatch.pk, rows=packed(mailings), now=clock.now_us())
    editions = Edition.objects.filter(pk__in={mailing.edition for mailing in mailings}).values_list("id", "posts")
    told = packed([edition, post] for edition, posts in editions for post, _ in posts)
    _run("tell_in_digest", dispatch=dispatch.pk, rows=told, floor=floor)
    Dispatch.objects.filter(pk=dispatch.pk).update(audience=F("audience") + number)
    _run("cut_batches", dispatch=dispatch.pk, lane=dispatch.lane, size=BATCH_ROWS, floor=floor)
    _ring()


def cancel(dispatch: Dispatch, reason: str) -> int:
    """Suppress what is planned, deferred or unsure, with `reason`; how many that were at once. In the caller's transaction.

    What a courier has in its hands is not counted: it follows within about a second, unless it was sent: that stays true.
    """
    return _ledger().cancel(dispatch.pk, reason, clock.now_us())


def pause(dispatch: Dispatch, reason: str = "") -> bool:
    """Send nothing more of it until it is resumed; couriers stop within about a second. In the caller's transaction.

    False if it is paused or cancelled already.
    """
    return _ledger().pause(dispatch.pk, reason, clock.now_us())


def resume(dispatch: Dispatch) -> bool:
    """Go on with a paused dispatch. False if it was not paused. In the caller's transaction.

    With the last that was held since the database was restored, all is as it was: what plans itself is held no more.
    """
    ledger = _ledger()
    resumed = ledger.resume(dispatch.pk)
    if resumed and not ledger.held():
        Epoch.objects.update(held=False)
    _ring()
    return resumed


def resume_all() -> int:
    """Go on with all that is held since the database was restored or copied; how many. In the caller's transaction."""
    ledger = _ledger()
    resumed = sum(ledger.resume(dispatch) for dispatch in ledger.held())
    Epoch.objects.update(held=False)
    _ring()
    return resumed


def resend_unsure(dispatch: Dispatch) -> int:
    """Let what is unsure and waits for a person be sent once more (a reader may get it twice). How many that are."""
    released = _ledger().resend_unsure(dispatch.pk, clock.now_us())
    _ring()
    return released


def scrub(subscriber_id: int) -> None:
    """Forget a subscriber, and the relays' words about them, which quote addresses. Before they are deleted."""
    _ledger().scrub(subscriber_id)


def forget_readers(days: int) -> bool:
    """Let tellings older than `days` name readers no more, a few hundred at a time. False when nothing is left to forget."""
    now = clock.now_us()
    return _ledger().forget_readers(now - days * DAY, now)


def _ledger() -> Ledger:
    _require_transaction()
    return Ledger(from_django(connection))


def _require_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("Telling is part of a transaction: call it inside transaction.atomic().")


def _open(
    kind: str, lane: Lane, title: str, *, post_id: int | None = None, revision_id: int | None = None, audience: int = 0
) -> Dispatch:
    now = clock.now_us()
    policy = audience_queries.publication().unsure_policy
    return Dispatch.objects.create(
        kind=kind,
        lane=lane,
        channel=Channel.EMAIL,
        post_id=post_id,
        revision_id=revision_id,
        title=title[:300],
        audience=audience,
        hold_unsure=policy == Publication.UnsurePolicy.HOLD,
        created_us=now,
        give_up_us=now + GIVE_UP_AFTER[Dispatch.Kind(kind)],
    )


def _edition(dispatch: Dispatch, message: Message, language: str) -> Edition:
    posts = [[dispatch.post_id, dispatch.revision_id]] if dispatch.post_id else []
    return Edition.objects.create(dispatch=dispatch, language=language, posts=posts, message=message.to_json())


def _plan(dispatch: Dispatch, edition: Edition, audience: QuerySet[Address, Any], *, first: bool) -> int:
    row: dict[str, Any] = {
        "dispatch": dispatch.pk,
        "edition": edition.pk,
        "channel": dispatch.channel,
        "now": dispatch.created_us,
        "rows": packed(_quiet(dispatch)),
    }
    if dispatch.post_id is not None:
        _run("tell_first", audience, post=dispatch.post_id, channel=dispatch.channel, dispatch=dispatch.pk)
    if not first:
        return _run("plan_all", audience, **row)[0]
    return _run("plan_first_told", post=dispatch.post_id, **row)[0]


def _quiet(dispatch: Dispatch) -> list[audience_queries.Quiet]:
    """The quiet hours that a telling respects; urgent ones respect none."""
    return audience_queries.quiet_now(dispatch.created_us) if dispatch.lane >= Lane.INSTANT else []


def _run(name: str, audience: QuerySet[Address, Any] | None = None, **parameters: Any) -> tuple[int, int]:
    """Run a planning statement through Django's cursor: how many rows it touched, and the first value it gave."""
    sql = for_django(name, connection.vendor)
    if audience is not None:
        inner, values = _compiled(audience)
        sql = sql.replace("{audience}", inner)
        parameters |= values
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.rowcount, cursor.fetchone()[0] if cursor.description else 0


def _compiled(audience: QuerySet[Address, Any]) -> tuple[str, dict[str, Any]]:
    """The queryset's SQL with named parameters, so that it can stand inside a statement of ours."""
    rows = audience.order_by().values_list("id", "subscriber_id", "hash")
    sql, values = rows.query.get_compiler(connection=connection).as_sql()
    named = {f"audience_{number}": value for number, value in enumerate(values)}
    names = iter(named)
    return re.sub(r"%s", lambda _: f"%({next(names)})s", sql), named


def _staff_hash(to_address: str) -> bytes:
    try:
        key = addresses.parse(to_address).key
    except addresses.BadAddress as error:
        raise Refused(f"Staff mail cannot be sent: {error}", "Correct the staff e-mail address.") from error
    return addresses.keyed_hash(config.current().address_key, Channel.EMAIL, key)


def _ring() -> None:
    """Wake the couriers when this transaction commits. On SQLite they see the commit itself."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {DOORBELL}")
