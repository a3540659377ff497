"""Several workers plan digests at the same time, on a database where commits are real."""

import threading

from django.db import connections

from tests.desk.digests.days import at, digests_of, plan
from tests.posts import published
from tests.readers import reader
from tocsin.courier.models import Dispatch
from tocsin.desk.digests import actions


def test_two_workers_at_once_tell_everybody_once(committed, monkeypatch):
    monkeypatch.setattr(actions, "CHUNK", 3)
    with at(0, 8):
        people = [reader(f"reader{number}@example.org", cadence="daily") for number in range(10)]
        plan()
    with at(0, 9):
        post = published()

    def work():
        try:
            planner = actions.Planner()
            for _ in range(40):
                planner.plan_some()
        finally:
            connections.close_all()

    with at(1, 7):
        workers = [threading.Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert [digests_of(person) for person in people] == [[(post.pk,)]] * 10
    assert sum(dispatch.audience for dispatch in Dispatch.objects.filter(kind="digest")) == 10
