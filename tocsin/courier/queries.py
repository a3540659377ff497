"""What can be asked of the ledger, on Django's side. Nothing here writes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from tocsin.audience.models import Address, Channel, Subscriber, Suppression
from tocsin.courier.channel import Policy
from tocsin.courier.ledger import quota
from tocsin.courier.ledger.dispatches import RESTORED
from tocsin.courier.ledger.statements import for_django
from tocsin.courier.message import Message
from tocsin.courier.models import Attempt, Batch, Delivery, Dispatch, Epoch, RelayStatus, RelayUse, Telling
from tocsin.courier.reasons import gist
from tocsin.courier.states import UNSETTLED, State
from tocsin.lib import clock

GONE = "(deleted)"
PAGE_BATCHES = 50
RATE_WINDOW = 10 * clock.SECOND
MOST_REASONS = 20
ANSWERED = frozenset({State.ACCEPTED, State.DEFERRED, State.FAILED, State.UNSURE})
EXPLAINED = (State.DEFERRED, State.UNSURE, State.FAILED, State.BOUNCED, State.COMPLAINED, State.SUPPRESSED)
"""States in which one asks why."""
NOT_TOLD = (State.FAILED, State.SUPPRESSED, State.BOUNCED, State.COMPLAINED)


@dataclass(frozen=True)
class Books:
    """One dispatch, counted at one instant. `audience` is what was stored when it was planned."""

    audience: int
    planned: int = 0
    sending: int = 0
    accepted: int = 0
    deferred: int = 0
    failed: int = 0
    suppressed: int = 0
    unsure: int = 0
    bounced: int = 0
    complained: int = 0

    @property
    def counted(self) -> int:
        """The sum over all states; the books balance when it is the audience."""
        return sum(int(getattr(self, state)) for state in State)

    @property
    def balanced(self) -> bool:
        """Whether every one of the audience is accounted for."""
        return self.counted == self.audience

    @property
    def settled(self) -> bool:
        """Whether nothing more will be tried by itself: nothing planned, sending or deferred."""
        return not any(getattr(self, state) for state in UNSETTLED)


@dataclass(frozen=True)
class Listed:
    """One delivery, for people. `at` is when its state last moved."""

    address: str
    attempts: int
    reply: str
    at: datetime


@dataclass(frozen=True)
class Reason:
    """Why `number` deliveries are in a state, in words they share."""

    state: State
    words: str
    number: int


@dataclass(frozen=True)
class Progress:
    """How a dispatch is getting on. `rate`: deliveries a second that a relay has just answered.

    `waiting`: how many of those planned are not due yet, because their readers have quiet hours.
    `seconds_left`: until everybody's turn has come, at this rate; None when nothing moves, or when only deliveries are
    left whose time is to come: `next_try` says when. `reasons`: the most frequent ones of each state.
    """

    books: Books
    waiting: int
    paused: bool
    rate: float
    seconds_left: float | None
    next_try: datetime | None
    reasons: list[Reason]

    @property
    def unsettled(self) -> int:
        """How many are still to be told."""
        return sum(int(getattr(self.books, state)) for state in UNSETTLED)

    @property
    def settled(self) -> int:
        """For how many nothing more will be tried by itself."""
        return self.books.audience - self.unsettled

    @property
    def percent(self) -> int:
        """The settled share of the audience, rounded down; all of it when there is nobody to tell."""
        return 100 * self.settled // self.books.audience if self.books.audience else 100


def books(dispatch_id: int) -> Books:
    """The books of one dispatch, from one snapshot. Raises Dispatch.DoesNotExist."""
    return _books_and_moves(dispatch_id, since=clock.now_us())[0]


def progress(dispatch_id: int) -> Progress:
    """The books of one dispatch with its pace and its reasons. Raises Dispatch.DoesNotExist."""
    now = clock.now_us()
    found, moves = _books_and_moves(dispatch_id, since=now - RATE_WINDOW)
    answered = {state: move for state, move in moves.items() if state in ANSWERED}
    rate = _rate(answered, now)
    waiting = _waiting(dispatch_id, now) if found.planned else 0
    turns = found.planned + found.sending - waiting
    waits = (found.deferred or waiting) and turns <= 0
    return Progress(
        books=found,
        waiting=waiting,
        paused=Dispatch.objects.filter(pk=dispatch_id, paused_us__isnull=False).exists(),
        rate=rate,
        seconds_left=turns / rate if turns > 0 and rate else 0.0 if found.settled else None,
        next_try=_next_try(dispatch_id) if waits else None,
        reasons=_reasons(dispatch_id) if any(getattr(found, state) for state in EXPLAINED) else [],
    )


def listing(dispatch_id: int, state: str) -> Iterator[Listed]:
    """The deliveries of a dispatch in one state (`sending` too), in order, a few batches at a time."""
    batches = list(Batch.objects.filter(dispatch_id=dispatch_id).order_by("id").values_list("id", flat=True))
    for start in range(0, len(batches), PAGE_BATCHES):
        page = batches[start : start + PAGE_BATCHES]
        rows = _rows("listing", dispatch=dispatch_id, first=page[0], last=page[-1], state=state)
        for attempts, reply, at_us, address, message in rows:
            yield Listed(address or _staff_address(message), attempts, reply, clock.to_datetime(at_us))


def dispatches_of_post(post_id: int) -> QuerySet[Dispatch]:
    """Every telling of a post, the first one first."""
    return Dispatch.objects.filter(post_id=post_id).order_by("id")


def is_held() -> bool:
    """Whether this database was restored or copied and nobody has let it go on yet: nothing is told by itself."""
    return Epoch.objects.filter(held=True).exists()


def sent_to(subscriber_id: int) -> QuerySet[Delivery]:
    """Everything one subscriber was sent or is to be sent, newest first, each with its dispatch at hand."""
    return Delivery.objects.filter(subscriber_id=subscriber_id).select_related("dispatch").order_by("-id")


def attempts_for(subscriber_id: int) -> QuerySet[Attempt]:
    """Every try that was written down at what one subscriber was sent, each with its dispatch at hand."""
    found = Attempt.objects.filter(delivery__subscriber_id=subscriber_id)
    return found.select_related("delivery__dispatch").order_by("delivery_id", "number")


def editions(dispatch_id: int) -> dict[int, int]:
    """How many readers each edition of a dispatch goes to, by its id; most first."""
    return dict(_rows("editions", dispatch=dispatch_id))


def in_digests(post_id: int) -> dict[int, dict[State, int]]:
    """How many are told of a post by digests: dispatch id -> state -> number. `sending` is not told apart."""
    found: dict[int, dict[State, int]] = {}
    for dispatch, state, number in _rows("in_digests", post=post_id):
        found.setdefault(dispatch, {})[State(state)] = number
    return found


def digests_with(post_id: int) -> QuerySet[Dispatch]:
    """Every digest run that told somebody of a post, the first one first."""
    told = Telling.objects.filter(post_id=post_id).order_by().values("dispatch_id").distinct()
    return Dispatch.objects.filter(kind=Dispatch.Kind.DIGEST, pk__in=told).order_by("id")


def told_addresses(post_id: int, channel: str = Channel.EMAIL, *, withdrawn: bool = False) -> QuerySet[Address, Any]:
    """Who was told of a post, or still will be, and may be written to again.

    `withdrawn`: also those whose telling was cancelled before their turn. Together they are a correction's audience.
    """
    reached = ~Q(state__in=NOT_TOLD)
    if withdrawn:
        reached |= Q(state=State.SUPPRESSED, dispatch__cancelled_us__isnull=False)
    alone = list(dispatches_of_post(post_id).values_list("id", flat=True))
    digests = list(digests_with(post_id).values_list("id", flat=True))
    of_this = Telling.objects.filter(
        post_id=post_id,
        channel=OuterRef("channel"),
        address_hash=OuterRef("address_hash"),
        dispatch_id=OuterRef("dispatch_id"),
    )
    told = Delivery.objects.filter(
        reached,
        Q(dispatch__in=alone) | Exists(of_this),
        dispatch__in=alone + digests,
        channel=OuterRef("channel"),
        address_hash=OuterRef("hash"),
    )
    suppressed = Suppression.objects.filter(channel=OuterRef("channel"), address_hash=OuterRef("hash"))
    return (
        Address.objects.filter(
            Exists(told),
            ~Exists(suppressed),
            channel=channel,
            confirmed_at__isnull=False,
            subscriber__status=Subscriber.Status.ACTIVE,
        )
        .order_by("id")
        .values("id", "subscriber_id", "hash")
    )


def relay_troubles() -> list[RelayStatus]:
    """The relays that did not work when a courier last tried."""
    return [status for status in relay_statuses() if status.trouble]


def relay_statuses() -> list[RelayStatus]:
    """What the couriers last saw of each relay."""
    return list(RelayStatus.objects.order_by("name"))


def paused(*, restored: bool) -> list[Dispatch]:
    """The tellings that a person paused; or those that are held because the database was restored or copied."""
    found = Dispatch.objects.filter(paused_us__isnull=False, cancelled_us__isnull=True).order_by("pk")
    return list(found.filter(pause_reason=RESTORED) if restored else found.exclude(pause_reason=RESTORED))


def capped_until(relay: str, policy: Policy, now: int) -> datetime | None:
    """When a relay has room under its caps again, but for urgent mail; None when it has some now."""
    row = RelayUse.objects.filter(pk=relay).first()
    if row is None:
        return None
    use = quota.Use.from_json(row.first_us, row.last_us, row.spent).at(now)
    again = quota.again_us(use, policy, urgent=False)
    return clock.to_datetime(again) if again > now else None


def _books_and_moves(dispatch_id: int, since: int) -> tuple[Books, dict[str, tuple[int, int]]]:
    """The books, and for each state how many came into it since, with the time of the first of them."""
    numbers: dict[str, int] = {}
    moves: dict[str, tuple[int, int]] = {}
    for leased, state, number, moved, moved_us in _rows("books", dispatch=dispatch_id, since=since):
        numbers[state] = numbers.get(state, 0) + (-number if leased else number)
        if leased:
            numbers["sending"] = numbers.get("sending", 0) + number
        if moved:
            moves[state] = moved, moved_us
    if "audience" not in numbers:
        raise Dispatch.DoesNotExist(f"There is no dispatch {dispatch_id}.")
    return Books(**numbers), moves


def _rate(moves: dict[str, tuple[int, int]], now: int) -> float:
    """Moves a second. A dispatch that began within the window is measured from its first move on."""
    if not moves:
        return 0.0
    began = min(first for _, first in moves.values())
    return sum(number for number, _ in moves.values()) * clock.SECOND / max(now - began, clock.SECOND)


def _waiting(dispatch_id: int, now: int) -> int:
    """How many planned deliveries are not due yet."""
    later = Batch.objects.filter(dispatch_id=dispatch_id, due_us__gt=now)
    return int(_rows("waiting_planned", dispatch=dispatch_id, now=now)[0][0]) if later.exists() else 0


def _next_try(dispatch_id: int) -> datetime | None:
    due = Batch.objects.filter(dispatch_id=dispatch_id).aggregate(first=Min("due_us"))["first"]
    return clock.to_datetime(due) if due else None


def _reasons(dispatch_id: int) -> list[Reason]:
    """The most frequent reasons of each state; words that differ only in whose delivery it is are one."""
    found: dict[str, Counter[str]] = {state: Counter() for state in EXPLAINED}
    for state, reply, number in _rows("reasons", dispatch=dispatch_id):
        found[state][gist(reply)] += number
    return [
        Reason(state, words, number) for state in EXPLAINED for words, number in found[state].most_common(MOST_REASONS)
    ]


def _rows(name: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(for_django(name, connection.vendor), parameters)
        return list(cursor.fetchall())


def _staff_address(message: Any) -> str:
    return Message.from_json(message).to_address if message else GONE
