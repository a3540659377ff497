"""The gates of one relay to the operators that its mail goes to. What finds its gate closed is set aside for a while.

Only for relays with `per_destination`; see `destinations.py` and `operators.py`.
"""

from typing import Generic, TypeVar

from tocsin.courier.sending.destinations import Destinations, Parked
from tocsin.courier.sending.operators import Operators

MOST_ASIDE = 500
"""So many may be set aside; then the relay is given nothing until some of them may pass."""

Item = TypeVar("Item")


class Gates(Generic[Item]):
    """Keeps, for every delivery that was let through, through which gate it went."""

    def __init__(self, most: int, operators: Operators) -> None:
        self._destinations = Destinations(most)
        self._operators = operators
        self._parked = Parked[Item]()
        self._through: dict[int, str] = {}

    @property
    def full(self) -> bool:
        """Whether so much is set aside that nothing more should be taken up."""
        return self._parked.size >= MOST_ASIDE

    def enter(self, delivery: int, address: str, item: Item, now: float) -> bool:
        """Let a delivery through; if its gate is closed, set `item` aside instead."""
        operator = self._operators.of(address.rpartition("@")[2])
        if self._destinations.wait(operator, now):
            self._parked.add(operator, item)
            return False
        self._destinations.take(operator, now)
        self._through[delivery] = operator
        return True

    def leave(self, delivery: int, reply: str, now: float) -> None:
        """It came back, with these words."""
        if operator := self._through.pop(delivery, None):
            self._destinations.back(operator, now, reply)

    def ready(self, now: float) -> list[Item]:
        """One of what was set aside for each gate that is open now."""
        return self._parked.pop_each(self._destinations, now)

    def clear(self) -> list[Item]:
        """All that was set aside."""
        return self._parked.clear()
