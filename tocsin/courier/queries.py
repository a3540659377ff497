"""What can be asked of the ledger, on Django's side. Nothing here writes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from tocsin.audience.models import Address, Channel, Subscriber, Suppression
from tocsin.courier.ledger.statements import for_django
from tocsin.courier.message import Message
from tocsin.courier.models import Delivery, Dispatch, RelayStatus
from tocsin.courier.states import UNSETTLED, State
from tocsin.lib import clock

GONE = "(deleted)"
PAGE_BATCHES = 50
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


def books(dispatch_id: int) -> Books:
    """The books of one dispatch, from one snapshot. Raises Dispatch.DoesNotExist."""
    numbers: dict[str, int] = {}
    for leased, state, number in _rows("books", dispatch=dispatch_id):
        numbers[state] = numbers.get(state, 0) + (-number if leased else number)
        if leased:
            numbers["sending"] = numbers.get("sending", 0) + number
    if "audience" not in numbers:
        raise Dispatch.DoesNotExist(f"There is no dispatch {dispatch_id}.")
    return Books(**numbers)


def listing(dispatch_id: int, state: str) -> Iterator[Listed]:
    """The deliveries of a dispatch in one state (`sending` too), in order, a few batches at a time."""
    after = 0
    while page := _rows("listing", dispatch=dispatch_id, after=after, page=PAGE_BATCHES):
        for batch, attempts, reply, at_us, address, message, shown in page:
            after = batch
            if shown == state:
                yield Listed(address or _staff_address(message), attempts, reply, clock.to_datetime(at_us))


def dispatches_of_post(post_id: int) -> QuerySet[Dispatch]:
    """Every telling of a post, the first one first."""
    return Dispatch.objects.filter(post_id=post_id).order_by("id")


def told_addresses(post_id: int, channel: str = Channel.EMAIL, *, withdrawn: bool = False) -> QuerySet[Address, Any]:
    """Who was told of a post, or still will be, and may be written to again.

    `withdrawn`: also those whose telling was cancelled before their turn. Together they are a correction's audience.
    """
    reached = ~Q(state__in=NOT_TOLD)
    if withdrawn:
        reached |= Q(state=State.SUPPRESSED, dispatch__cancelled_us__isnull=False)
    dispatches = list(dispatches_of_post(post_id).values_list("id", flat=True))
    told = Delivery.objects.filter(
        reached, dispatch__in=dispatches, channel=OuterRef("channel"), address_hash=OuterRef("hash")
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


def relay_statuses() -> list[RelayStatus]:
    """What the couriers last saw of each relay."""
    return list(RelayStatus.objects.order_by("name"))


def _rows(name: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(for_django(name), parameters)
        return list(cursor.fetchall())


def _staff_address(message: Any) -> str:
    return Message.from_json(message).to_address if message else GONE
