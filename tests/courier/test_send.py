"""One delivery: what is committed when, with a session that does as the test says."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.courier.desk import Hand, open_ledger, row
from tests.courier.people import make_readers, tell_everyone
from tocsin.courier.channel import CannotCompose, Fate, Outcome, Parcel
from tocsin.courier.ledger.retry import RetryPlan
from tocsin.courier.models import Attempt, Delivery
from tocsin.courier.queries import Books, books
from tocsin.courier.sending import membership as leases
from tocsin.courier.sending.board import Job
from tocsin.courier.sending.clerk import Clerk
from tocsin.courier.sending.membership import Membership
from tocsin.courier.sending.send import End, Sender
from tocsin.courier.sending.timing import Timing


class Standin:
    """Channel, edition, membership and session in one. `sure`: what the membership says, one after the other."""

    name = "email"
    relays = ()
    usable = True

    def __init__(self, hand: Hand, fate: Fate = Fate.TAKEN, sure: tuple[bool, ...] = (), fault: object = None) -> None:
        self.id = hand.courier
        self.fate, self.fault = fate, fault
        self.sure: Iterator[bool] = iter(sure)
        self.bodies: list[bytes] = []
        self.open_at_body: list[int] = []

    def is_sure(self) -> bool:
        return next(self.sure, True)

    def compose(self, edition_id, message):
        return self

    def address(self, recipient):
        if isinstance(self.fault, Exception):
            raise self.fault
        return Parcel(recipient.delivery_id, "news@example.org", recipient.address, b"%d" % recipient.started_us)

    async def hand_over(self, parcel, may_start):
        if self.fate is Fate.REFUSED_NOW:
            return Outcome(self.fate, "451 later", "RCPT")
        if not await may_start():
            return Outcome(Fate.STOPPED, "the lease is gone", "body")
        self.open_at_body.append(await asyncio.to_thread(open_attempts))
        self.bodies.append(parcel.body)
        if self.fault == "stumble":
            raise RuntimeError("stumbled over something")
        return Outcome(self.fate, "words", "body")


def open_attempts() -> int:
    from django.db import connection

    try:
        return Attempt.objects.filter(finished_us=None).count()
    finally:
        connection.close()


@pytest.fixture
def hand(committed, django_db_blocker):
    made = Hand(open_ledger(committed))
    yield made
    made.ledger.close()


def send(url, hand, standin, times=1):
    async def run():
        clerk = Clerk(url, RetryPlan())
        sender = Sender(clerk, standin, standin)
        (delivery,) = hand.ledger.due(lease)
        reports = [await sender.send(Job(lease, delivery), standin, "relay:25") for _ in range(times)]
        clerk.close()
        return reports[-1], delivery

    lease = hand.claim()
    return asyncio.run(run())


def told():
    make_readers(1)
    return tell_everyone()


def test_the_intent_is_committed_before_the_body_leaves(committed, hand):
    dispatch, standin = told(), Standin(hand)
    report, _ = send(committed, hand, standin)
    assert report.end is End.TAKEN
    assert standin.open_at_body == [1]
    assert open_attempts() == 0
    assert books(dispatch.pk) == Books(audience=1, accepted=1)


def test_no_body_leaves_when_the_lease_is_not_sure_before_the_commit(committed, hand):
    told()
    standin = Standin(hand, sure=(False,))
    report, _ = send(committed, hand, standin)
    assert report.end is End.AGAIN
    assert not standin.bodies
    assert not Attempt.objects.exists()


def test_no_body_leaves_when_the_lease_is_not_sure_after_the_commit(committed, hand):
    told()
    standin = Standin(hand, sure=(True, False))
    report, delivery = send(committed, hand, standin)
    assert report.end is End.AGAIN
    assert not standin.bodies
    assert Attempt.objects.get().outcome == "returned"
    assert row(delivery).state == "planned"


def test_a_fault_of_ours_while_on_the_wire_is_unsure(committed, hand, caplog):
    told()
    report, delivery = send(committed, hand, Standin(hand, fault="stumble"))
    assert report.end is End.SETTLED
    assert row(delivery).state == "unsure"
    assert "met a fault of ours" in caplog.text


def test_a_fault_of_ours_before_the_wire_is_tried_again_later(committed, hand, caplog):
    told()
    report, delivery = send(committed, hand, Standin(hand, fault=ZeroDivisionError("no")))
    assert report.end is End.SETTLED
    assert (row(delivery).state, row(delivery).attempts) == ("planned", 1)
    assert row(delivery).due_us > 0
    assert "met a fault of ours" in caplog.text


def test_what_cannot_be_composed_fails_with_the_reason(committed, hand):
    told()
    send(committed, hand, Standin(hand, fault=CannotCompose("the subject is missing")))
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reply) == ("failed", "It cannot be composed: the subject is missing")


def test_a_resend_has_the_date_of_the_first_attempt(committed, hand):
    told()
    standin = Standin(hand, fate=Fate.LOST)
    send(committed, hand, standin, times=2)
    assert len(standin.bodies) == 2
    assert len(set(standin.bodies)) == 1


def test_a_refusal_for_now_needs_no_intent_but_is_an_attempt(committed, hand):
    dispatch = told()
    report, _ = send(committed, hand, Standin(hand, fate=Fate.REFUSED_NOW))
    assert report.end is End.PUT_OFF
    assert Attempt.objects.get().outcome == "put off"
    assert books(dispatch.pk).deferred == 1


def test_a_courier_that_did_not_beat_for_long_is_not_sure_of_its_leases(committed, tmp_path, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(leases.clock, "boottime", lambda: now)

    async def run() -> None:
        nonlocal now
        clerk = Clerk(committed, RetryPlan())
        membership = Membership(clerk, tmp_path, Timing(lease=30, margin=10))
        assert not membership.is_sure()
        await membership.enlist()
        now += 19
        assert membership.is_sure()
        now += 2
        assert not membership.is_sure()
        assert await membership.beat()
        assert membership.is_sure()
        await membership.leave()
        assert not await membership.beat()
        assert not list(tmp_path.iterdir())
        clerk.close()

    asyncio.run(run())
