"""A crew that gives out what a test says and keeps what comes back; and the three ways a relay can be offered."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.channels.email.faulty import FaultyRelay
from tocsin.channels.email.patience import Patience
from tocsin.channels.email.relay import parse
from tocsin.channels.email.session import SmtpSession
from tocsin.channels.email.wire import SmtpRelay
from tocsin.courier.channel import Fate, Outcome, Parcel

PIPELINING = ("PIPELINING",)
CHUNKING = ("PIPELINING", "CHUNKING")
PARCEL = Parcel(0, "news@example.org", "reader@example.net", b"Subject: Hello\r\n\r\nDear reader\r\n")
IMPATIENT = Patience(
    connect=2, greeting=0.2, hello=0.2, tls=2, auth=0.2, mail=0.2, rcpt=0.2, data=0.2, block=0.2, body=0.2, reset=0.2
)

WAYS = {"lockstep": (), "pipelined": PIPELINING, "chunked": CHUNKING}


@dataclass
class TrustingCrew:
    """Gives out `parcels` one by one, at most `window` in flight. `leave`: what `may_start` says.

    Checks the contract as it goes: nothing comes back twice, nothing after the end, and nothing starts without leave.
    """

    parcels: list[Parcel]
    leave: Callable[[Sequence[Parcel]], bool] = lambda _: True
    window: int = 32
    given: list[Parcel] = field(default_factory=list)
    flights: list[list[int]] = field(default_factory=list)
    came: list[tuple[int, Outcome]] = field(default_factory=list)
    words: str | None = None

    def __post_init__(self) -> None:
        self._news = asyncio.Event()

    def next_parcel(self) -> Parcel | None:
        if not self.parcels or self.in_flight >= self.window:
            return None
        self.given.append(self.parcels.pop(0))
        return self.given[-1]

    def may_start(self, parcels: Sequence[Parcel]) -> bool:
        assert parcels
        assert self.words is None
        self.flights.append([parcel.delivery_id for parcel in parcels])
        return self.leave(parcels)

    def came_back(self, parcel: Parcel, outcome: Outcome) -> None:
        assert self.words is None
        assert parcel in self.given
        assert parcel.delivery_id not in dict(self.came), "came back twice"
        if outcome.fate is Fate.TAKEN:
            assert any(parcel.delivery_id in flight for flight in self.flights), "taken without leave"
        self.came.append((parcel.delivery_id, outcome))
        self._news.set()

    def ended(self, words: str) -> None:
        assert self.words is None, "ended twice"
        assert not self.in_flight
        self.words = words
        self._news.set()

    @property
    def in_flight(self) -> int:
        return len(self.given) - len(self.came)

    @property
    def outcomes(self) -> list[Outcome]:
        """In the order of the parcels."""
        return [outcome for _, outcome in sorted(self.came, key=lambda pair: pair[0])]

    @property
    def fates(self) -> list[Fate]:
        return [outcome.fate for outcome in self.outcomes]

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def until_idle(self) -> None:
        """Everything came back, or the session is over."""
        await self.until(lambda: self.words is not None or not (self.parcels or self.in_flight))


def relay_at(faulty: FaultyRelay, patience: Patience | None = None) -> SmtpRelay:
    return SmtpRelay(parse(faulty.url), "news.example.org", patience)


async def work(faulty: FaultyRelay, crew: TrustingCrew, patience: Patience | None = None) -> SmtpSession:
    """Let a session hand over what the crew has; it is open still, unless something ended it."""
    session = await relay_at(faulty, patience).connect(crew)
    session.wake()
    await crew.until_idle()
    return session
