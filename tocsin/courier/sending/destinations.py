"""How many messages may be on their way to one operator of mail servers. Pure; the clock is the caller's, in seconds.

For relays that pass the remote server's replies through. An operator that asks us to slow down gets half as many at a
time, then one at a time with ever longer gaps; as long as it takes what it is given, the way back is slow.
"""

import re
from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

SHORTEST_GAP = 1.0
LONGEST_GAP = 300.0
PROOF = 20
"""So many messages taken in a row, for each that may be on its way, allow one more or halve the gap."""
MOST_KEPT = 10_000

Item = TypeVar("Item")

_FOR_NOW = re.compile(r"4\d\d[ -]")
_SLOW_DOWN = re.compile(
    r"^421|4\.7\.28|4\.3\.2\b|throttl|rate.?limit|too (many|much|fast)|slow down|limit exceeded|exceeded.*(limit|quota of)"
    r"|temporarily (deferred|blocked|rate)|unusual rate|try again later.*(volume|rate)|concurren",
    re.IGNORECASE,
)
_OF_A_MAILBOX = re.compile(r"4\.2\.[12]|mailbox.*full|over ?quota|user.*quota", re.IGNORECASE)


def asks_to_slow_down(reply: str) -> bool:
    """Whether a refusal for now is about how much or how fast we send (and not about one full mailbox)."""
    return bool(_FOR_NOW.match(reply) and _SLOW_DOWN.search(reply) and not _OF_A_MAILBOX.search(reply))


@dataclass
class _Operator:
    limit: int
    on_the_way: int = 0
    gap: float = 0.0
    next: float = float("-inf")
    taken: int = 0  # in a row
    stale: int = 0  # replies that are still to come to what left before the last change


class Destinations:
    """The operators that one relay leads to; at first each may have `most` messages on their way."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._operators: dict[str, _Operator] = {}

    def wait(self, operator: str, now: float) -> float:
        """Seconds until a message may leave; 0 when it may now; infinite when something must come back first."""
        found = self._operators.get(operator)
        if found is None:
            return 0.0
        return float("inf") if found.on_the_way >= found.limit else max(0.0, found.next - now)

    def take(self, operator: str, now: float) -> None:
        """A message leaves. To be called when there is nothing to wait for."""
        if operator not in self._operators and len(self._operators) >= MOST_KEPT:
            self._forget()
        found = self._operators.setdefault(operator, _Operator(self._most))
        found.on_the_way += 1
        found.next = now + found.gap

    def back(self, operator: str, now: float, reply: str) -> None:
        """What became of a message is known. `reply`: the words, empty when there were none."""
        found = self._operators[operator]
        found.on_the_way -= 1
        stale, found.stale = found.stale > 0, max(0, found.stale - 1)
        if asks_to_slow_down(reply):
            found.taken = 0
            if not stale:
                self._slow_down(found, now)
        elif reply.startswith("2"):
            found.taken += 1
            if found.taken >= PROOF * found.limit:
                self._speed_up(found, now)
        if not found.on_the_way and found.limit == self._most and not found.gap:
            del self._operators[operator]

    def _slow_down(self, found: _Operator, now: float) -> None:
        if found.limit == 1:
            found.gap = min(max(SHORTEST_GAP, found.gap * 2), LONGEST_GAP)
            found.next = now + found.gap
        found.limit = max(1, found.limit // 2)
        found.stale = found.on_the_way

    def _speed_up(self, found: _Operator, now: float) -> None:
        found.taken = 0
        if found.gap:
            found.gap = found.gap / 2 if found.gap > SHORTEST_GAP else 0.0
            found.next = now + found.gap
        else:
            found.limit = min(found.limit + 1, self._most)

    def _forget(self) -> None:
        for operator in [name for name, found in self._operators.items() if not found.on_the_way]:
            del self._operators[operator]


class Parked(Generic[Item]):
    """What waits because of where it goes, so that the rest need not."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[Item]] = {}
        self.size = 0

    def add(self, operator: str, item: Item) -> None:
        """It has to wait."""
        self._queues.setdefault(operator, deque()).append(item)
        self.size += 1

    def pop_each(self, destinations: Destinations, now: float) -> list[Item]:
        """One for each operator that need not wait any longer."""
        passing = [operator for operator in self._queues if not destinations.wait(operator, now)]
        items = [self._queues[operator].popleft() for operator in passing]
        for operator in passing:
            if not self._queues[operator]:
                del self._queues[operator]
        self.size -= len(items)
        return items

    def clear(self) -> list[Item]:
        """Everything, to be put back where it came from."""
        items = [item for queue in self._queues.values() for item in queue]
        self._queues.clear()
        self.size = 0
        return items
