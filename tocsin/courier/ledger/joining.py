"""Claiming only from the database we worked on; holding what is unsettled in any other. The rule is in `epoch.py`."""

import logging
from collections.abc import Collection

from tocsin.courier.ledger.couriers import Couriers
from tocsin.courier.ledger.database import Database
from tocsin.courier.ledger.dispatches import Dispatches
from tocsin.courier.ledger.epoch import Epoch, Mark
from tocsin.courier.ledger.leases import Lease
from tocsin.courier.ledger.retry import RetryPlan

logger = logging.getLogger(__name__)


class WentBack(Exception):  # noqa: N818
    """The database is not where we left it."""


class Joining(Couriers, Dispatches):
    """A courier's claims, guarded by the epoch. Without one, as on Django's side, there is no guard."""

    def __init__(self, database: Database, plan: RetryPlan | None = None, epoch: Epoch | None = None) -> None:
        super().__init__(database, plan)
        self._epoch = epoch

    def claimable(self, courier: str, lanes: Collection[int], now: int) -> set[int]:
        """The lanes in which there is something to claim; none until it is certain that this is the database we worked on.

        Raises OSError when the epoch cannot be written.
        """
        return self.waiting_lanes(lanes, now) if self.join(courier, now) else set()

    def claim(self, courier: str, lane: int, now: int, rows: int) -> list[Lease]:
        """As in `Leases`; nothing until it is certain that this is the database we worked on.

        Raises OSError when the epoch cannot be written; what was claimed then is a stray.
        """
        epoch = self._epoch
        if epoch is None:
            return super().claim(courier, lane, now, rows)
        if not self.join(courier, now):
            return []
        try:
            with self._database.transaction(durable=True):
                leases = self._claim_all(courier, lane, now, rows)
                if not leases:
                    return []
                mark = self._move_on(epoch)
        except WentBack:
            self._part(epoch, courier)
            return []
        epoch.keep(mark)
        return leases

    def beat(self, courier: str) -> bool:
        """As in `Couriers`; not in the name of one who knows another database; and the epoch moves on, once a minute."""
        epoch = self._epoch
        if epoch and epoch.known and not self._is_where_we_left_it(epoch):
            self._part(epoch, courier)
        alive = super().beat(courier)
        if alive and epoch and epoch.known and epoch.is_due:
            try:
                with self._database.transaction(durable=True):
                    mark = self._move_on(epoch)
                epoch.keep(mark)
            except WentBack:
                self._part(epoch, courier)
            except OSError as error:
                logger.warning("the epoch cannot be written: %s", error.strerror)
        return alive

    def join(self, courier: str, now: int) -> bool:
        """Whether this is the database we worked on, or one that others are working on. False while that is not known.

        If it is neither, all that is unsettled in it is held, and it is ours from now on. Raises OSError.
        """
        epoch = self._epoch
        if epoch is None or (epoch.known and epoch.joined == courier):
            return True
        with self._database.transaction(durable=True):
            if epoch.known and not self._is_where_we_left_it(epoch):
                epoch.doubt()
            mark = epoch.known or self._recognised(epoch, courier, now)
            if mark is None:
                return False
            self._database.change("join_courier", courier=courier)
        epoch.joined = courier
        if epoch.known is None:
            epoch.keep(mark)
        return True

    def _recognised(self, epoch: Epoch, courier: str, now: int) -> Mark | None:
        """The mark to go on from; None while it is not known whether others work on this database."""
        rows = self._database.rows("epoch")
        mark = Mark(**rows[0]) if rows else None
        kept = epoch.file.read()
        if mark is None and (kept is None or kept.number == 0):  # nothing was ever claimed on the strength of a 0
            return self._set_in_both(epoch, kept or Mark.fresh())
        if mark and kept and kept.lineage == mark.lineage and kept.number <= mark.number:
            return self._set(mark.next())
        others = {row["id"]: row["beat"] for row in self._database.rows("joined_others", courier=courier)}
        alive = epoch.watch({str(other): beat for other, beat in others.items()})
        if alive is None and self._database.table("unsettled_dispatches"):
            return None
        if mark and alive:
            return self._set(mark.next())
        if held := self.hold_all(now):
            logger.warning(
                "this database was restored or copied: %s tellings are held until a person resumes them", held
            )
        mark = self._set_in_both(epoch, Mark.fresh())
        self._database.change("hold_what_plans_itself")
        return mark

    def _set_in_both(self, epoch: Epoch, mark: Mark) -> Mark:
        """Begin a lineage. Kept before it is committed: killed in between, this would look like somebody's copy."""
        epoch.file.write(mark)
        return self._set(mark)

    def _set(self, mark: Mark) -> Mark:
        if not self._database.change("set_epoch", lineage=mark.lineage, number=mark.number):
            self._database.change("begin_epoch", lineage=mark.lineage, number=mark.number)
        return mark

    def _is_where_we_left_it(self, epoch: Epoch) -> bool:
        """Whether the database has not gone back, nor been exchanged, since we last knew it."""
        rows = self._database.rows("epoch")
        return bool(rows) and epoch.is_reached_by(Mark(**rows[0]))

    def _part(self, epoch: Epoch, courier: str) -> None:
        """Vouch no more for this database: others would take it for one that is worked on."""
        epoch.doubt()
        self._database.change("part_courier", courier=courier)

    def _move_on(self, epoch: Epoch) -> Mark:
        """Count up, in the transaction of the caller. Raises WentBack."""
        rows = self._database.rows("move_epoch")
        if not rows or not epoch.goes_on(mark := Mark(**rows[0])):
            raise WentBack
        return mark
