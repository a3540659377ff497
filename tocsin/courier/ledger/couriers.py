"""Couriers among couriers: enlisting, beating, and folding what the dead left behind into the ledger."""

from uuid import UUID

from tocsin.courier.ledger.database import Row
from tocsin.courier.ledger.deliveries import Deliveries
from tocsin.courier.ledger.journal import Reading
from tocsin.courier.ledger.leases import Lease, Leases, lease_of
from tocsin.courier.ledger.part import packed
from tocsin.courier.ledger.results import Intent, Result
from tocsin.courier.ledger.settling import Account
from tocsin.courier.states import Evidence
from tocsin.lib.clock import HOUR

REMEMBERED = 7 * 24 * HOUR
AT_A_TIME = 1000
DIED = "The courier died while this message was on the wire."
UNKNOWN = "The courier was lost while this message was waiting to be sent; whether it was sent is not known."


class Couriers(Leases, Deliveries):
    """Who sends. Nobody's clock is compared with another's, but for forgetting who is gone for a week."""

    def register(self, courier: str, host: str, boot: str, pid: int, now: int) -> None:
        """Enlist a courier, and forget those long gone."""
        self._database.change("register", courier=courier, host=host, boot=boot, pid=pid, now=now)
        self._database.change("forget_couriers", before=now - REMEMBERED)

    def beat(self, courier: str) -> bool:
        """Show that a courier lives. False: it was given up, and its leases are not its own any more."""
        return self._database.change("beat", courier=courier) == 1

    def knows(self, courier: str) -> bool:
        """Whether this courier ever worked on this database. A state directory may have seen another one before."""
        return bool(self._database.rows("knows", courier=courier))

    def others(self, courier: str) -> list[Row]:
        """The couriers that are not given up, but this one: id, host, boot, pid, beat."""
        rows = self._database.rows("others", courier=courier)
        return [{**row, "id": UUID(str(row["id"])).hex} for row in rows]

    def bury(
        self,
        courier: str,
        now: int,
        *,
        reading: Reading | None,
        beat: int | None = None,
        same_boot: bool = True,
    ) -> bool:
        """Give a courier up, fold its journal in and give its batches back. False if it beat again or was buried before.

        `reading`: what its journal tells: a reply is what it says, an intent without reply is unsure, the rest was never
        sent. Without a whole journal of this boot nobody knows what was sent: all that it may have been sending is unsure.
        """
        with self._database.transaction(durable=True):
            if self._database.change("bury", courier=courier, beat=beat, now=now) != 1:
                return False
            leases = [lease_of(row) for row in self._database.rows("leases_of", courier=courier)]
            if reading:
                self._fold(reading, now)
            if not (reading and reading.whole and same_boot):
                refused = {reply.delivery for reply in _last(reading) if reply.evidence is Evidence.REFUSED}
                for lease in leases:
                    self._doubt(lease, refused, now)
            self._give_back(packed((lease.batch, lease.token) for lease in leases))
        return True

    def fold_late(self, reading: Reading) -> None:
        """Fold in the journal of a courier that was given up without it. A 250 still counts; all else is remembered."""
        with self._database.transaction(durable=True):
            self._fold(reading, 0)

    def _fold(self, reading: Reading, now: int) -> None:
        items = [*reading.replies, *(_lost(intent, now) for intent in reading.open)]
        for at in range(0, len(items), AT_A_TIME):
            self._each(items[at : at + AT_A_TIME], self._apply)

    def _apply(self, account: Account, result: Result, leased_us: int | None) -> None:
        """A refusal is only noted: whether it is the recipient's or the relay's own trouble was not decided."""
        if result.evidence is Evidence.REFUSED:
            self._settling.note(account, result)
        else:
            self._settling.settle(account, result, leased_us)

    def _doubt(self, lease: Lease, known: set[int], now: int) -> None:
        """Make unsure what may have been sent under a lease. Nobody knows when; not before the lease began."""
        doubtful = [delivery for delivery in self.due(lease) if delivery not in known]
        results = [
            Result(delivery, lease.batch, lease.token, 0, "", lease.leased_us, now, Evidence.LOST, UNKNOWN)
            for delivery in doubtful
        ]
        self._each(results, self._settling.doubt)


def _last(reading: Reading | None) -> list[Result]:
    return list({reply.delivery: reply for reply in reading.replies}.values()) if reading else []


def _lost(intent: Intent, now: int) -> Result:
    return Result(
        intent.delivery,
        intent.batch,
        intent.token,
        intent.number,
        intent.relay,
        intent.started_us,
        max(now, intent.started_us),
        Evidence.LOST,
        DIED,
    )
