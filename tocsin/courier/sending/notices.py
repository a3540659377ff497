"""What the newsroom is shown of relays, and of what keeps this courier from sending. Only the latest word is written."""

from tocsin.courier.ledger.ledger import Ledger
from tocsin.courier.sending.clerk import Clerk, LedgerAway
from tocsin.lib import clock

NO_RELAY = "(none)"
DISK = "(disk)"


class Notices:
    """`post` is quick and never fails; `write` brings it into the ledger when it can."""

    def __init__(self, clerk: Clerk) -> None:
        self._clerk = clerk
        self._posted: dict[str, str] = {}

    def post(self, name: str, trouble: str) -> None:
        """Show what was last seen of `name`: the trouble in words, empty while it works."""
        self._posted[name] = trouble

    async def write(self) -> None:
        """Raises LedgerAway; then it is tried again with the next."""
        while self._posted:
            name, trouble = self._posted.popitem()
            try:
                await self._clerk.do(Ledger.relay_seen, name, trouble, clock.now_us())
            except LedgerAway:
                self._posted.setdefault(name, trouble)
                raise
