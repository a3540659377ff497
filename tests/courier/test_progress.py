"""How a telling is getting on: the rate, the time left, and the reasons in words many deliveries share."""

import pytest

from tests.courier.people import make_readers, tell_everyone
from tocsin.courier import queries
from tocsin.courier.models import Batch, Courier, Delivery, Dispatch
from tocsin.courier.queries import Books, Reason
from tocsin.lib import clock

pytestmark = pytest.mark.django_db

NOW = 1_795_000_000 * clock.SECOND


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch):
    monkeypatch.setattr(clock, "now_us", lambda: NOW)


def telling(readers: int) -> Dispatch:
    """Everybody waits; a minute ago it was planned, and nothing moved since."""
    make_readers(readers)
    dispatch = tell_everyone()
    Delivery.objects.update(at_us=NOW - clock.MINUTE)
    return dispatch


def move(count: int, state: str, *, ago: float = 0, reply: str = "", due_us: int | None = None) -> None:
    """Some of those that wait have come into a state, so many seconds ago."""
    some = Delivery.objects.filter(state="planned").order_by("id")[:count].values_list("id", flat=True)
    at_us = NOW - round(ago * clock.SECOND)
    Delivery.objects.filter(pk__in=list(some)).update(state=state, at_us=at_us, reply=reply, due_us=due_us)


def test_before_anything_moved_nobody_can_say_how_long_it_takes():
    progress = queries.progress(telling(3).pk)
    assert progress.books == Books(audience=3, planned=3)
    assert (progress.rate, progress.seconds_left, progress.percent, progress.reasons) == (0.0, None, 0, [])


def test_the_rate_is_that_of_the_last_seconds():
    dispatch = telling(20)
    move(5, "accepted", ago=30)
    move(3, "accepted", ago=4)
    move(1, "failed", ago=2)
    progress = queries.progress(dispatch.pk)
    assert progress.rate == 1.0  # four in four seconds
    assert progress.seconds_left == 11
    assert progress.percent == 45


def test_what_was_only_withdrawn_is_no_pace():
    dispatch = telling(4)
    move(2, "suppressed", ago=1)
    assert queries.progress(dispatch.pk).rate == 0


def test_another_tellings_moves_are_not_counted():
    dispatch = telling(3)
    move(2, "accepted", ago=1)
    other = tell_everyone(post_id=8)
    assert queries.progress(other.pk).rate == 0
    assert queries.progress(dispatch.pk).rate == 2


def test_when_only_retries_are_left_it_is_said_when_the_next_is():
    dispatch = telling(2)
    move(1, "accepted", ago=60)
    move(1, "deferred", ago=20, reply="450 later", due_us=NOW + clock.MINUTE)
    Batch.objects.update(due_us=NOW + clock.MINUTE)
    progress = queries.progress(dispatch.pk)
    assert progress.seconds_left is None
    assert progress.next_try == clock.to_datetime(NOW + clock.MINUTE)
    assert progress.unsettled == 1


def test_when_all_is_settled_no_time_is_left():
    dispatch = telling(2)
    move(2, "accepted", ago=60)
    progress = queries.progress(dispatch.pk)
    assert (progress.seconds_left, progress.percent, progress.next_try) == (0.0, 100, None)


def test_a_telling_of_nobody_is_done():
    assert queries.progress(tell_everyone().pk).percent == 100


def test_what_is_in_hand_counts_as_a_turn_to_come():
    dispatch = telling(4)
    move(2, "accepted", ago=1)
    courier = Courier.objects.create(id="0" * 32, host="h", boot="b", pid=1, started_us=NOW)
    Batch.objects.update(token=1, courier=courier, leased_us=NOW)
    progress = queries.progress(dispatch.pk)
    assert progress.books == Books(audience=4, sending=2, accepted=2)
    assert progress.seconds_left == 1


def test_reasons_are_grouped_whoever_they_name():
    dispatch = telling(9)
    move(1, "failed", reply="550 5.1.1 <anna@example.org>: unknown")
    move(1, "failed", reply="550 5.1.1 <bert@example.org>: unknown")
    move(1, "failed", reply="552 too large")
    move(2, "deferred", reply="451 4.7.1 Greylisted")
    move(1, "suppressed", reply="The reader unsubscribed.")
    move(1, "accepted", reply="250 queued")
    assert queries.progress(dispatch.pk).reasons == [
        Reason("deferred", "451 4.7.1 Greylisted", 2),
        Reason("failed", "550 5.1.1 …: unknown", 2),
        Reason("failed", "552 too large", 1),
        Reason("suppressed", "The reader unsubscribed.", 1),
    ]


def test_the_progress_of_no_dispatch_is_refused():
    with pytest.raises(Dispatch.DoesNotExist):
        queries.progress(404)
