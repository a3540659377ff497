"""Getting work: claims leases lane by lane while relays work, and looks deliveries up shortly before their turn.

Whoever left, was suppressed or whose telling was cancelled since is seen here: it is dropped instead of handed out.
"""

import logging
import time
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from tocsin.courier.channel import CannotCompose, Channel, Composed, Parcel, Recipient
from tocsin.courier.ledger.leases import Lease
from tocsin.courier.ledger.ledger import Ledger
from tocsin.courier.ledger.standing import Standing
from tocsin.courier.message import Message
from tocsin.courier.sending.board import Hold, KnownFault, Piece
from tocsin.courier.sending.clerk import LedgerAway
from tocsin.courier.sending.flow import Flow
from tocsin.courier.sending.station import Station
from tocsin.courier.states import Evidence

COMPOSED_KEPT = 16
KEEPS_SECONDS = 1.0
"""How long a delivery may wait after it was looked up."""
RING_SECONDS = 0.25
"""How soon after a ring it is looked up again, at the earliest: somebody may ring all the time."""
SMALL_SHARE = 200
"""How many rows to hold at most while couriers of other hosts are about: if we die, they cannot read our journal."""

Lot = tuple[Hold, list[int]]
"""Deliveries to be looked up, of one lease."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """An edition, composed once. `to_address` is set for staff mail."""

    edition: Composed | CannotCompose
    to_address: str


class Faulty:
    """Stands for an edition that met a fault of ours: whoever addresses it meets that fault, and sets its row aside."""

    def __init__(self, error: Exception) -> None:
        self._words = f"{type(error).__name__}: {error}"

    def address(self, recipient: Recipient) -> Parcel:  # noqa: ARG002 - as `channel.Composed` has it
        """Raises KnownFault."""
        raise KnownFault(self._words)


class Fetcher:
    """Keeps the board filled with about as much as can be sent soon."""

    def __init__(self, station: Station, channel: Channel, flow: Flow) -> None:
        self._station = station
        self._board = station.board
        self._channel = channel
        self._flow = flow
        self._prepared: OrderedDict[int, Prepared] = OrderedDict()
        self._strays = False
        self._rang = False
        self._looked_at = float("-inf")

    def ring(self) -> None:
        """Something changed in the ledger."""
        self._rang = True

    async def fetch(self, served: Sequence[tuple[int, ...]], least: int) -> bool:
        """Claim and look up what can be sent soon, at least for `least` sessions. Whether anything came.

        `served`: the lanes of each relay that works. Raises LedgerAway.
        """
        now = time.monotonic()
        self._flow.see(self._board.taken, now)
        await self._look_around(now)
        claimed = await self._claim(served, least)
        return await self._look_up(served, max(self._flow.to_look_up, least)) or claimed

    # Claiming

    async def _claim(self, served: Sequence[tuple[int, ...]], least: int) -> bool:
        """Claim what is missing, the best lane first. Whether there was anything."""
        await self._release_strays()
        membership, claimed = self._station.membership, 0
        most = max(self._flow.to_claim // (1 + membership.company), least)
        few = most // 2
        if not membership.alone_here:
            most, few = min(most, SMALL_SHARE), 0
        wanted = [lane for lane in _all(served) if self._board.waiting((lane,)) <= few]
        if not wanted or self._station.outbox.full:
            return False
        now_us = self._station.almanac.now_us()
        claimable = await self._station.clerk.do(Ledger.claimable, membership.id, wanted, now_us)
        self._board.behind = self._board.behind.difference(wanted).union(claimable)
        for lane in sorted(claimable):
            waiting = self._board.waiting((lane,))
            if waiting <= few and self._may_come_next(lane, served, most) and not self._station.outbox.full:
                claimed += await self._claim_in(lane, most - waiting)
        return claimed > 0

    def _may_come_next(self, lane: int, served: Sequence[tuple[int, ...]], most: int) -> bool:
        """Whether some relay has not enough to do in better lanes."""
        better = [[each for each in lanes if each < lane] for lanes in served if lane in lanes]
        return any(self._board.waiting(lanes) <= most // 2 for lanes in better)

    async def _claim_in(self, lane: int, rows: int) -> int:
        def claim(ledger: Ledger, courier: str, now: int) -> list[tuple[Lease, list[int]]]:
            leases = ledger.claim(courier, lane, now, rows)
            return list(zip(leases, ledger.due_of(leases), strict=True)) if leases else []

        self._strays = True
        leases = await self._station.clerk.do(claim, self._station.membership.id, self._station.almanac.now_us())
        self._strays = False
        for lease, deliveries in leases:
            self._board.add(lease, deliveries)
        return sum(len(deliveries) for _, deliveries in leases)

    async def _release_strays(self) -> None:
        """The answer to a claim may have been lost on the way."""
        if self._strays:
            held = self._board.tokens | self._station.outbox.tokens
            await self._station.clerk.do(Ledger.release_strays, self._station.membership.id, held)
            self._strays = False

    # Looking up

    async def _look_around(self, now: float) -> None:
        """After a ring, and once in a while anyway: what is ready is looked at anew, and what is stopped is given back."""
        since = now - self._looked_at
        if since < (RING_SECONDS if self._rang else KEEPS_SECONDS):
            return
        rang, self._rang, self._looked_at = self._rang, False, now
        if rang:
            self._board.expire()
        if dispatches := self._board.dispatches:
            self._board.close(await self._station.clerk.do(Ledger.stopped, dispatches))

    async def _look_up(self, served: Sequence[tuple[int, ...]], number: int) -> bool:
        """Have `number` deliveries of each lane ready whose turn comes soon. Whether any were looked up."""
        self._board.expect(number // 2)
        looked_up = False
        for lane in _all(served):
            missing = number - self._board.ready((lane,))
            if missing >= number // 2 and self._may_come_next(lane, served, number):
                lots = self._board.to_look_up(missing, lane)
                await self._look_at(lots)
                looked_up = looked_up or bool(lots)
        return looked_up

    async def _look_at(self, lots: Sequence[Lot]) -> None:
        """Look up lots of one lane, those of a dispatch at once."""
        waiting = deque(lots)
        try:
            for _, group in groupby(lots, lambda lot: lot[0].lease.dispatch):
                together = list(group)
                ids = [delivery for _, some in together for delivery in some]
                standings = await self._station.clerk.do(Ledger.standings, together[0][0].lease, ids)
                editions = {
                    edition: await self._prepared_of(edition) for edition in {each.edition for each in standings}
                }
                found = {standing.delivery: standing for standing in standings}
                for hold, some in together:
                    pieces = self._pieces(hold, [found[delivery] for delivery in some if delivery in found], editions)
                    waiting.popleft()
                    self._board.stock(hold, pieces, len(some))
                self._station.wake()
        finally:
            for hold, some in reversed(waiting):
                self._board.not_looked_up(hold, some)

    def _pieces(self, hold: Hold, standings: Sequence[Standing], editions: Mapping[int, Prepared]) -> list[Piece]:
        """Those that are to be sent; the others are dropped."""
        now, best_before, pieces = self._station.almanac.now_us(), time.monotonic() + KEEPS_SECONDS, []
        for standing in standings:
            if not standing.open:
                continue  # it was settled between the claim and now
            if why := standing.drop(now):
                self._station.drop(hold.lease, standing.delivery, *why)
                continue
            prepared = editions[standing.edition]
            if isinstance(prepared.edition, CannotCompose):
                words = f"It cannot be composed: {prepared.edition}"
                self._station.drop(hold.lease, standing.delivery, Evidence.UNSENDABLE, words)
                continue
            address = prepared.to_address if standing.for_staff else standing.address
            pieces.append(Piece(hold, standing, prepared.edition, address, best_before))
        return pieces

    async def _prepared_of(self, edition: int) -> Prepared:
        return self._prepared.get(edition) or await self._prepare(edition)

    async def _prepare(self, edition: int) -> Prepared:
        """An edition, composed once while it is in use. A fault of ours in it must not hold up what is behind it."""
        try:
            message = await self._station.clerk.do(Ledger.edition, edition)
            prepared = self._compose(edition, message)
        except LedgerAway:
            raise
        except Exception as error:
            logger.exception("edition %s met a fault of ours; its deliveries are tried again later", edition)
            prepared = Prepared(Faulty(error), "")
        self._prepared[edition] = prepared
        if len(self._prepared) > COMPOSED_KEPT:
            self._prepared.popitem(last=False)
        return prepared

    def _compose(self, edition: int, message: Message) -> Prepared:
        try:
            return Prepared(self._channel.compose(edition, message), message.to_address)
        except CannotCompose as error:
            return Prepared(error, message.to_address)


def _all(served: Sequence[tuple[int, ...]]) -> list[int]:
    """All lanes that some relay serves, the best first."""
    return sorted({lane for lanes in served for lane in lanes})
