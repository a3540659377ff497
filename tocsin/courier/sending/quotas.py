"""Brings what relays may still be given from the ledger, ahead of need, and takes back what was not used."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tocsin.courier.channel import Policy
from tocsin.courier.ledger.ledger import Ledger
from tocsin.courier.sending.caps import Caps, Request
from tocsin.courier.sending.clerk import Clerk
from tocsin.lib import clock

logger = logging.getLogger(__name__)


@dataclass
class Account:
    """One relay's caps. `changed` is called when there is more, or when it is known that there is not."""

    relay: str
    policy: Policy
    caps: Caps
    changed: Callable[[], None]
    used_up: bool = field(default=False, init=False)


class Quotas:
    """The accounts of the relays that have caps."""

    def __init__(self, clerk: Clerk, accounts: Sequence[Account]) -> None:
        self._clerk = clerk
        self._accounts = accounts

    async def bring(self) -> None:
        """Reserve what is needed; give back what was not used in time. Raises LedgerAway."""
        for account in self._accounts:
            while request := account.caps.request():
                await self._reserve(account, request)
            self._look(account)
            await self._give_back(account, time.monotonic())

    async def close(self) -> None:
        """Give back everything. Raises LedgerAway."""
        for account in self._accounts:
            await self._give_back(account, math.inf)

    async def _reserve(self, account: Account, request: Request) -> None:
        try:
            reservation = await self._clerk.do(
                Ledger.reserve,
                account.relay,
                account.policy,
                request.wanted,
                clock.now_us(),
                urgent=request.urgent,
            )
        except BaseException:
            account.caps.fail(request)
            account.changed()
            raise
        account.caps.grant(request, reservation, time.monotonic())
        account.changed()

    async def _give_back(self, account: Account, now: float) -> None:
        for reservation, unused in account.caps.leftovers(now):
            await self._clerk.do(Ledger.give_back, reservation, unused)

    def _look(self, account: Account) -> None:
        used_up = account.caps.used_up(time.monotonic()) > 0
        if used_up == account.used_up:
            return
        account.used_up = used_up
        if used_up:
            logger.info("relay %s has been given all that its caps allow; the rest waits", account.relay)
        account.changed()
