"""The leases this courier holds, and what of them is still to be handed to a session. Pure; best lane first.

A lease begins as a list of ids. Shortly before their turn ids are looked up in the ledger and become *pieces*, which
keep for a moment: what was not taken by then is an id again, to be looked at anew. So it is seen who left meanwhile.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from tocsin.courier.channel import Composed
from tocsin.courier.lanes import Lane
from tocsin.courier.ledger.leases import Lease
from tocsin.courier.ledger.standing import Standing


@dataclass(slots=True, eq=False)
class Hold:
    """A lease that is held: `ids` to be looked up, how many are being `looked` up, are `ready`, are `out` with a session.

    `closed`: nothing more of it is handed out. `tried`: the relays that can never take a delivery, by delivery.
    """

    lease: Lease
    ids: deque[int]
    looked: int = 0
    ready: int = 0
    out: int = 0
    closed: bool = False
    tried: dict[int, frozenset[str]] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        """How many deliveries wait for a session."""
        return len(self.ids) + self.looked + self.ready


class KnownFault(Exception):  # noqa: N818
    """A piece cannot be addressed for a fault of ours that was told already."""


@dataclass(slots=True, eq=False)
class Piece:
    """One delivery, looked up and ready to be addressed until `best_before` (seconds, monotonic)."""

    hold: Hold
    standing: Standing
    edition: Composed
    address: str
    best_before: float


@dataclass(slots=True)
class _Shelf:
    """What waits in one lane. `unready`: how many are to be looked up, or are being looked up."""

    holds: deque[Hold] = field(default_factory=deque)
    ready: deque[Piece] = field(default_factory=deque)
    unready: int = 0


class Board:
    """Work is taken from it one piece at a time, so a better lane overtakes between any two messages.

    `hungry` is called, once until `expect`, when few pieces of a lane are ready. `taken` counts for ever. `behind`: the lanes
    of which the ledger had more when it was asked last; worse lanes wait until that is here.
    """

    def __init__(self, hungry: Callable[[], None] = lambda: None) -> None:
        self._low = 1
        self.taken = 0
        self.behind: set[int] = set()
        self._hungry = hungry
        self._asked = False
        self._holds: dict[int, Hold] = {}
        self._shelves = {int(lane): _Shelf() for lane in Lane}

    @property
    def tokens(self) -> set[int]:
        """The tokens of the leases that are held."""
        return set(self._holds)

    @property
    def dispatches(self) -> set[int]:
        """The dispatches of which something is held."""
        return {hold.lease.dispatch for hold in self._holds.values()}

    def waiting(self, lanes: Iterable[int]) -> int:
        """How many deliveries of `lanes` wait for a session."""
        return sum(self._shelves[lane].unready + len(self._shelves[lane].ready) for lane in lanes)

    def ready(self, lanes: Iterable[int]) -> int:
        """How many of them are looked up."""
        return sum(len(self._shelves[lane].ready) for lane in lanes)

    def add(self, lease: Lease, deliveries: Iterable[int]) -> None:
        """Take up a lease."""
        hold = self._holds[lease.token] = Hold(lease, deque(deliveries))
        shelf = self._shelves[lease.lane]
        shelf.holds.append(hold)
        shelf.unready += len(hold.ids)

    # Looking up

    def expect(self, low: int) -> None:
        """Call when fewer than `low` pieces of a lane are ready."""
        self._low, self._asked = low, False

    def to_look_up(self, most: int, lane: int) -> list[tuple[Hold, list[int]]]:
        """The next ids of a lane, by lease. Each lot comes back with `stock` or `not_looked_up`."""
        holds, lots = self._shelves[lane].holds, []
        while holds and most > 0:
            hold = holds[0]
            if not hold.ids:
                holds.popleft()
                continue
            ids = [hold.ids.popleft() for _ in range(min(most, len(hold.ids)))]
            hold.looked += len(ids)
            most -= len(ids)
            lots.append((hold, ids))
        return lots

    def stock(self, hold: Hold, pieces: Sequence[Piece], of: int) -> None:
        """Lay out what came of looking up so many of a lease. Those that are not among the pieces need nothing more."""
        if not hold.closed:
            shelf = self._shelves[hold.lease.lane]
            hold.looked -= of
            shelf.unready -= of
            hold.ready += len(pieces)
            shelf.ready.extend(pieces)

    def not_looked_up(self, hold: Hold, ids: Sequence[int]) -> None:
        """These are to be looked up again, next."""
        if not hold.closed:
            hold.looked -= len(ids)
            self._unready(hold, ids)

    def expire(self) -> None:
        """Everything that is ready is to be looked at anew."""
        for shelf in self._shelves.values():
            while shelf.ready:
                piece = shelf.ready.pop()
                piece.hold.ready -= 1
                shelf.unready += 1
                self._unready(piece.hold, (piece.standing.delivery,))

    def _unready(self, hold: Hold, ids: Sequence[int]) -> None:
        holds = self._shelves[hold.lease.lane].holds
        hold.ids.extendleft(reversed(ids))
        if not holds or holds[0] is not hold:
            holds.appendleft(hold)

    # Handing out

    def best(self, lanes: Iterable[int]) -> int | None:
        """The best of `lanes` in which something waits, here or in the ledger."""
        shelves, behind = self._shelves, self.behind
        for lane in lanes:
            shelf = shelves[lane]
            if shelf.ready or shelf.unready or lane in behind:
                return lane
        return None

    def take(self, lane: int, now: float) -> Piece | None:
        """The next piece of a lane, which is out until it is finished or put back; None while it is being looked up."""
        shelf = self._shelves[lane]
        ready = shelf.ready
        if not ready:
            self._hunger()
            return None
        piece = ready[0]
        if piece.best_before < now:
            self.expire()
            self._hunger()
            return None
        ready.popleft()
        hold = piece.hold
        hold.ready -= 1
        hold.out += 1
        self.taken += 1
        if len(ready) < self._low:
            self._hunger()
        return piece

    def _hunger(self) -> None:
        if not self._asked:
            self._asked = True
            self._hungry()

    def put_back(self, piece: Piece, now: float = 0.0) -> None:
        """It was not tried: it is the next of its lane again, to be looked up anew when it is too old by now."""
        hold, shelf = piece.hold, self._shelves[piece.hold.lease.lane]
        hold.out -= 1
        if hold.closed:
            return
        if piece.best_before < now:
            shelf.unready += 1
            self._unready(hold, (piece.standing.delivery,))
        else:
            hold.ready += 1
            shelf.ready.appendleft(piece)

    def finish(self, piece: Piece) -> bool:
        """Nothing more is to be done about it under this lease. Whether that was the last of it."""
        hold = piece.hold
        hold.out -= 1
        return not hold.out and not hold.ids and not hold.waiting

    # Giving back

    def close(self, dispatches: Collection[int]) -> None:
        """Hand out nothing more of these dispatches."""
        for hold in self._holds.values():
            if hold.lease.dispatch in dispatches:
                self._close(hold)

    def pop_finished(self, served: Collection[int]) -> list[Lease]:
        """The leases to be released: nothing of them is out, and nothing waits or nobody serves their lane."""
        finished = [
            hold
            for hold in self._holds.values()
            if not hold.out and (not hold.waiting or hold.lease.lane not in served)
        ]
        for hold in finished:
            self._close(hold)
            del self._holds[hold.lease.token]
        return [hold.lease for hold in finished]

    def clear(self) -> None:
        """Forget everything: the leases are not ours any more."""
        for hold in self._holds.values():
            self._close(hold)
        self._holds.clear()
        self.behind.clear()

    def _close(self, hold: Hold) -> None:
        if hold.closed:
            return
        shelf = self._shelves[hold.lease.lane]
        shelf.unready -= len(hold.ids) + hold.looked
        if hold.ready:
            shelf.ready = deque(piece for piece in shelf.ready if piece.hold is not hold)
        hold.ids.clear()
        hold.looked = hold.ready = 0
        hold.closed = True
