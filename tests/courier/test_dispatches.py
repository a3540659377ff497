"""A telling is cancelled, paused, resumed; what a courier has in its hands is left to it."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from django.db import connection, transaction

from tests.courier.desk import Hand, row
from tests.courier.people import make_readers, tell_everyone
from tocsin.audience.models import Subscriber
from tocsin.courier import actions
from tocsin.courier.ledger.results import Drop, Result
from tocsin.courier.models import Attempt, Batch, Delivery, Dispatch, Lane
from tocsin.courier.queries import Books, books
from tocsin.courier.states import Evidence
from tocsin.lib import clock


def told(number, **changes):
    make_readers(number)
    return tell_everyone(**changes)


def result(hand, lease, delivery, evidence=Evidence.TAKEN, reply="250 ok") -> Result:
    return Result(delivery, lease.batch, lease.token, 1, "relay:25", hand.now, hand.now + 1, evidence, reply)


def do(action, *arguments):
    with transaction.atomic():
        return action(*arguments)


def claim(hand):
    return hand.ledger.claim(hand.courier, Lane.INSTANT, clock.now_us(), 10_000)


def test_cancelling_withdraws_free_batches_and_leaves_leased_ones_to_their_courier(hand):
    dispatch = told(500)
    lease = hand.claim()
    sent, *unsent = hand.ledger.due(lease)
    assert do(actions.cancel, dispatch, "The post was withdrawn.") == 300
    assert books(dispatch.pk) == Books(audience=500, sending=200, suppressed=300)
    assert hand.ledger.stopped([dispatch.pk, 99]) == {dispatch.pk}
    assert hand.load(unsent[0]).drop(hand.now) == (Evidence.WITHDRAWN, "The post was withdrawn.")
    hand.ledger.settle_many([result(hand, lease, sent)])
    drops = [Drop(delivery, lease.batch, lease.token, Evidence.WITHDRAWN, "withdrawn") for delivery in unsent]
    hand.ledger.drop_many(drops, hand.now)
    hand.ledger.release([lease])
    assert books(dispatch.pk) == Books(audience=500, accepted=1, suppressed=499)
    assert not Batch.objects.exclude(due_us=None, token=None).exists()


def test_what_is_given_back_of_a_cancelled_telling_is_withdrawn_with_it(hand):
    """Nobody needs to claim it again: there may be no relay that works."""
    dispatch, other_one = told(500), tell_everyone(post_id=2)
    lease = hand.claim()
    sent = hand.ledger.due(lease)[0]
    do(actions.cancel, dispatch, "The post was withdrawn.")
    hand.ledger.settle_many([result(hand, lease, sent)])
    assert hand.ledger.release([lease]) == 1
    assert books(dispatch.pk) == Books(audience=500, accepted=1, suppressed=499)
    assert set(Delivery.objects.filter(dispatch=dispatch, state="suppressed").values_list("reply", flat=True)) == {
        "The post was withdrawn."
    }
    assert not Batch.objects.filter(dispatch=dispatch).exclude(due_us=None, token=None).exists()
    assert books(other_one.pk) == Books(audience=500, planned=500)


def test_what_waits_in_a_leased_batch_is_withdrawn_at_once(hand):
    dispatch = told(3)
    lease = hand.claim()
    deferred, unsure, _ = hand.ledger.due(lease)
    hand.ledger.settle_many(
        [result(hand, lease, deferred, Evidence.PUT_OFF), result(hand, lease, unsure, Evidence.LOST)]
    )
    assert do(actions.cancel, dispatch, "no") == 2
    assert books(dispatch.pk) == Books(audience=3, sending=1, suppressed=2)


@pytest.mark.parametrize("evidence", [Evidence.PUT_OFF, Evidence.LOST])
def test_what_comes_back_unsettled_after_the_cancellation_is_withdrawn(hand, evidence):
    dispatch = told(1)
    lease = hand.claim()
    (delivery,) = hand.ledger.due(lease)
    do(actions.cancel, dispatch, "The post was withdrawn.")
    hand.ledger.settle_many([result(hand, lease, delivery, evidence, "words")])
    assert books(dispatch.pk) == Books(audience=1, suppressed=1)
    assert row(delivery).reply == "The post was withdrawn."
    assert Attempt.objects.get().reply == "words"
    assert row(delivery).doubts == (evidence is Evidence.LOST)


def test_what_a_dead_courier_had_of_a_cancelled_telling_is_withdrawn_when_it_is_buried(hand):
    dispatch = told(2)
    hand.claim()
    do(actions.cancel, dispatch, "no")
    hand.ledger.bury(hand.courier, hand.now, reading=hand.reading())
    assert books(dispatch.pk) == Books(audience=2, suppressed=2)
    assert Hand(hand.ledger).ledger.claim(hand.courier, Lane.INSTANT, hand.now, 1) == []


def test_a_cancelled_telling_is_not_cancelled_again(hand):
    dispatch = told(1)
    assert do(actions.cancel, dispatch, "first") == 1
    assert do(actions.cancel, dispatch, "second") == 0
    assert Dispatch.objects.get().cancel_reason == "first"


def test_nothing_of_a_paused_telling_is_claimed_until_it_is_resumed(hand):
    paused, other = told(3), tell_everyone(post_id=2)
    assert do(actions.pause, paused, "wrong date")
    assert not do(actions.pause, paused)
    assert [lease.dispatch for lease in claim(hand)] == [other.pk]
    assert books(paused.pk) == Books(audience=3, planned=3)
    assert not books(paused.pk).settled
    assert do(actions.resume, paused)
    assert not do(actions.resume, paused)
    assert [lease.dispatch for lease in claim(hand)] == [paused.pk]


def test_pausing_leaves_a_leased_batch_to_its_courier(hand):
    dispatch = told(2)
    lease = hand.claim()
    sent, unsent = hand.ledger.due(lease)
    do(actions.pause, dispatch)
    assert hand.ledger.stopped([dispatch.pk]) == {dispatch.pk}
    assert not hand.load(unsent).open
    hand.ledger.settle_many([result(hand, lease, sent)])
    hand.ledger.release([lease])
    assert books(dispatch.pk) == Books(audience=2, accepted=1, planned=1)
    assert not claim(hand)
    do(actions.resume, dispatch)
    (lease,) = claim(hand)
    assert hand.ledger.due(lease) == [unsent]


def test_a_paused_telling_can_be_cancelled(hand):
    dispatch = told(300)
    lease = hand.claim()
    do(actions.pause, dispatch)
    assert do(actions.cancel, dispatch, "no") == 100
    hand.ledger.release([lease])
    assert books(dispatch.pk) == Books(audience=300, suppressed=300)
    assert claim(hand) == []
    assert not do(actions.pause, dispatch), "what is cancelled is not paused"


def test_sending_again_what_is_unsure_waits_while_it_is_paused(hand):
    dispatch = told(1)
    lease = hand.claim()
    (delivery,) = hand.ledger.due(lease)
    Dispatch.objects.update(hold_unsure=True)
    hand.ledger.settle_many([result(hand, lease, delivery, Evidence.LOST)])
    hand.ledger.release([lease])
    do(actions.pause, dispatch)
    assert do(actions.resend_unsure, dispatch) == 1
    assert not claim(hand)
    do(actions.resume, dispatch)
    assert len(claim(hand)) == 1


def test_pausing_waits_for_a_claim_that_is_under_way(committed, hand):
    dispatch = told(3)
    with ThreadPoolExecutor(1) as aside:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                Batch.objects.select_for_update().get()
            else:
                Batch.objects.update(lane=Lane.INSTANT)  # takes its one write lock
            pause = aside.submit(hand.ledger.pause, dispatch.pk, "", hand.now)
            assert not wait({pause}, timeout=0.3).done
        assert pause.result()
    assert not claim(hand)


@pytest.mark.parametrize("action", ["resume", "resend_unsure"])
def test_a_batch_that_is_given_back_meanwhile_is_due_again(hand, action):
    dispatch = told(1)
    Dispatch.objects.update(hold_unsure=True)
    lease = hand.claim()
    (delivery,) = hand.ledger.due(lease)
    if action == "resume":
        do(actions.pause, dispatch)
    else:
        hand.ledger.settle_many([result(hand, lease, delivery, Evidence.LOST)])
    with ThreadPoolExecutor(1) as aside:
        with transaction.atomic():
            getattr(actions, action)(dispatch)
            release = aside.submit(hand.ledger.release, [lease])
            assert not wait({release}, timeout=0.3).done
        assert release.result() == 1
    (lease,) = claim(hand)
    assert hand.ledger.due(lease) == [delivery]


def test_a_late_250_and_a_cancel_wait_for_each_other_in_one_order(hand):
    dispatch = told(201)
    lost, held = claim(hand)
    taken, refused = hand.ledger.due(lost)[0], hand.ledger.due(held)[0]
    hand.ledger.release([lost])
    back = [result(hand, lost, taken), result(hand, held, refused, Evidence.REFUSED, "550 no")]
    with ThreadPoolExecutor(1) as aside:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                list(Batch.objects.select_for_update())
            else:
                Batch.objects.update(lane=Lane.INSTANT)  # takes its one write lock
            settle = aside.submit(hand.ledger.settle_many, back)
            assert not wait({settle}, timeout=0.3).done
            actions.cancel(dispatch, "no")
        settle.result()
    assert books(dispatch.pk) == Books(audience=201, accepted=1, failed=1, suppressed=199)


def test_erasure_forgets_words_that_are_still_to_come(hand):
    told(4)
    lease = hand.claim()
    accepted, refused, kept, suppressed = hand.ledger.due(lease)
    for delivery in (accepted, refused, suppressed):
        do(actions.scrub, row(delivery).subscriber_id)
        Subscriber.objects.filter(pk=row(delivery).subscriber_id).delete()
    hand.ledger.settle_many(
        [
            result(hand, lease, accepted, reply="250 <reader@example.org> ok"),
            result(hand, lease, refused, Evidence.REFUSED, "550 <reader@example.org> unknown"),
            result(hand, lease, kept, reply="250 ok"),
        ]
    )
    hand.ledger.drop_many([Drop(suppressed, lease.batch, lease.token, Evidence.WITHDRAWN, "left")], hand.now)
    assert [row(delivery).reply for delivery in (accepted, refused, kept, suppressed)] == ["", "", "250 ok", "left"]
    assert Attempt.objects.get().reply == ""
    assert Delivery.objects.filter(subscriber_id=None).count() == 3
