"""The ledger's operations, each on a real database, with a second connection to look at what was committed."""

import pytest
from django.db import transaction

from tests.courier.desk import enlist, row
from tests.courier.people import a_message, make_readers, tell_everyone
from tests.courier.running import until
from tocsin.audience.models import Address, Subscriber, Suppression
from tocsin.courier import actions
from tocsin.courier.ledger.results import Drop
from tocsin.courier.ledger.settling import DUPLICATE
from tocsin.courier.models import Attempt, Delivery, Dispatch, Lane, RelayStatus
from tocsin.courier.queries import Books, books
from tocsin.courier.states import Evidence
from tocsin.lib import clock


def told(number: int = 3, **changes: object) -> Dispatch:
    if not Address.objects.exists():
        make_readers(number)
    return tell_everyone(**changes)


def drop(hand, lease, delivery):
    evidence, reason = hand.load(delivery).drop(hand.now)
    hand.ledger.drop_many([Drop(delivery, lease.batch, lease.token, evidence, reason)], hand.now)


def test_a_claim_leases_the_batch_to_one_courier(hand, other):
    dispatch = told()
    lease = hand.claim()
    assert len(hand.ledger.due(lease)) == 3
    assert other.ledger.claim(other.courier, Lane.INSTANT, other.now, 1) == []
    assert books(dispatch.pk) == Books(audience=3, sending=3)


def test_a_claim_takes_only_its_lane(hand):
    told(kind="alert", lane=Lane.ALERT)
    assert hand.ledger.claim(hand.courier, Lane.INSTANT, hand.now, 1) == []
    assert hand.claim(Lane.ALERT).lane == Lane.ALERT


def test_what_is_released_is_planned_again(hand, other):
    dispatch = told()
    assert hand.ledger.release([hand.claim()])
    assert books(dispatch.pk) == Books(audience=3, planned=3)
    assert len(other.ledger.due(other.claim())) == 3


def test_a_courier_that_was_given_up_claims_nothing(hand, other):
    told()
    assert other.ledger.bury(hand.courier, other.now, reading=None, beat=0)
    assert hand.ledger.claim(hand.courier, Lane.INSTANT, hand.now, 1) == []
    assert not hand.ledger.beat(hand.courier)


def test_a_refusal_fails_with_the_relays_own_words(hand):
    dispatch = told(1)
    lease = hand.claim()
    (delivery,) = hand.ledger.due(lease)
    hand.settle(lease, delivery, Evidence.REFUSED, "550 5.1.1 no such user")
    assert books(dispatch.pk) == Books(audience=1, failed=1)
    assert row(delivery).reply == "550 5.1.1 no such user"
    assert Attempt.objects.get().outcome == "refused"


def test_a_4xx_is_tried_again_later_and_fails_at_its_deadline(hand):
    dispatch = told(1)
    lease = hand.claim()
    (delivery,) = hand.ledger.due(lease)
    hand.settle(lease, delivery, Evidence.PUT_OFF, "451 4.7.1 try later")
    assert books(dispatch.pk) == Books(audience=1, deferred=1)
    hand.ledger.release([lease])
    assert hand.ledger.claim(hand.courier, Lane.INSTANT, hand.now, 1) == []
    hand.now = dispatch.give_up_us
    drop(hand, hand.claim(), delivery)
    assert (row(delivery).state, row(delivery).reply) == ("failed", "deadline: 451 4.7.1 try later")


def test_a_deferral_never_passes_the_deadline(hand):
    dispatch = told(1)
    hand.now = dispatch.give_up_us - 1
    lease = hand.claim()
    (delivery,) = hand.ledger.due(lease)
    hand.settle(lease, delivery, Evidence.PUT_OFF)
    assert row(delivery).due_us == dispatch.give_up_us


def test_a_clock_that_steps_back_does_not_make_a_deferred_row_due(hand):
    dispatch = told(1)
    lease = hand.claim()
    (delivery,) = hand.ledger.due(lease)
    hand.now -= clock.HOUR
    hand.settle(lease, delivery, Evidence.PUT_OFF)
    assert books(dispatch.pk).deferred == 1
    assert not hand.ledger.due(lease)


def test_unsure_is_resent_once_and_then_waits_for_a_person(hand):
    dispatch = told(1)
    for expected_due in (True, False):
        lease = hand.claim()
        (delivery,) = hand.ledger.due(lease)
        hand.settle(lease, delivery, Evidence.LOST, "connection lost")
        assert row(delivery).state == "unsure"
        assert (row(delivery).due_us is not None) is expected_due
        hand.ledger.release([lease])
        hand.now += clock.MINUTE
    assert books(dispatch.pk) == Books(audience=1, unsure=1)
    assert hand.ledger.claim(hand.courier, Lane.INSTANT, hand.now + clock.HOUR, 1) == []
    assert hand.load(delivery).started_us == Attempt.objects.get(number=1).started_us


def test_a_person_may_have_what_is_unsure_sent_again(hand):
    dispatch = told(1)
    Dispatch.objects.update(hold_unsure=True)
    lease = hand.claim()
    (delivery,) = hand.ledger.due(lease)
    hand.settle(lease, delivery, Evidence.LOST, "connection lost")
    assert row(delivery).due_us is None
    hand.ledger.release([lease])
    with transaction.atomic():
        assert actions.resend_unsure(dispatch) == 1
    hand.now = clock.now_us()
    hand.settle(hand.claim(), delivery, Evidence.TAKEN, "250 ok")
    assert books(dispatch.pk) == Books(audience=1, accepted=1)


def test_a_late_250_wins_over_doubt(hand, other):
    dispatch = told(1)
    lease = hand.claim()
    (delivery,) = hand.ledger.due(lease)
    this = hand.intent(lease, delivery)
    other.ledger.bury(hand.courier, other.now, reading=hand.reading(still_open=[this]))
    assert books(dispatch.pk).unsure == 1
    hand.ledger.settle_many([hand.result(this)])
    assert books(dispatch.pk) == Books(audience=1, accepted=1)
    assert row(delivery).due_us is None
    assert Attempt.objects.get().outcome == "taken"


@pytest.mark.parametrize("evidence", [Evidence.REFUSED, Evidence.PUT_OFF, Evidence.LOST, Evidence.RETURNED])
def test_other_late_outcomes_move_nothing(hand, other, evidence):
    dispatch = told(1)
    lease = hand.claim()
    (delivery,) = hand.ledger.due(lease)
    this = hand.intent(lease, delivery)
    other.ledger.bury(hand.courier, other.now, reading=hand.reading(still_open=[this]))
    hand.ledger.settle_many([hand.result(this, evidence, "late words")])
    assert books(dispatch.pk) == Books(audience=1, unsure=1)
    said = evidence if evidence is not Evidence.RETURNED else Evidence.LOST
    assert Attempt.objects.get().outcome == said.value


def test_a_second_250_is_kept_as_a_duplicate(hand, other):
    dispatch = told(1)
    lease = hand.claim()
    (delivery,) = hand.ledger.due(lease)
    zombie = hand.intent(lease, delivery)
    other.ledger.bury(hand.courier, other.now, reading=hand.reading(still_open=[zombie]))
    other.now += clock.MINUTE
    other.settle(other.claim(), delivery, Evidence.TAKEN, "250 second")
    hand.ledger.settle_many([hand.result(zombie, reply="250 first")])
    assert books(dispatch.pk) == Books(audience=1, accepted=1)
    assert list(Attempt.objects.order_by("number").values_list("outcome", flat=True)) == [DUPLICATE, "taken"]
    assert row(delivery).attempts == 2


def test_a_late_250_corrects_a_failure(hand, other):
    told(1)
    lease = hand.claim()
    (delivery,) = hand.ledger.due(lease)
    zombie = hand.intent(lease, delivery)
    other.ledger.bury(hand.courier, other.now, reading=hand.reading(still_open=[zombie]))
    other.now += clock.MINUTE
    other.settle(other.claim(), delivery, Evidence.REFUSED, "550 no")
    assert row(delivery).state == "failed"
    hand.ledger.settle_many([hand.result(zombie)])
    assert row(delivery).state == "accepted"


def test_put_aside_rows_stay_planned_and_come_back(hand):
    dispatch = told(2)
    lease = hand.claim()
    aside, _ = hand.ledger.due(lease)
    met = hand.result(hand.intent(lease, aside), Evidence.RETURNED, "554 relay access denied")
    hand.ledger.put_aside_many([met])
    assert books(dispatch.pk) == Books(audience=2, planned=1, sending=1)
    hand.ledger.release([lease])
    hand.now += clock.HOUR
    assert len(hand.ledger.due(hand.claim())) == 2


def test_who_left_is_withdrawn(hand):
    told(4)
    left, deleted, suppressed, moved = Address.objects.order_by("pk")
    Subscriber.objects.filter(pk=left.subscriber_id).update(status=Subscriber.Status.LEFT)
    Subscriber.objects.filter(pk=deleted.subscriber_id).delete()
    Suppression.objects.create(address_hash=suppressed.hash, reason=Suppression.Reason.COMPLAINED)
    Address.objects.filter(pk=moved.pk).update(value="new@example.org", hash=b"0" * 16)
    lease = hand.claim()
    for delivery in hand.ledger.due(lease):
        drop(hand, lease, delivery)
        assert row(delivery).state == "suppressed"
    replies = set(Delivery.objects.values_list("reply", flat=True))
    assert replies == {
        "The reader unsubscribed.",
        "The reader deleted or changed this address.",
        "The address is suppressed: complained.",
    }


@pytest.mark.parametrize(("reason", "goes_out"), [("unsubscribed", True), ("bounced", False)])
def test_a_mail_a_reader_asked_for_reaches_who_unsubscribed(hand, reason, goes_out):
    (reader,) = make_readers(1)
    Suppression.objects.create(address_hash=reader.hash, reason=reason)
    Subscriber.objects.update(status=Subscriber.Status.LEFT)
    with transaction.atomic():
        actions.tell_one(kind="reader", lane=Lane.TRANSACTIONAL, message=a_message(), title="", address=reader)
    (delivery,) = hand.ledger.due(hand.claim(Lane.TRANSACTIONAL))
    assert (hand.load(delivery).drop(hand.now) is None) is goes_out


def test_a_message_is_read_as_it_was_planned(hand):
    told(1)
    (delivery,) = hand.ledger.due(hand.claim())
    standing = hand.load(delivery)
    assert hand.ledger.edition(standing.edition) == a_message()
    reader = Address.objects.select_related("subscriber").get()
    assert (standing.address, standing.name, standing.public_id) == (
        reader.value,
        reader.subscriber.name,
        reader.subscriber.public_id.bytes,
    )


def test_relay_statuses_keep_the_moment_trouble_began(hand):
    seen = [("", 1), ("", 2), ("421 busy", 3), ("connection refused", 4), ("", 5)]
    kept = []
    for trouble, now in seen:
        hand.ledger.relay_seen("a:25", trouble, now)
        kept.append(RelayStatus.objects.values_list("trouble", "since_us").get())
    assert kept == [("", 1), ("", 1), ("421 busy", 3), ("connection refused", 3), ("", 5)]
    hand.ledger.relays_are({"b:25"})
    assert not RelayStatus.objects.exists()


def test_the_doorbell_rings_when_something_is_planned(committed, hand):
    database = hand.ledger._database
    database.rang()
    assert not database.rang()
    told(1)
    until(database.rang)
    assert not database.rang()


def test_the_ledger_lists_the_other_couriers(hand, other):
    assert [found["id"] for found in hand.ledger.others(hand.courier)] == [other.courier]
    other.ledger.bury(other.courier, other.now, reading=None)
    assert hand.ledger.others(hand.courier) == []
    enlist(hand.ledger)
    assert len(hand.ledger.others(hand.courier)) == 1


def test_what_a_courier_holds_without_knowing_is_given_back(hand, other):
    make_readers(600)
    dispatch = tell_everyone()
    known, *_ = hand.ledger.claim(hand.courier, Lane.INSTANT, hand.now, 600)
    assert hand.ledger.release_strays(hand.courier, {known.token}) == 2
    assert books(dispatch.pk) == Books(audience=600, planned=400, sending=200)


def test_erasure_forgets_the_relays_words(hand):
    told(2)
    lease = hand.claim()
    erased, kept = hand.ledger.due(lease)
    for delivery in (erased, kept):
        hand.settle(lease, delivery, Evidence.REFUSED, f"550 5.1.1 <{hand.load(delivery).address}> unknown")
    with transaction.atomic():
        subscriber = row(erased).subscriber_id
        actions.scrub(subscriber)
        Subscriber.objects.filter(pk=subscriber).delete()
    assert (row(erased).state, row(erased).reply) == ("failed", "")
    assert row(kept).reply
    assert Attempt.objects.exclude(reply="").get().delivery_id == kept
