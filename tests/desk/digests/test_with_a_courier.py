"""From Publish to mailboxes: a real courier, a real relay, and a worker that is killed while it plans."""

from email import message_from_bytes, policy
from random import Random

from tests.channels.email.faulty import FaultyRelay, running
from tests.children import child
from tests.courier.people import make_readers
from tests.courier.running import courier, until, until_books
from tests.desk.digests.days import at, plan, plan_at
from tests.posts import published
from tests.readers import reader
from tocsin.audience import actions as audience
from tocsin.audience import queries
from tocsin.audience.models import Address, Subscriber, Subscription
from tocsin.courier import queries as ledger
from tocsin.courier.models import Delivery, Dispatch, Telling
from tocsin.lib import clock

WORKER = """
from tocsin.cli.django import setup
setup()
from tocsin.desk.digests import actions
actions.CHUNK = 10
planner = actions.Planner()
while True:
    planner.plan_some()
"""


def mails_to(relay: FaultyRelay, address: str) -> list[tuple[str, str]]:
    """Subject and text of what came to somebody, in order."""
    found = []
    for letter in list(relay.taken):
        if letter.recipients == (address,):
            mail = message_from_bytes(letter.body, policy=policy.default)
            found.append((mail["Subject"], mail.get_body(("plain",)).get_content()))
    return found


def test_each_reader_gets_what_they_asked_for_when_they_asked_for_it(committed, tmp_path):
    log = tmp_path / "courier.log"
    with running(FaultyRelay()) as relay, courier(relay, log):
        with at(0, 8):
            daily, instant = reader("daily@example.org", cadence="daily"), reader("instant@example.org")
            plan()
        with at(0, 9):
            published("The bridge is closed", summary="Until March.")
        plan_at(0, 20)
        with at(0, 21):
            published("The market moves", summary="To the quay.")
        until(lambda: len(mails_to(relay, "instant@example.org")) == 2, "both posts reach who wanted them at once")
        assert mails_to(relay, "daily@example.org") == []
        plan_at(1, 7)
        digest = Dispatch.objects.get(kind="digest")
        until_books(digest.pk, accepted=1)
        ((subject, text),) = mails_to(relay, "daily@example.org")
        assert subject == "The Example Gazette: 2 new posts"
        assert text.index("The market moves") < text.index("The bridge is closed")
        assert "http://news.example.org/the-market-moves/" in text.splitlines()
        with at(1, 8):
            audience.change(daily.public_id, name="", choices={queries.everything().pk: "instant"})
            published("The ferry sails")
            plan()
        until(lambda: len(mails_to(relay, "daily@example.org")) == 2, "the next comes at once")
        plan_at(2, 7)
        plan_at(3, 7)
        assert len(mails_to(relay, "daily@example.org")) == 2, "and in no digest"
        assert Delivery.objects.filter(subscriber_id=instant.pk).count() == 3


def test_a_worker_that_is_killed_loses_nobody_and_tells_nobody_twice(committed):
    readers = make_readers(200)
    yesterday = clock.now_us() - 24 * clock.HOUR
    Subscription.objects.update(cadence="daily", created_at=clock.to_datetime(yesterday))
    Address.objects.update(confirmed_at=clock.to_datetime(yesterday))
    Subscriber.objects.update(digest_due_us=yesterday, digested_us=yesterday)
    post = published()
    chance = Random(11)
    for _ in range(3):
        told = Telling.objects.count()
        some_more = chance.randrange(10, 50)
        with child(WORKER) as worker:
            until(lambda: Telling.objects.count() >= told + some_more, "the worker plans")  # noqa: B023 - called at once
            worker.kill()
        for dispatch in Dispatch.objects.filter(kind="digest"):
            assert ledger.books(dispatch.pk).balanced
    plan()
    mailed = Delivery.objects.filter(dispatch__kind="digest").values_list("address_id", flat=True)
    assert sorted(mailed) == sorted(address.pk for address in readers)
    assert Telling.objects.filter(post_id=post.pk).count() == 200
    assert sum(dispatch.audience for dispatch in Dispatch.objects.filter(kind="digest")) == 200
