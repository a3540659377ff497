"""Planning: the audience is frozen, everyone once, in the caller's transaction."""

import pytest
from django.db import connection, transaction

from tests.courier.people import a_message, make_readers, tell_everyone
from tocsin.audience.models import Publication, Subscriber, Suppression
from tocsin.audience.queries import recipients
from tocsin.courier import actions, queries
from tocsin.courier.models import Batch, Courier, Delivery, Dispatch, Lane, Telling
from tocsin.courier.queries import Books, books
from tocsin.lib import clock
from tocsin.lib.errors import Refused

pytestmark = pytest.mark.django_db


def test_everyone_who_asked_is_planned_once():
    readers = make_readers(3)
    dispatch = tell_everyone()
    assert books(dispatch.pk) == Books(audience=3, planned=3)
    assert sorted(Delivery.objects.values_list("address_id", flat=True)) == [reader.pk for reader in readers]


def test_nobody_asked_is_a_telling_of_nobody():
    dispatch = tell_everyone()
    assert books(dispatch.pk) == Books(audience=0)
    assert books(dispatch.pk).settled
    assert not Batch.objects.exists()


def test_what_rolls_back_was_never_told():
    make_readers(2)
    with transaction.atomic():
        tell_everyone()
        transaction.set_rollback(True)
    assert not Dispatch.objects.exists()
    assert not Delivery.objects.exists()
    assert not Telling.objects.exists()


def test_a_post_is_told_to_an_address_only_once():
    make_readers(2)
    tell_everyone(post_id=7)
    make_readers(1, prefix="late")
    again = tell_everyone(post_id=7)
    assert books(again.pk) == Books(audience=1, planned=1)
    assert books(tell_everyone(post_id=8).pk).audience == 3


def test_a_correction_reaches_those_who_were_told():
    make_readers(3)
    tell_everyone(post_id=7)
    make_readers(1, prefix="late")
    correction = tell_everyone(
        post_id=7, first=False, kind=Dispatch.Kind.CORRECTION, audience=queries.told_addresses(7)
    )
    assert books(correction.pk).audience == 3


def test_a_correction_spares_those_the_first_telling_did_not_reach():
    first, second, third = make_readers(3)
    dispatch = tell_everyone(post_id=7)
    Delivery.objects.filter(address_id=first.pk).update(state="failed")
    Suppression.objects.create(address_hash=second.hash, reason=Suppression.Reason.MANUAL)
    told = queries.told_addresses(7).values_list("id", flat=True)
    assert list(told) == [third.pk]
    assert queries.dispatches_of_post(7).get() == dispatch


def test_whoever_was_withdrawn_before_their_turn_can_be_told_again():
    first, second = make_readers(2)
    dispatch = tell_everyone(post_id=7)
    Delivery.objects.filter(address_id=first.pk).update(state="accepted", due_us=None)
    assert actions.cancel(dispatch, "The post was withdrawn.") == 1
    assert list(queries.told_addresses(7).values_list("id", flat=True)) == [first.pk]
    again = queries.told_addresses(7, withdrawn=True).values_list("id", flat=True)
    assert list(again) == [first.pk, second.pk]


def test_a_suppressed_or_departed_reader_is_not_planned():
    first, second, _ = make_readers(3)
    Subscriber.objects.filter(pk=first.subscriber_id).update(status=Subscriber.Status.LEFT)
    Suppression.objects.create(address_hash=second.hash, reason=Suppression.Reason.MANUAL)
    assert books(tell_everyone().pk).audience == 1


def test_batches_cover_the_deliveries_in_slices():
    make_readers(actions.BATCH_ROWS * 2 + 1)
    dispatch = tell_everyone(lane=Lane.ALERT, kind=Dispatch.Kind.ALERT)
    sizes = [
        Delivery.objects.filter(dispatch=dispatch, pk__range=(batch.first_id, batch.last_id)).count()
        for batch in Batch.objects.order_by("id")
    ]
    assert sizes == [actions.BATCH_ROWS, actions.BATCH_ROWS, 1]
    assert set(Batch.objects.values_list("lane", "due_us")) == {(Lane.ALERT, 0)}


def test_a_staff_mail_needs_no_subscriber():
    message = a_message(to_address="chief@example.org")
    with transaction.atomic():
        dispatch = actions.tell_one(kind="staff", lane=Lane.TRANSACTIONAL, message=message, title="Reset", address=None)
    assert books(dispatch.pk) == Books(audience=1, planned=1)
    assert [row.address for row in queries.listing(dispatch.pk, "planned")] == ["chief@example.org"]


def test_a_staff_mail_to_no_address_is_refused():
    with transaction.atomic(), pytest.raises(Refused):
        actions.tell_one(
            kind="staff", lane=Lane.TRANSACTIONAL, message=a_message(to_address="nobody"), title="", address=None
        )


def test_a_mail_to_one_reader():
    (reader,) = make_readers(1)
    with transaction.atomic():
        dispatch = actions.tell_one(
            kind="reader", lane=Lane.TRANSACTIONAL, message=a_message(), title="Confirm", address=reader
        )
    assert [row.address for row in queries.listing(dispatch.pk, "planned")] == ["reader1@example.org"]


def test_the_publications_policy_is_kept_with_the_dispatch():
    Publication.objects.update(unsure_policy=Publication.UnsurePolicy.HOLD)
    assert tell_everyone().hold_unsure


def test_cancelling_suppresses_what_is_not_settled():
    make_readers(4)
    dispatch = tell_everyone()
    ids = list(Delivery.objects.values_list("pk", flat=True))
    Delivery.objects.filter(pk=ids[0]).update(state="accepted", due_us=None)
    Delivery.objects.filter(pk=ids[1]).update(state="deferred", due_us=5)
    Delivery.objects.filter(pk=ids[2]).update(state="unsure", due_us=None)
    with transaction.atomic():
        assert actions.cancel(dispatch, "The post was withdrawn.") == 3
    assert books(dispatch.pk) == Books(audience=4, accepted=1, suppressed=3)
    assert {row.reply for row in queries.listing(dispatch.pk, "suppressed")} == {"The post was withdrawn."}
    assert Batch.objects.get().due_us is None
    dispatch.refresh_from_db()
    assert dispatch.cancelled_us


def test_rows_of_a_leased_batch_are_shown_as_sending():
    make_readers(3)
    dispatch = tell_everyone()
    courier = Courier.objects.create(id="0" * 32, host="here", boot="b", pid=1, started_us=1)
    Batch.objects.update(token=1, courier=courier, leased_us=clock.now_us())
    later = Delivery.objects.order_by("pk").last()
    Delivery.objects.filter(pk=later.pk).update(state="deferred", due_us=clock.now_us() + clock.MINUTE)
    assert books(dispatch.pk) == Books(audience=3, sending=2, deferred=1)
    assert len(list(queries.listing(dispatch.pk, "sending"))) == 2
    assert len(list(queries.listing(dispatch.pk, "planned"))) == 0


def test_the_books_of_no_dispatch_are_refused():
    with pytest.raises(Dispatch.DoesNotExist):
        books(404)


def test_an_audience_with_parameters_of_every_sort_compiles():
    make_readers(2)
    odd = recipients(topics=["100%s", "кава"], authors=["%"], cadences=["instant", "daily"])
    assert books(tell_everyone(audience=odd).pk).audience == 2
    assert connection.in_atomic_block


def test_what_one_subscriber_was_sent_is_found_newest_first():
    mira, _ = make_readers(2)
    first, second = tell_everyone(), tell_everyone(post_id=2)
    sent = queries.sent_to(mira.subscriber_id)
    assert [delivery.dispatch for delivery in sent] == [second, first]
    plan = sent.explain()
    assert "sent_to_one" in plan or connection.vendor == "postgresql", plan  # a small table is scanned there
