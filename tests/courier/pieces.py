"""Leases and standings that are nobody's."""

from tocsin.courier.ledger.leases import Lease
from tocsin.courier.ledger.standing import Standing
from tocsin.courier.states import State


def lease(token: int = 1, lane: int = 2, dispatch: int = 1) -> Lease:
    return Lease(batch=token, token=token, dispatch=dispatch, lane=lane, first=1, last=9, leased_us=1)


def standing(delivery: int, lane: int = 2, **changes: object) -> Standing:
    return Standing(
        delivery=delivery,
        state=State.PLANNED.value,
        edition=1,
        lane=lane,
        for_staff=False,
        address=f"reader{delivery}@example.org",
        name="",
        public="",
        subscriber_status="active",
        suppression="",
        cancelled=False,
        cancel_reason="",
        paused=False,
        give_up_us=10**18,
        started_us=None,
        refused_us=None,
        attempts=0,
        reply="",
    )._replace(**changes)
