"""Reserving from a relay's caps: what was granted counts as used, over restarts and for every courier."""

from dataclasses import dataclass

from tocsin.courier.channel import Policy
from tocsin.courier.ledger import quota
from tocsin.courier.ledger.part import Part


@dataclass(frozen=True)
class Reservation:
    """So many messages may be handed to a relay. `again_us`: when there are more, if fewer were granted than wanted."""

    relay: str
    granted: int
    at_us: int
    again_us: int | None


class Reserving(Part):
    """The relays' caps."""

    def reserve(self, relay: str, policy: Policy, wanted: int, now: int, *, urgent: bool = False) -> Reservation:
        """Take up to `wanted` messages from what `policy` allows this relay now.

        The last twentieth of a cap is granted only to `urgent` messages: alerts, and mail that somebody waits for. A
        clock that is set back grants nothing twice.
        """
        with self._database.transaction(durable=True):
            use = self._use(relay, now).at(now)
            room = quota.left(use, policy, urgent=urgent)
            granted = wanted if room is None else min(wanted, room)
            if granted:
                self._keep(relay, use.plus(granted, now))
            again = quota.again_us(use.plus(granted, now), policy, urgent=urgent) if granted < wanted else None
        return Reservation(relay, granted, now, again)

    def give_back(self, reservation: Reservation, unused: int) -> None:
        """Part of a reservation was not used."""
        with self._database.transaction():
            use = self._use(reservation.relay, reservation.at_us)
            self._keep(reservation.relay, use.plus(-min(unused, reservation.granted), reservation.at_us))

    def _use(self, relay: str, now: int) -> quota.Use:
        """What was used of a relay, locked until the transaction ends."""
        new = quota.Use.new(now)
        rows = self._database.rows("relay_use", name=relay)
        if not rows:
            self._database.change("relay_begins", name=relay, now=now, spent=new.to_json())
            rows = self._database.rows("relay_use", name=relay)
        (row,) = rows
        return quota.Use.from_json(row["first_us"], row["last_us"], row["spent"])

    def _keep(self, relay: str, use: quota.Use) -> None:
        self._database.change(
            "relay_used", name=relay, first=use.first_us, last=use.last_us, spent=use.to_json()
        )  # fmt: skip
