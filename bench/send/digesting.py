"""Digests on the newsroom's own side: readers for whom they are due, and planning them as the worker does. Verbs of `editor.py`."""

import resource
import time
from datetime import timedelta
from random import Random
from typing import Any
from zoneinfo import available_timezones

from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone
from wagtail.models import Site

from tocsin.audience.models import Address, Followable, Subscription
from tocsin.content.models import PostPage, Topic
from tocsin.courier.models import Dispatch, Edition, Telling
from tocsin.desk.digests.actions import Planner
from tocsin.lib import clock


def have_them_due(readers: int, topics: int, posts: int, followed: int) -> dict[str, Any]:
    """Let the readers follow topics once a day since a week ago, each in a time zone of their own, and publish posts for them."""

    chance = Random(7)  # noqa: S311 - the same readers every time
    filed_under = [Topic.objects.create(name=f"Topic {number}", slug=f"topic-{number}") for number in range(topics)]
    followables = list(Followable.objects.filter(kind=Followable.Kind.TOPIC).values_list("pk", flat=True))
    zones = sorted(available_timezones() - {"localtime"})
    begun = timezone.now() - timedelta(days=7)
    yesterday = clock.now_us() - 24 * clock.HOUR
    with transaction.atomic(), connection.cursor() as cursor:
        Subscription.objects.all().update(cadence="daily", created_at=begun)
        Address.objects.all().update(confirmed_at=begun)
        rows = [
            (zones[number % len(zones)], yesterday + chance.randrange(0, 20 * clock.HOUR), yesterday, number)
            for number in range(1, readers + 1)
        ]
        cursor.executemany(
            "UPDATE audience_subscriber SET time_zone = %s, digest_due_us = %s, digested_us = %s WHERE id = %s", rows
        )
        some = [number for number in range(1, readers + 1) if number % 5]  # every fifth follows everything
        Subscription.objects.filter(subscriber__in=some).delete()
        Subscription.objects.bulk_create(
            Subscription(subscriber_id=number, followable_id=followable, cadence="daily", created_at=begun)
            for number in some
            for followable in chance.sample(followables, chance.randint(1, followed))
        )
    _publish(posts, filed_under)
    return {}


def _publish(posts: int, topics: list[Topic]) -> None:
    stream = Site.objects.get().root_page.specific
    for number in range(posts):
        post = PostPage(
            title=f"What happened, number {number}", summary="In two sentences. This is the second.", live=False
        )
        stream.add_child(instance=post)
        post.topics = [topics[number % len(topics)]]
        post.save_revision().publish()


def plan() -> dict[str, Any]:
    """Plan all digests that are due, as the worker does."""

    before, longest = _memory(), 0.0
    begun, cpu = time.monotonic(), time.process_time()
    planner, more = Planner(), True
    while more:
        started = time.monotonic()
        more = planner.plan_some()
        longest = max(longest, time.monotonic() - started)
    seconds, cpu = time.monotonic() - begun, time.process_time() - cpu
    runs = Dispatch.objects.filter(kind=Dispatch.Kind.DIGEST)
    return {
        "seconds": seconds,
        "cpu": cpu,
        "longest": longest,
        "audience": runs.aggregate(all=Sum("audience"))["all"],
        "editions": Edition.objects.filter(dispatch__in=runs).count(),
        "tellings": Telling.objects.filter(dispatch__in=runs).count(),
        "before": before,
        "peak": _memory(),
    }


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
