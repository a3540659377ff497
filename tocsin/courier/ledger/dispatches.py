"""Tellings as a whole: cancelled, paused, resumed, tried again, forgotten about.

Nothing here touches a row that a courier may have in its hands at this moment: a leased batch's due rows. Their
courier sees within about a second that the telling was stopped, and drops or gives back what it has not sent.
"""

from tocsin.courier.ledger.part import Part
from tocsin.courier.states import CLAIMABLE, Evidence, State, after

FORGOTTEN_AT_ONCE = 5
"""Batches of 200: about as much as the courier writes in one go."""
RESTORED = "restored"
"""The reason of what is held because the database was restored or copied, see `epoch.py`."""
WITHDRAWN = State.SUPPRESSED
if {after(state, Evidence.WITHDRAWN) for state in CLAIMABLE} != {WITHDRAWN}:
    raise AssertionError("the statement `withdraw` does not do as the table says")


class Dispatches(Part):
    """What a person may want of a telling."""

    def cancel(self, dispatch: int, reason: str, now: int) -> int:
        """Withdraw what is not settled. How many that were; those in a courier's hands follow, if they were not sent."""
        run = self._database
        with run.transaction():
            run.rows("lock_batches", dispatch=dispatch)
            if run.change("cancel_dispatch", dispatch=dispatch, reason=reason, now=now) != 1:
                return 0
            withdrawn = run.change("withdraw", dispatch=dispatch, to_state=WITHDRAWN.value, reason=reason, now=now)
            run.change("requeue", dispatch=dispatch)
        return withdrawn

    def pause(self, dispatch: int, reason: str, now: int) -> bool:
        """Let nothing more of a telling be sent until it is resumed. False if it is paused or cancelled already."""
        run = self._database
        with run.transaction():
            run.rows("lock_batches", dispatch=dispatch)
            if run.change("pause_dispatch", dispatch=dispatch, reason=reason, now=now) != 1:
                return False
            run.change("unqueue", dispatch=dispatch)
        return True

    def resume(self, dispatch: int) -> bool:
        """Let a telling go on. False if it was not paused."""
        run = self._database
        with run.transaction():
            run.rows("lock_batches", dispatch=dispatch)
            if run.change("resume_dispatch", dispatch=dispatch) != 1:
                return False
            run.change("requeue", dispatch=dispatch)
        return True

    def held(self) -> list[int]:
        """The tellings that are held because the database was restored or copied."""
        return sorted(row[0] for row in self._database.table("held_dispatches", reason=RESTORED))

    def hold_all(self, now: int) -> int:
        """Pause, as restored, all that is not settled. How many tellings that are. In the caller's transaction.

        What is left of a cancelled one stays on the queue: it is withdrawn there, and nobody resumes it.
        """
        held = 0
        for dispatch in sorted(row[0] for row in self._database.table("unsettled_dispatches")):
            if self._database.change("pause_dispatch", dispatch=dispatch, reason=RESTORED, now=now):
                self._database.change("unqueue", dispatch=dispatch)
                held += 1
        return held

    def resend_unsure(self, dispatch: int, now: int) -> int:
        """Let what waits for a person be sent once more. How many that are."""
        run = self._database
        with run.transaction():
            run.rows("lock_batches", dispatch=dispatch)
            released = run.change("retry_unsure", dispatch=dispatch, now=now)
            run.change("requeue", dispatch=dispatch)
        return released

    def scrub(self, subscriber: int) -> None:
        """Forget whose its deliveries were, and the relays' words, those too that are still to come. The rest stays."""
        with self._database.transaction():
            self._database.rows("lock_deliveries_of", subscriber=subscriber)  # so that no words come in between
            self._database.change("scrub_attempts", subscriber=subscriber)
            self._database.change("scrub_deliveries", subscriber=subscriber)

    def forget_readers(self, before: int, now: int) -> bool:
        """Let the oldest telling from before name a few hundred readers less; False when none names any.

        What is left are the keyed hashes, states, times and numbers: the books.
        """
        run = self._database
        with run.transaction():
            found = run.rows("oldest_remembered", before=before)
            if not found:
                return False
            dispatch, after = (int(value) for value in found[0].values())
            [[first, last]] = (
                row.values()
                for row in run.rows("piece_to_forget", dispatch=dispatch, after=after, batches=FORGOTTEN_AT_ONCE)
            )
            if last is None:
                run.change("note_forgotten", dispatch=dispatch, upto=after, done=now)
                return True
            run.change("forget_words", dispatch=dispatch, first=first, last=last)
            run.change("forget_readers", dispatch=dispatch, first=first, last=last)
            run.change("note_forgotten", dispatch=dispatch, upto=last, done=None)
        return True
