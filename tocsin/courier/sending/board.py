"""The leases this courier holds, and what of them is still to be handed to a connection. Pure; best lane first."""

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from tocsin.courier.ledger.ledger import Lease


@dataclass(frozen=True)
class Job:
    """One delivery under a lease."""

    lease: Lease
    delivery: int


@dataclass
class _Hold:
    lease: Lease
    waiting: deque[int]
    out: set[int] = field(default_factory=set)
    resting: deque[int] = field(default_factory=deque)


class Board:
    """Work is taken from it one delivery at a time, so a better lane overtakes between any two messages."""

    def __init__(self) -> None:
        self._holds: dict[int, _Hold] = {}

    @property
    def tokens(self) -> set[int]:
        """The tokens of the leases that are held."""
        return set(self._holds)

    def add(self, lease: Lease, deliveries: Iterable[int]) -> None:
        """Take up a lease."""
        self._holds[lease.token] = _Hold(lease, deque(deliveries))

    def take(self, lanes: Collection[int]) -> Job | None:
        """The next delivery in one of `lanes`; it is out until it is finished or put back."""
        holds = [hold for hold in self._holds.values() if hold.waiting and hold.lease.lane in lanes]
        if not holds:
            return None
        hold = min(holds, key=lambda hold: hold.lease.lane)
        delivery = hold.waiting.popleft()
        hold.out.add(delivery)
        return Job(hold.lease, delivery)

    def put_back(self, job: Job) -> None:
        """It was not tried: it is the next of its lease again."""
        hold = self._holds.get(job.lease.token)
        if hold and job.delivery in hold.out:
            hold.out.discard(job.delivery)
            hold.waiting.appendleft(job.delivery)

    def finish(self, job: Job) -> None:
        """Nothing more is to be done about it under this lease."""
        if hold := self._holds.get(job.lease.token):
            hold.out.discard(job.delivery)

    def waiting(self, lanes: Collection[int]) -> int:
        """How many deliveries of `lanes` wait for a connection."""
        return sum(len(hold.waiting) for hold in self._holds.values() if hold.lease.lane in lanes)

    def serve(self, lanes: Collection[int]) -> bool:
        """Let only what is in `lanes` wait, the rest rests: as long as something of its lease is out, for then nobody
        else can have it. Whether anything that rested waits again.
        """
        woken = False
        for hold in self._holds.values():
            served = hold.lease.lane in lanes
            woken = woken or (served and bool(hold.resting))
            source, target = (hold.resting, hold.waiting) if served else (hold.waiting, hold.resting)
            target.extend(source)
            source.clear()
        return woken

    def pop_finished(self) -> list[Lease]:
        """The leases under which nothing waits and nothing is out. They are not held any more: release them."""
        finished = [hold.lease for hold in self._holds.values() if not hold.waiting and not hold.out]
        for lease in finished:
            del self._holds[lease.token]
        return finished

    def clear(self) -> None:
        """Forget everything: the leases are not ours any more."""
        self._holds.clear()
