"""What a dead courier left behind is folded into the ledger: its journal tells what was on the wire."""

import pytest

from tests.courier.desk import row
from tests.courier.people import make_readers, tell_everyone
from tocsin.courier.ledger.journal import Reading
from tocsin.courier.ledger.results import Intent, Result
from tocsin.courier.models import Attempt, Batch, Courier, Lane
from tocsin.courier.queries import Books, books
from tocsin.courier.states import Evidence
from tocsin.lib import clock


@pytest.fixture
def leased(hand):
    """A lease over four deliveries, and their ids."""
    make_readers(4)
    dispatch = tell_everyone()
    lease = hand.claim()
    return dispatch, lease, hand.ledger.due(lease)


def intent(hand, lease, delivery, number=1) -> Intent:
    return Intent(delivery, lease.batch, lease.token, number, "relay:25", hand.now + number)


def reply(to: Intent, evidence=Evidence.TAKEN, words="250 ok") -> Result:
    finished = to.started_us + 9
    return Result(to.delivery, to.batch, to.token, to.number, to.relay, to.started_us, finished, evidence, words)


def reading(hand, replies=(), still_open=(), *, whole=True) -> Reading:
    return Reading(hand.courier, "this boot", tuple(replies), tuple(still_open), whole)


def test_a_reply_is_its_state_an_intent_is_unsure_the_rest_was_never_sent(hand, other, leased):
    dispatch, lease, (taken, on_the_wire, put_off, untouched) = leased
    replies = [
        reply(intent(hand, lease, taken)),
        reply(intent(hand, lease, put_off), Evidence.PUT_OFF, "451 later"),
    ]
    told = reading(hand, replies, [intent(hand, lease, on_the_wire)])
    assert other.ledger.bury(hand.courier, other.now, beat=0, reading=told)
    assert books(dispatch.pk) == Books(audience=4, accepted=1, unsure=1, deferred=1, planned=1)
    assert other.ledger.due(other.claim()) == [untouched]
    assert (row(taken).reply, row(put_off).reply) == ("250 ok", "451 later")
    (standing,) = other.ledger.standings(lease, [on_the_wire])
    assert standing.started_us == hand.now + 1, "the Date of a resend is the first attempt's"
    assert Courier.objects.get(pk=hand.courier).gone_us


def test_a_refusal_in_the_journal_fails_nobody_yet(hand, other, leased):
    dispatch, lease, ids = leased
    refused = [reply(intent(hand, lease, delivery), Evidence.REFUSED, "554 relay access denied") for delivery in ids]
    other.ledger.bury(hand.courier, other.now, reading=reading(hand, refused))
    assert books(dispatch.pk) == Books(audience=4, planned=4)
    assert all(standing.refused_us for standing in other.ledger.standings(lease, ids))


def test_what_was_settled_already_is_not_settled_again(hand, other, leased):
    dispatch, lease, (first, second, third, _) = leased
    tries = {delivery: intent(hand, lease, delivery) for delivery in (first, second, third)}
    results = [reply(tries[first]), reply(tries[second], Evidence.LOST, "lost"), reply(tries[third])]
    hand.ledger.settle_many(results)
    told = reading(hand, results[:2], [tries[third]])  # a full disk swallowed the last reply
    other.ledger.bury(hand.courier, other.now, reading=told)
    assert books(dispatch.pk) == Books(audience=4, accepted=2, unsure=1, planned=1)
    assert [row(delivery).attempts for delivery in tries] == [1, 1, 1]
    assert list(Attempt.objects.values_list("delivery_id", "outcome")) == [(second, "lost")]
    assert row(second).doubts == 1


@pytest.mark.parametrize("why", ["no journal", "another boot", "damaged"])
def test_without_a_whole_journal_of_this_boot_all_that_may_have_been_sent_is_unsure(hand, other, leased, why):
    dispatch, lease, (settled, replied, *_) = leased
    hand.ledger.settle_many([reply(intent(hand, lease, settled))])
    told = reading(hand, [reply(intent(hand, lease, replied))], whole=why != "damaged")
    found = None if why == "no journal" else told
    other.ledger.bury(hand.courier, other.now, reading=found, same_boot=why != "another boot")
    if found is None:
        assert books(dispatch.pk) == Books(audience=4, accepted=1, unsure=3)
    else:
        assert books(dispatch.pk) == Books(audience=4, accepted=2, unsure=2)
    assert not Batch.objects.exclude(token=None).exists()


def test_after_a_power_loss_a_reply_that_is_there_still_says_what_it_says(hand, other, leased):
    dispatch, lease, (refused, put_off, returned, _) = leased
    replies = [
        reply(intent(hand, lease, refused), Evidence.REFUSED, "550 no such user"),
        reply(intent(hand, lease, put_off), Evidence.PUT_OFF, "451 later"),
        reply(intent(hand, lease, returned), Evidence.RETURNED, "connection closed"),
    ]
    other.ledger.bury(hand.courier, other.now, reading=reading(hand, replies), same_boot=False)
    assert books(dispatch.pk) == Books(audience=4, planned=1, deferred=1, unsure=2)


def test_a_250_that_comes_after_the_blanket_doubt_settles_it(hand, other, leased):
    dispatch, lease, ids = leased
    other.ledger.bury(hand.courier, other.now, reading=None, same_boot=False)
    assert books(dispatch.pk).unsure == 4
    hand.ledger.settle_many([reply(intent(hand, lease, delivery)) for delivery in ids])
    assert books(dispatch.pk) == Books(audience=4, accepted=4)
    assert set(Attempt.objects.values_list("number", "outcome", "relay")) == {(1, "taken", "relay:25")}


def test_a_journal_found_after_the_burial_still_counts_its_250s(hand, other, leased):
    dispatch, lease, (taken, open_, *_) = leased
    other.ledger.bury(hand.courier, other.now, reading=None)
    told = reading(hand, [reply(intent(hand, lease, taken))], [intent(hand, lease, open_)])
    for _ in range(2):
        other.ledger.fold_late(told)
        assert books(dispatch.pk) == Books(audience=4, accepted=1, unsure=3)
        assert [row(delivery).doubts for delivery in (taken, open_)] == [1, 1]
        assert Attempt.objects.get(delivery=open_).relay == "relay:25"


def test_a_courier_that_beat_again_is_not_buried(hand, other, leased):
    dispatch, *_ = leased
    hand.ledger.beat(hand.courier)
    assert not other.ledger.bury(hand.courier, other.now, beat=0, reading=None)
    assert books(dispatch.pk).sending == 4


def test_nobody_is_buried_twice(hand, other, leased):
    *_, ids = leased
    assert other.ledger.bury(hand.courier, other.now, reading=None)
    assert not other.ledger.bury(hand.courier, other.now, reading=None)
    assert {row(delivery).doubts for delivery in ids} == {1}


def test_a_crowd_of_leases_is_buried_whole(hand, other):
    make_readers(1500)
    dispatch = tell_everyone()
    leases = hand.ledger.claim(hand.courier, Lane.INSTANT, hand.now, 1600)
    told = [intent(hand, lease, delivery) for lease in leases for delivery in hand.ledger.due(lease)]
    other.ledger.bury(hand.courier, other.now, reading=reading(hand, [reply(one) for one in told[:1200]], told[1200:]))
    assert books(dispatch.pk) == Books(audience=1500, accepted=1200, unsure=300)


def test_couriers_long_gone_are_forgotten(hand, other):
    other.ledger.bury(hand.courier, other.now, reading=None)
    other.ledger.register("a" * 32, "host", "boot", 1, other.now + 6 * 24 * clock.HOUR)
    assert Courier.objects.filter(pk=hand.courier).exists()
    other.ledger.register("b" * 32, "host", "boot", 1, other.now + 8 * 24 * clock.HOUR)
    assert not Courier.objects.filter(pk=hand.courier).exists()
    assert Courier.objects.count() == 3
