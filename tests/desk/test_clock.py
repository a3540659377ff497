"""What happens because it is time: posts go live and come down with nobody asking."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from tests.posts import draft, publish, published
from tests.readers import readers
from tocsin.content.models import PostPage
from tocsin.courier.models import Delivery, Dispatch
from tocsin.desk import clock, retention, sweep, watchdog
from tocsin.desk.publish import WITHDRAWN


@pytest.fixture(autouse=True)
def fresh_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_patience", clock.Patience())
    monkeypatch.setattr(clock, "_sweeping", clock.Every(30))
    monkeypatch.setattr(clock, "_watching", clock.Every(30))
    monkeypatch.setattr(clock, "_forgetting", clock.Every(3600))


def scheduled(title: str = "Tomorrow's news", *, due: bool = True, **fields: Any) -> PostPage:
    """A post scheduled for a minute from now; with `due` that minute is over."""
    post = publish(draft(title, go_live_at=timezone.now() + timedelta(minutes=1), **fields))
    if due:
        moment = timezone.now() - timedelta(seconds=1)
        revision = post.get_latest_revision()
        revision.approved_go_live_at = moment
        revision.content["go_live_at"] = moment.isoformat()
        revision.save()
        PostPage.objects.filter(pk=post.pk).update(go_live_at=moment)
    return post


def is_live(post: PostPage) -> bool:
    return PostPage.objects.get(pk=post.pk).live


@pytest.mark.django_db
def test_a_scheduled_post_goes_live_and_its_readers_are_told():
    readers(2)
    post = scheduled()
    clock.tick()
    assert is_live(post)
    assert Dispatch.objects.get().audience == 2


@pytest.mark.django_db
def test_a_post_goes_live_once_however_often_the_clock_ticks():
    readers(1)
    scheduled()
    clock.tick()
    clock.tick()
    assert Dispatch.objects.count() == 1


@pytest.mark.django_db
def test_nothing_goes_live_before_its_time():
    post = scheduled(due=False)
    clock.tick()
    assert not is_live(post)


@pytest.mark.django_db
def test_a_post_whose_time_is_over_comes_down_and_is_withdrawn():
    readers(2)
    post = published()
    PostPage.objects.filter(pk=post.pk).update(expire_at=timezone.now() - timedelta(seconds=1))
    clock.tick()
    fresh = PostPage.objects.get(pk=post.pk)
    assert (fresh.live, fresh.expired) == (False, True)
    assert set(Delivery.objects.values_list("state", "reply")) == {("suppressed", WITHDRAWN)}


@pytest.mark.django_db
def test_what_is_over_before_it_began_never_goes_live():
    readers(1)
    post = scheduled()
    revision = post.get_latest_revision()
    revision.content["expire_at"] = (timezone.now() - timedelta(milliseconds=500)).isoformat()
    revision.save()
    clock.tick()
    assert not is_live(post)
    assert not Dispatch.objects.exists()


@pytest.mark.django_db
def test_a_post_that_cannot_go_live_holds_up_no_other(monkeypatch, caplog):
    bad, good = scheduled("Bad"), scheduled("Good")
    real = clock.publish_revision

    def publish_all_but_one(revision: Any) -> None:
        if revision.object_str == "Bad":
            raise RuntimeError("no ink")
        real(revision)

    monkeypatch.setattr(clock, "publish_revision", publish_all_but_one)
    monkeypatch.setattr(clock, "FIRST_PAUSE", clock.LONGEST_PAUSE)
    clock.tick()
    assert (is_live(bad), is_live(good)) == (False, True)
    assert "no ink" in caplog.text
    monkeypatch.setattr(clock, "publish_revision", real)
    clock.tick()
    assert not is_live(bad)  # not yet: it is given a pause
    monkeypatch.setattr(clock, "_patience", clock.Patience())
    clock.tick()
    assert is_live(bad)


@pytest.mark.django_db
def test_sweep_watchdog_and_forgetting_run_at_their_intervals(monkeypatch):
    ran: list[str] = []
    monkeypatch.setattr(retention, "piece", lambda: ran.append("forget"))
    monkeypatch.setattr(sweep, "sweep", lambda: ran.append("sweep"))
    monkeypatch.setattr(watchdog, "watch", lambda: ran.append("watch"))
    clock.tick()
    clock.tick()
    assert ran == ["sweep", "watch", "forget"]


def test_patience_doubles_and_forgets():
    patience = clock.Patience()
    patience.failed("x", 100.0)
    assert not patience.may_try("x", 101.9)
    assert patience.may_try("x", 102.0)
    patience.failed("x", 102.0)
    assert not patience.may_try("x", 105.9)
    patience.succeeded("x")
    assert patience.may_try("x", 0.0)


def test_two_clocks_at_once_publish_once(committed):
    readers(3)
    post = scheduled()
    start = threading.Barrier(2)
    failures: list[Exception] = []

    def run() -> None:
        try:
            start.wait(10)
            clock.tick()
        except Exception as error:  # noqa: BLE001 - told below
            failures.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=run) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert failures == []
    assert is_live(post)
    assert Dispatch.objects.get().audience == 3
