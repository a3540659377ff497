"""The only module that moves a delivery's state, by the table in `states.py`, in named SQL on either database."""

from tocsin.courier.database import Database
from tocsin.courier.states import Evidence, State, after

WITHDRAWABLE = (State.PLANNED, State.DEFERRED, State.UNSURE)


class Ledger:
    """The ledger's operations over one connection. Each is one transaction, or a part of the caller's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cancel(self, dispatch: int, reason: str, now: int) -> int:
        """Withdraw what is not settled and not on the wire. How many that were; what is on the wire stays true."""
        run = self._database
        with run.transaction():
            # Waits for every sender that is just writing an intent, so that no intent is overlooked below.
            run.rows("lock_batches", dispatch=dispatch)
            run.change("cancel_dispatch", dispatch=dispatch, reason=reason, now=now)
            withdrawn = sum(
                run.change(
                    "withdraw",
                    dispatch=dispatch,
                    state=state.value,
                    to_state=after(state, Evidence.WITHDRAWN).value,
                    reason=reason,
                    now=now,
                )
                for state in WITHDRAWABLE
            )
            run.change("settle_idle_batches", dispatch=dispatch)
        return withdrawn
