"""Old tellings stop naming readers; their books stay."""

import pytest
from django.db import transaction

from tests.courier.people import make_readers, tell_everyone
from tocsin.courier import actions
from tocsin.courier.ledger import dispatches
from tocsin.courier.models import Attempt, Delivery, Dispatch
from tocsin.courier.queries import books, sent_to

DAY_US = 86_400_000_000


def sent(days_ago: int) -> Dispatch:
    """A telling of some days ago, settled with words that name a reader."""
    dispatch = tell_everyone(post_id=days_ago)
    Dispatch.objects.filter(pk=dispatch.pk).update(created_us=dispatch.created_us - days_ago * DAY_US)
    Delivery.objects.filter(dispatch=dispatch).update(state="failed", due_us=None, attempts=1, reply="550 <mira@x>")
    for delivery in Delivery.objects.filter(dispatch=dispatch):
        Attempt.objects.create(
            delivery=delivery, number=1, relay="r", started_us=1, finished_us=2, outcome="refused", reply="550 <mira@x>"
        )
    return dispatch


def forget_all(days: int) -> int:
    """How many pieces it took."""
    pieces = 0
    with transaction.atomic():
        while actions.forget_readers(days):
            pieces += 1
    return pieces


@pytest.mark.django_db
def test_an_old_telling_names_nobody_and_its_books_balance():
    readers = make_readers(3)
    old, new = sent(400), sent(300)
    hashes = set(map(bytes, Delivery.objects.filter(dispatch=old).values_list("address_hash", flat=True)))
    before = books(old.pk)
    forget_all(365)
    rows = Delivery.objects.filter(dispatch=old)
    assert set(rows.values_list("subscriber_id", "address_id", "reply", "state")) == {(None, 0, "", "failed")}
    assert set(map(bytes, rows.values_list("address_hash", flat=True))) == hashes
    assert set(Attempt.objects.filter(delivery__dispatch=old).values_list("reply", "outcome")) == {("", "refused")}
    assert books(old.pk) == before
    assert before.balanced
    assert [delivery.dispatch for delivery in sent_to(readers[0].subscriber_id)] == [new]
    assert not Attempt.objects.filter(delivery__dispatch=new, reply="").exists()


@pytest.mark.django_db
def test_it_goes_on_piece_by_piece_and_comes_to_an_end(monkeypatch):
    monkeypatch.setattr(dispatches, "FORGOTTEN_AT_ONCE", 1)
    monkeypatch.setattr(actions, "BATCH_ROWS", 2)
    make_readers(5)
    dispatch = sent(400)
    assert actions.forget_readers(365)
    assert Delivery.objects.filter(dispatch=dispatch, subscriber_id=None).count() == 2
    assert forget_all(365) == 3  # two more, and one that finds nothing left
    assert not Delivery.objects.filter(dispatch=dispatch, subscriber_id__isnull=False).exists()
    assert Dispatch.objects.get().forgotten_us is not None
    assert forget_all(365) == 0


def test_what_nobody_sent_for_so_long_is_not_sent_to_a_stranger(hand):
    make_readers(1)
    dispatch = tell_everyone()
    Dispatch.objects.update(created_us=dispatch.created_us - 400 * DAY_US)
    forget_all(365)
    lease = hand.claim()
    [delivery] = hand.ledger.due(lease)
    [standing] = hand.ledger.standings(lease, [delivery])
    assert not standing.for_staff
    assert standing.drop(hand.now) is not None
