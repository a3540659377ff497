"""The gates of one relay to the operators that its mail goes to. What finds its gate closed is set aside for a while.

Only for relays with `per_destination`; see `destinations.py` and `operators.py`.
"""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from tocsin.courier.sending.destinations import Destinations, Parked
from tocsin.courier.sending.operators import Operators

MOST_ASIDE = 500
"""So many may be set aside; then the relay is given nothing until some of them may pass."""

Item = TypeVar("Item")


class Gates(Generic[Item]):
    """Keeps, for every delivery that was let through, through which gate it went.

    `most`: how many may be on their way to one operator. `put_back` is called with what is not set aside any longer.
    """

    def __init__(
        self,
        most: int,
        operators: Operators,
        put_back: Callable[[Item], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._destinations = Destinations(most)
        self._operators = operators
        self._put_back = put_back
        self._parked = Parked[Item]()
        self._through: dict[int, str] = {}

    @property
    def full(self) -> bool:
        """Whether so much is set aside that nothing more should be taken up."""
        return self._parked.size >= MOST_ASIDE

    def open_for(self, address: str, item: Item) -> bool:
        """Whether mail to this address may leave now. If not, `item` is set aside."""
        operator = self._operator(address)
        if self._destinations.wait(operator, self._clock()):
            self._parked.add(operator, item)
            return False
        return True

    def enter(self, delivery: int, address: str) -> None:
        """A delivery leaves. Its gate is open."""
        operator = self._operator(address)
        self._destinations.take(operator, self._clock())
        self._through[delivery] = operator

    def leave(self, delivery: int, reply: str) -> None:
        """It came back, with these words."""
        if operator := self._through.pop(delivery, None):
            self._destinations.back(operator, self._clock(), reply)
            self.look()

    def look(self) -> bool:
        """Put back one for each gate that is open now. Whether there were any."""
        items = self._parked.pop_each(self._destinations, self._clock())
        for item in items:
            self._put_back(item)
        return bool(items)

    def clear(self) -> None:
        """Put back all that was set aside."""
        for item in self._parked.clear():
            self._put_back(item)

    def _operator(self, address: str) -> str:
        return self._operators.of(address.rpartition("@")[2])
