"""The states of a delivery and the only moves between them.

Rule 1: a state moves on evidence, never on hope. Each move names the evidence that allows it.
Rule 2: `sending` is never stored. A delivery is sending while its batch is leased and it is due; what is returned is
        again what it was before.
Rule 3: what is settled stays settled, but for later evidence: a bounce, a complaint, a late 250.

Pure tables; the diagram in ARCHITECTURE.md is checked against them. No database here.
"""

from enum import StrEnum


class State(StrEnum):
    """Where one delivery stands."""

    PLANNED = "planned"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    UNSURE = "unsure"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Evidence(StrEnum):
    """What was observed."""

    __hash__ = str.__hash__  # Enum's own is Python code, and this is looked up for every message

    CLAIMED = "claimed"  # its batch was leased and it was due
    RETURNED = "returned"  # provably not handed over
    TAKEN = "taken"  # the relay answered 250
    PUT_OFF = "put off"  # the relay refused this recipient for now
    REFUSED = "refused"  # the relay refused this recipient for good
    LOST = "lost"  # the connection died where the message may have been taken
    UNSENDABLE = "unsendable"  # no message can be made of it
    WITHDRAWN = "withdrawn"  # the reader left, is suppressed, or the telling was cancelled
    EXPIRED = "expired"  # the stated deadline passed
    BOUNCE = "bounce"  # a DSN said so
    COMPLAINT = "complaint"  # a feedback report said so


S, E = State, Evidence

TRANSITIONS: dict[tuple[State, Evidence], State] = {
    (S.PLANNED, E.CLAIMED): S.SENDING,
    (S.PLANNED, E.UNSENDABLE): S.FAILED,
    (S.PLANNED, E.WITHDRAWN): S.SUPPRESSED,
    (S.SENDING, E.RETURNED): S.PLANNED,
    (S.SENDING, E.TAKEN): S.ACCEPTED,
    (S.SENDING, E.PUT_OFF): S.DEFERRED,
    (S.SENDING, E.REFUSED): S.FAILED,
    (S.SENDING, E.LOST): S.UNSURE,
    (S.DEFERRED, E.CLAIMED): S.SENDING,
    (S.DEFERRED, E.UNSENDABLE): S.FAILED,
    (S.DEFERRED, E.EXPIRED): S.FAILED,
    (S.DEFERRED, E.WITHDRAWN): S.SUPPRESSED,
    (S.UNSURE, E.CLAIMED): S.SENDING,
    (S.UNSURE, E.WITHDRAWN): S.SUPPRESSED,
    (S.UNSURE, E.TAKEN): S.ACCEPTED,
    (S.UNSURE, E.BOUNCE): S.BOUNCED,
    (S.ACCEPTED, E.BOUNCE): S.BOUNCED,
    (S.ACCEPTED, E.COMPLAINT): S.COMPLAINED,
    # A 250 that comes late, after the lease was lost to another courier, still proves what it proves.
    (S.FAILED, E.TAKEN): S.ACCEPTED,
    (S.SUPPRESSED, E.TAKEN): S.ACCEPTED,
}

CLAIMABLE = frozenset({S.PLANNED, S.DEFERRED, S.UNSURE})
UNSETTLED = frozenset({S.PLANNED, S.SENDING, S.DEFERRED})


class ImpossibleMove(Exception):  # noqa: N818
    """The evidence does not move that state."""


def after(state: State, evidence: Evidence) -> State:
    """The state that `evidence` leads to. Raises ImpossibleMove."""
    try:
        return TRANSITIONS[state, evidence]
    except KeyError:
        raise ImpossibleMove(f"{evidence.value!r} does not move a delivery that is {state.value}") from None
