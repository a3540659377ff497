"""A change of many readers: who is meant is frozen, it goes on where it was cut off, and it counts once."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from tests.audience.people import subscribe, topic
from tests.readers import readers
from tocsin.audience.models import Subscription, Suppression
from tocsin.audience.selection import Selection
from tocsin.desk.models import BulkChange
from tocsin.desk.readers import changes, tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def by_twos(monkeypatch):
    monkeypatch.setattr(changes, "CHUNK", 2)


def enqueued() -> list[list[int]]:
    ours = DBTaskResult.objects.filter(task_path__startswith="tocsin.desk.readers")
    return [result.args_kwargs["args"] for result in ours]


def begun(verb: str = "suppress", number: int = 5, **argument: object) -> BulkChange:
    return changes.begin(verb, argument or {"why": "gone"}, Selection(), expected=number, by="ed")


def test_who_joins_later_is_not_meant(by_twos):
    readers(3)
    change = begun(number=3)
    subscribe("later@example.org")
    changes.carry_out(change.pk)
    assert Suppression.objects.count() == 3


def test_it_goes_on_where_it_was_cut_off(by_twos):
    readers(5)
    change = begun()
    assert changes.step(change.pk)
    change.refresh_from_db()
    assert (change.done, change.finished_at) == (2, None)
    changes.carry_out(change.pk)
    change.refresh_from_db()
    assert (change.done, change.changed, change.problem) == (5, 5, "")
    assert change.finished_at is not None
    assert not changes.step(change.pk)


def test_what_was_looked_for_is_forgotten_once_it_is_over():
    readers(2)
    subscribe("mira@example.org")
    done = changes.begin("suppress", {"why": "gone"}, Selection(search="mira@"), expected=1, by="ed")
    changes.carry_out(done.pk)
    water = topic("water")
    argument = {"followable": water.pk, "cadence": "daily"}
    given_up = changes.begin("follow", argument, Selection(search="mira@"), expected=1, by="ed")
    water.delete()
    changes.carry_out(given_up.pk)
    assert Suppression.objects.count() == 1
    for change in (done, given_up):
        assert "mira@" in str(change.selection)
        change.refresh_from_db()
        assert change.selection == {}


def test_a_chunk_that_fails_leaves_nothing_half_done(by_twos, monkeypatch):
    readers(5)
    change = begun()
    changes.step(change.pk)

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as broken:
        broken.setattr(BulkChange, "save", breaks)
        with pytest.raises(RuntimeError):
            changes.step(change.pk)
    assert Suppression.objects.count() == 2
    changes.carry_out(change.pk)
    assert Suppression.objects.count() == 5


def test_those_who_drop_out_of_what_was_looked_for_are_skipped_not_missed(by_twos):
    people = readers(5)
    everyone = people[0].subscriptions.get().followable
    meant = Selection(followable=everyone.pk)
    change = changes.begin("unfollow", {"followable": everyone.pk}, meant, expected=5, by="ed")
    changes.carry_out(change.pk)
    assert not Subscription.objects.exists()


def test_a_stalled_change_is_enqueued_again_but_not_one_under_way():
    readers(2)
    change = begun(number=2)
    tasks.enqueue_stalled()
    assert enqueued() == []
    BulkChange.objects.update(touched_at=timezone.now() - timedelta(minutes=2))
    tasks.enqueue_stalled()
    tasks.enqueue_stalled()
    assert enqueued() == [[change.pk]]


def test_it_is_given_up_when_what_it_names_is_gone():
    readers(1)
    water = topic("water")
    change = begun("follow", 1, followable=water.pk, cadence="daily")
    water.delete()
    changes.carry_out(change.pk)
    change.refresh_from_db()
    assert "is gone" in change.problem
    assert changes.stalled() == []
