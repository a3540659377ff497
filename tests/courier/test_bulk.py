"""Many deliveries at a time: what one statement does is what the slow way does, one by one."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.courier.desk import row
from tests.courier.people import make_readers, tell_everyone
from tocsin.courier.ledger.results import Drop, Result
from tocsin.courier.ledger.settling import DUPLICATE
from tocsin.courier.models import Attempt, Batch, Delivery, Dispatch, Lane
from tocsin.courier.queries import Books, books
from tocsin.courier.states import Evidence
from tocsin.lib import clock


def told(number=3, **changes):
    make_readers(number)
    return tell_everyone(**changes)


def result(hand, lease, delivery, evidence=Evidence.TAKEN, number=1, reply="250 ok", **changes) -> Result:
    values = {"started_us": hand.now, "finished_us": hand.now + 5} | changes
    return Result(delivery, lease.batch, lease.token, number, "relay:25", evidence=evidence, reply=reply, **values)


def test_several_batches_are_claimed_at_once(hand, other):
    dispatch = told(900)
    leases = hand.ledger.claim(hand.courier, Lane.INSTANT, hand.now, 600)
    assert [len(hand.ledger.due(lease)) for lease in leases] == [200, 200, 200]
    assert len({lease.token for lease in leases}) == 3
    rest = other.ledger.claim(other.courier, Lane.INSTANT, other.now, 600)
    assert sum(len(other.ledger.due(lease)) for lease in rest) == 300
    assert hand.ledger.release(leases) == 3
    assert hand.ledger.release(leases) == 0
    assert books(dispatch.pk) == Books(audience=900, planned=600, sending=300)


def test_small_batches_are_claimed_until_there_is_enough(hand):
    make_readers(1)
    for post in range(30):
        tell_everyone(post_id=post)
    assert len(hand.ledger.claim(hand.courier, Lane.INSTANT, hand.now, 25)) == 25
    assert len(hand.ledger.claim(hand.courier, Lane.INSTANT, hand.now, 25)) == 5


def test_no_more_is_claimed_when_later_batches_were_larger(hand):
    told(1)
    make_readers(1000, prefix="more")
    tell_everyone(post_id=2)
    assert len(hand.ledger.claim(hand.courier, Lane.INSTANT, hand.now, 3)) == 3


def test_an_accepted_first_attempt_leaves_no_row_but_the_deliverys(hand):
    dispatch = told(3)
    lease = hand.claim()
    ids = hand.ledger.due(lease)
    hand.ledger.settle_many([result(hand, lease, delivery, reply=f"250 2.0.0 {delivery}") for delivery in ids])
    assert books(dispatch.pk) == Books(audience=3, accepted=3)
    assert not Attempt.objects.exists()
    settled = row(ids[1])
    assert (settled.attempts, settled.at_us, settled.reply) == (1, hand.now + 5, f"250 2.0.0 {ids[1]}")
    hand.ledger.release([lease])
    assert Batch.objects.get().due_us is None


def test_a_second_attempt_is_written_down_and_has_the_first_ones_date(hand):
    told(1)
    lease = hand.claim()
    (delivery,) = hand.ledger.due(lease)
    hand.ledger.settle_many([result(hand, lease, delivery, Evidence.PUT_OFF, reply="451 later")])
    (standing,) = hand.ledger.standings(lease, [delivery])
    assert (standing.attempts, standing.started_us) == (1, hand.now)
    hand.ledger.settle_many([result(hand, lease, delivery, number=2, started_us=hand.now + clock.MINUTE)])
    assert list(Attempt.objects.order_by("number").values_list("outcome", flat=True)) == ["put off", "taken"]
    assert (row(delivery).state, row(delivery).attempts) == ("accepted", 2)


def test_a_late_250_of_who_was_buried_wins_and_a_second_is_a_duplicate(hand, other):
    dispatch = told(2)
    lease = hand.claim()
    planned, failed = hand.ledger.due(lease)
    other.ledger.bury(hand.courier, other.now, reading=hand.reading())
    taken_over = other.claim()
    other.now += clock.MINUTE
    other.ledger.settle_many(
        [result(other, taken_over, planned), result(other, taken_over, failed, Evidence.REFUSED, reply="550 no")]
    )
    late = [result(hand, lease, planned, reply="250 first"), result(hand, lease, failed, reply="250 first")]
    for _ in range(2):
        hand.ledger.settle_many(late)
        assert books(dispatch.pk) == Books(audience=2, accepted=2)
        assert row(planned).reply == "250 ok"
        outcomes = Attempt.objects.order_by("delivery_id", "number").values_list("number", "outcome")
        assert list(outcomes) == [(2, DUPLICATE), (1, "refused"), (2, "taken")]


@pytest.mark.parametrize("evidence", [Evidence.REFUSED, Evidence.PUT_OFF, Evidence.LOST, Evidence.RETURNED])
def test_other_results_count_only_under_a_lease(hand, other, evidence):
    dispatch = told(1)
    lease = hand.claim()
    (delivery,) = hand.ledger.due(lease)
    other.ledger.bury(hand.courier, other.now, reading=hand.reading())
    hand.ledger.settle_many([result(hand, lease, delivery, evidence)])
    assert books(dispatch.pk) == Books(audience=1, planned=1)
    assert Attempt.objects.count() == (evidence is not Evidence.RETURNED)


def test_what_is_returned_leaves_no_trace(hand):
    dispatch = told(1)
    lease = hand.claim()
    (delivery,) = hand.ledger.due(lease)
    hand.ledger.settle_many([result(hand, lease, delivery, Evidence.RETURNED)])
    assert row(delivery).attempts == 0
    assert books(dispatch.pk).sending == 1


def test_a_noted_refusal_waits_for_its_decision(hand):
    dispatch = told(3)
    lease = hand.claim()
    noted = [result(hand, lease, delivery, Evidence.REFUSED, reply="550 no") for delivery in hand.ledger.due(lease)]
    hand.ledger.note_many(noted)
    assert books(dispatch.pk).sending == 3
    assert all(standing.refused_us == hand.now for standing in hand.ledger.standings(lease, range(1, 4)))
    hand.ledger.decide_many([noted[0]])
    hand.ledger.put_aside_many([noted[1]])
    assert books(dispatch.pk) == Books(audience=3, failed=1, planned=1, sending=1)
    assert set(Attempt.objects.values_list("number", "outcome")) == {(1, "refused")}


def test_dropping_many(hand):
    dispatch = told(4)
    lease = hand.claim()
    unsure, composed, left, held = hand.ledger.due(lease)
    hand.ledger.settle_many([result(hand, lease, unsure, Evidence.LOST)])
    reasons = {unsure: Evidence.UNSENDABLE, composed: Evidence.UNSENDABLE, left: Evidence.WITHDRAWN}
    drops = [Drop(delivery, lease.batch, lease.token, why, "words") for delivery, why in reasons.items()]
    hand.ledger.drop_many([*drops, Drop(held, lease.batch, lease.token + 1, Evidence.WITHDRAWN, "not ours")], hand.now)
    assert books(dispatch.pk) == Books(audience=4, unsure=1, failed=1, suppressed=1, sending=1)
    assert row(unsure).due_us is None


def test_words_from_outside_are_kept_short_and_plain(hand):
    told(2)
    lease = hand.claim()
    plain, careful = hand.ledger.due(lease)
    odd = 'ok \0 "quoted" \ud7ff ☃ ' + "x" * 5000
    hand.ledger.settle_many(
        [result(hand, lease, plain, reply=odd), result(hand, lease, careful, Evidence.PUT_OFF, reply=odd)]
    )
    for delivery in (plain, careful):
        assert row(delivery).reply.startswith('ok  "quoted" \ud7ff ☃ xx')
        assert len(row(delivery).reply) <= 1000


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 3),  # which delivery
        st.integers(1, 3),  # attempt number
        st.sampled_from(list(Evidence)[1:6]),
        st.booleans(),  # under a lease that is still held
        st.integers(0, 2),  # which of the couriers that may have started it
    ),
    max_size=12,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS)
def test_many_at_once_is_the_same_as_one_after_the_other(hand, events):
    hand.ledger._chance = hand.ledger._settling._chance = random.Random(1)
    hand.ledger._settling._chance.uniform = lambda low, high: 1.0
    if not Dispatch.objects.exists():
        make_readers(4)
    outcomes = []
    for one_by_one in (True, False):
        dispatch = tell_everyone(post_id=Dispatch.objects.count() + 1)
        lease = next(lease for lease in all_due(hand) if lease.dispatch == dispatch.pk)
        ids = hand.ledger.due(lease)
        Delivery.objects.filter(dispatch=dispatch).update(at_us=hand.now)
        results = [
            Result(
                ids[which], lease.batch, lease.token + (not held), number, "relay:25", start, start + 9, evidence, "w"
            )
            for which, number, evidence, held, who in events
            for start in (hand.now + 1000 * number + who,)
        ]
        for part in [[one] for one in results] if one_by_one else [results]:
            hand.ledger.settle_many(part)
            assert books(dispatch.pk).balanced
        outcomes.append((picture(ids), books(dispatch.pk)))
        hand.ledger.settle_many([one for one in results if one.evidence is Evidence.TAKEN][-1:])
        assert (picture(ids), books(dispatch.pk)) == outcomes[-1], "the same again changes nothing"
    assert outcomes[0] == outcomes[1]


def all_due(hand):
    return hand.ledger.claim(hand.courier, Lane.INSTANT, hand.now, 10_000)


def picture(ids):
    """All the ledger has of some deliveries, without their ids."""
    fields = ("state", "due_us", "attempts", "doubts", "at_us", "reply")
    rows = [Delivery.objects.filter(pk=delivery).values_list(*fields).get() for delivery in ids]
    tries = ("number", "relay", "started_us", "finished_us", "outcome", "reply")
    return [
        (found, list(Attempt.objects.filter(delivery=delivery).order_by("number").values_list(*tries)))
        for found, delivery in zip(rows, ids, strict=True)
    ]
