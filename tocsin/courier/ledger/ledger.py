"""All the ledger's operations over one connection, gathered from their parts.

Each operation is one transaction, or a part of the caller's; none of them waits for anything but the database. Only
`deliveries.py` and `dispatches.py` move a delivery's state, by the table in `states.py`, in named SQL on either database.
"""

from contextlib import suppress

from tocsin.courier.ledger.joining import Joining
from tocsin.courier.ledger.part import cut
from tocsin.courier.ledger.reserving import Reserving


class Ledger(Joining, Reserving):
    """What is known of every delivery."""

    def rang(self) -> bool:
        """Whether there may be something new to claim."""
        return self._database.rang()

    def close(self) -> None:
        """Close the connection."""
        with suppress(Exception):  # it may be broken already
            self._database.close()

    def relay_seen(self, name: str, trouble: str, now: int) -> None:
        """Keep what was last seen of a relay; empty `trouble` while it works."""
        self._database.change("relay_seen", name=name, trouble=cut(trouble), now=now)

    def relays_are(self, names: set[str]) -> None:
        """Forget the relays that are not configured any more."""
        for row in self._database.rows("relays"):
            if row["name"] not in names:
                self._database.change("relay_gone", name=row["name"])
