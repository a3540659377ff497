"""A relay that is only Python: what the courier sees of a channel, without a wire."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tocsin.courier.channel import Crew, Fate, Outcome, Parcel, Policy, Recipient, RelayTrouble

Answer = Callable[[Parcel], Outcome | None]
TAKEN = Outcome(Fate.TAKEN, "250 2.0.0 taken", "body")


@dataclass(eq=False)
class StandinSession:
    """Takes what the crew gives in flights of what it gives, and answers one by one as the relay says."""

    relay: "StandinRelay"
    crew: Crew
    takes_many: bool = True
    flight: list[Parcel] = field(default_factory=list)
    flying: bool = False
    over: bool = False

    def wake(self) -> None:
        if not self.over and not self.flying:
            self._ask()

    def _ask(self) -> None:
        while parcel := self.crew.next_parcel():
            self.flight.append(parcel)
            if not self.takes_many:
                break
        self.flying = bool(self.flight)
        if self.flying and not self.relay.hangs:
            asyncio.get_running_loop().call_soon(self._fly)

    def _fly(self) -> None:
        flight, self.flight, self.flying = self.flight, [], False
        if self.over:
            self._back(flight, Outcome(Fate.RETURNED, "closed"))
        elif not self.crew.may_start(flight):
            self._back(flight, Outcome(Fate.RETURNED, "may not start"))
            self._end("")
        else:
            self._hand_over(flight)

    def _hand_over(self, flight: list[Parcel]) -> None:
        self.relay.flights.append(len(flight))
        for place, parcel in enumerate(flight):
            outcome = self.relay.answer(parcel) or TAKEN
            if outcome.fate is Fate.TAKEN:
                self.relay.taken.append(parcel)
            self.crew.came_back(parcel, outcome)
            if outcome.fate in {Fate.RELAY, Fate.LOST}:
                self._back(flight[place + 1 :], Outcome(Fate.RETURNED, "behind"))
                self._end(outcome.reply)
                return
        if not self.over:
            self._ask()

    def _back(self, flight: Sequence[Parcel], outcome: Outcome) -> None:
        for parcel in flight:
            self.crew.came_back(parcel, outcome)

    def _end(self, words: str) -> None:
        if not self.over:
            self.over = True
            self.crew.ended(words)

    async def close(self) -> None:
        while self.flying and not self.relay.hangs:  # noqa: ASYNC110 - it flies with the loop's next turn
            await asyncio.sleep(0)
        self._end("")

    def abort(self) -> None:
        self._end("aborted")


class StandinRelay:
    """Answers as `answer` says, or takes everything."""

    def __init__(self, answer: Answer = lambda parcel: None, name: str = "relay:25", **policy: object) -> None:
        self.name = name
        self.policy = Policy(**policy)  # type: ignore[arg-type]
        self.answer = answer
        self.trouble = ""
        self.takes_many = True
        self.hangs = False  # it never answers
        self.taken: list[Parcel] = []
        self.flights: list[int] = []
        self.sessions: list[StandinSession] = []

    async def connect(self, crew: Crew) -> StandinSession:
        if self.trouble:
            raise RelayTrouble(self.trouble)
        session = StandinSession(self, crew, self.takes_many)
        self.sessions.append(session)
        return session


class StandinEdition:
    """A message that is nearly nothing."""

    def address(self, recipient: Recipient) -> Parcel:
        return Parcel(recipient.delivery_id, "news@example.org", recipient.address, b"%d" % recipient.started_us)
