"""What the courier asks of a channel, and what a channel answers. Plain data and protocols; no I/O here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from tocsin.courier.message import Message


@dataclass(frozen=True)
class Recipient:
    """Whom one delivery goes to. `started_us` is when its first attempt began: it becomes the Date, also on a resend."""

    delivery_id: int
    address: str
    name: str
    public_id: UUID | None
    started_us: int


@dataclass(frozen=True)
class Parcel:
    """One finished message with its envelope. `return_path` and `recipient` are bare addresses."""

    delivery_id: int
    return_path: str
    recipient: str
    body: bytes


class Fate(StrEnum):
    """What became of a parcel."""

    TAKEN = "taken"  # 250 after the body
    REFUSED_NOW = "refused now"  # 4xx to this recipient or this message
    REFUSED = "refused"  # 5xx to this recipient or this message
    RELAY = "relay"  # the relay's own trouble: provably not handed over
    LOST = "lost"  # the connection died where it may have been taken
    STOPPED = "stopped"  # `may_start` said no: provably not handed over


@dataclass(frozen=True)
class Outcome:
    """What became of one parcel. `reply` is the relay's own words, e.g. `550 5.1.1 no such user`."""

    fate: Fate
    reply: str
    phase: str = ""


MayStart = Callable[[], Awaitable[bool]]
"""Awaited right before the first byte that could complete a message leaves. It commits the intent to the ledger;
False means the lease is gone and the body must not be sent."""


class Session(Protocol):
    """One open connection to a relay; takes one parcel at a time."""

    async def hand_over(self, parcel: Parcel, may_start: MayStart) -> Outcome:
        """Try to hand `parcel` over. Never raises for what a relay or network does; the Outcome tells."""

    @property
    def usable(self) -> bool:
        """Whether another parcel may be handed over on this connection."""

    async def close(self) -> None:
        """Say goodbye (QUIT) and close; quick, and never raises."""


class Composed(Protocol):
    """One edition, ready to be addressed."""

    def address(self, recipient: Recipient) -> Parcel:
        """The finished message for one recipient: same recipient, same bytes. Raises CannotCompose."""


class CannotCompose(Exception):  # noqa: N818
    """No message can be made of this edition for this recipient. The message says why."""


class RelayTrouble(Exception):  # noqa: N818
    """The relay cannot be used now: connection, greeting, EHLO, TLS or AUTH failed. The message has its own words."""


class Relay(Protocol):
    """One configured relay."""

    name: str
    connections: int
    lanes: frozenset[int] | None

    async def connect(self) -> Session:
        """Open a session. Raises RelayTrouble."""


class Channel(Protocol):
    """A way to tell."""

    name: str
    relays: tuple[Relay, ...]

    def compose(self, edition_id: int, message: Message) -> Composed:
        """Prepare an edition once. Raises CannotCompose."""
