"""What the courier asks of a channel, and what a channel answers. Plain data and protocols; no I/O here."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from tocsin.courier.message import Message


class Recipient(NamedTuple):
    """Whom one delivery goes to. `public_id`: a subscriber's, 16 octets. `started_us` is when its first attempt began: it
    becomes the Date, also on a resend.
    """

    delivery_id: int
    address: str
    name: str
    public_id: bytes | None
    started_us: int


class Parcel(NamedTuple):
    """One finished message with its envelope. `return_path` and `recipient` are bare addresses. `proven`: the body is known
    to be in a form that every relay reads the same.
    """

    delivery_id: int
    return_path: str
    recipient: str
    body: bytes
    proven: bool = False


class Fate(StrEnum):
    """What became of a parcel."""

    TAKEN = "taken"  # 250 after the body
    REFUSED_NOW = "refused now"  # 4xx to this recipient or this message
    REFUSED = "refused"  # 5xx to this recipient or this message
    RELAY = "relay"  # the relay's own trouble: provably not handed over
    LOST = "lost"  # the connection died where it may have been taken
    RETURNED = "returned"  # provably not handed over, and no one's fault


class Outcome(NamedTuple):
    """What became of one parcel. `reply` is the relay's own words, e.g. `550 5.1.1 no such user`."""

    fate: Fate
    reply: str
    phase: str = ""


class Crew(Protocol):
    """What a pipelining session asks of the courier. Called on the event loop; nothing here waits, nothing raises."""

    def next_parcel(self) -> Parcel | None:
        """The next parcel for this session; None when there is none now (the session is woken when there may be)."""

    def may_start(self, parcels: Sequence[Parcel]) -> bool:
        """Right before the first byte that could complete one of these messages leaves: writes down the intents of the
        whole flight. False: the lease is gone or the intents could not be written, and the flight must not leave.
        """

    def came_back(self, parcel: Parcel, outcome: Outcome) -> None:
        """What became of a parcel: exactly once for each one that was given out, in the order of the evidence."""

    def ended(self, words: str) -> None:
        """The session is over, after every parcel came back. `words`: why, empty when we ended it."""


@dataclass(frozen=True)
class Policy:
    """How a relay may be used; what an operator wrote behind its URL. None: no limit.

    `connections` at a time, of which one is kept for the transactional and alert lanes when there are two or more.
    `lanes`: those it serves, None for all. `weight`: its share among relays that work; 0 is a standby, used when no other
    works. `per_second`, `per_hour`, `per_day`: messages. `per_connection`: messages before a connection is renewed.
    `window`: most messages in one flight, where the relay offers CHUNKING. `ramp`: messages on its first day; every day
    allows half as many more, until `per_day` or for ever. `per_destination`: most connections' worth of messages on the
    way to one operator of mail servers at a time, for relays that pass the remote server's replies through.
    """

    connections: int = 4
    lanes: frozenset[int] | None = None
    weight: int = 1
    per_second: float | None = None
    per_hour: int | None = None
    per_day: int | None = None
    per_connection: int | None = None
    window: int = 32
    ramp: int | None = None
    per_destination: int | None = None


class Session(Protocol):
    """One open connection to a relay. It asks its crew for parcels and hands them over, several at a time if it can.

    `takes_many`: whole messages can be sent without waiting for an answer in between (CHUNKING).
    """

    takes_many: bool

    def wake(self) -> None:
        """There may be parcels (again)."""

    async def close(self) -> None:
        """Ask for no more, finish what is in flight, say goodbye. Never raises; cancelled, it aborts."""

    def abort(self) -> None:
        """Close at once: what is in flight comes back as LOST, or RETURNED if nothing of its body left."""


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
    policy: Policy

    async def connect(self, crew: Crew) -> Session:
        """Open a session for a crew. Raises RelayTrouble."""


class Channel(Protocol):
    """A way to tell."""

    name: str
    relays: tuple[Relay, ...]

    def compose(self, edition_id: int, message: Message) -> Composed:
        """Prepare an edition once. Raises CannotCompose."""
