"""Digests, from Publish to the ledger: who gets which posts, once, whatever happens in between."""

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from wagtail.models import PageViewRestriction

from tests.audience.people import ask
from tests.audience.people import subscribe as subscribe_as_reader
from tests.desk.digests.days import at, digests_of, mail_of, on, plan, plan_at
from tests.posts import publish, published
from tests.readers import reader
from tocsin.audience import actions as audience
from tocsin.audience import queries, turns
from tocsin.audience.models import Publication, Subscriber, Suppression
from tocsin.content.models import PostPage, Topic
from tocsin.courier import actions as courier
from tocsin.courier import queries as ledger
from tocsin.courier.models import Batch, Delivery, Dispatch, Edition, Lane, Telling
from tocsin.desk import publish as desk
from tocsin.desk import watchdog
from tocsin.desk.digests import actions
from tocsin.lib import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def daily():
    """A reader of everything, once a day at 7, since Monday."""
    with at(0, 8):
        person = reader("daily@example.org", cadence="daily")
        plan()
    return person


def post_at(day: int, hour: float, title: str = "The bridge is closed", **fields: object) -> PostPage:
    with at(day, hour):
        return published(title, **fields)


def change(person: Subscriber, cadence: str | None, day: int, hour: float) -> None:
    choices = {queries.everything().pk: cadence} if cadence else {}
    with at(day, hour):
        audience.change(person.public_id, name="", choices=choices)
        plan()


def test_a_digest_comes_at_the_reader_s_hour_with_what_was_published_since(daily):
    first, second = post_at(0, 9), post_at(0, 22, "The bridge is open")
    plan_at(1, 6.99)
    assert digests_of(daily) == []
    plan_at(1, 7)
    assert digests_of(daily) == [(second.pk, first.pk)]
    dispatch = Dispatch.objects.get(kind=Dispatch.Kind.DIGEST)
    assert (dispatch.lane, dispatch.audience, dispatch.post_id) == (Lane.DIGEST, 1, None)
    assert dispatch.title == "Digest of 24 November 2026, 07:00"
    assert Batch.objects.filter(dispatch=dispatch, due_us=0).count() == 1
    plan_at(2, 7)
    assert len(digests_of(daily)) == 1


def test_publishing_tells_readers_of_digests_nothing(daily):
    post_at(0, 9)
    assert Dispatch.objects.get().audience == 0
    assert not Telling.objects.exists()


def test_no_posts_no_digest_and_no_dispatch(daily):
    plan_at(1, 7)
    assert not Dispatch.objects.exists()


def test_five_missed_days_are_one_digest(daily):
    posts = [post_at(day, 9, f"Day {day}") for day in range(5)]
    plan_at(5, 12)
    assert digests_of(daily) == [tuple(post.pk for post in reversed(posts))]
    plan_at(6, 7)
    assert len(digests_of(daily)) == 1


def test_what_came_at_once_is_in_no_digest(daily):
    post_at(0, 9)
    change(daily, "instant", 0, 10)
    told = post_at(0, 11, "Told at once")
    assert Delivery.objects.get(subscriber_id=daily.pk).dispatch.post_id == told.pk
    change(daily, "daily", 0, 12)
    plan_at(1, 7)
    assert len(digests_of(daily)) == 1
    assert told.pk not in digests_of(daily)[0]


@pytest.mark.parametrize("cadence", ["instant", "weekly", "daily"])
def test_what_was_pending_comes_once_whatever_the_new_pace(daily, cadence):
    post = post_at(0, 9)
    change(daily, cadence, 0, 10)
    for day in range(1, 9):
        plan_at(day, 7)
    assert digests_of(daily) == [(post.pk,)]


def test_a_weekly_digest_becomes_daily_and_loses_nothing():
    with at(0, 8):
        person = reader("weekly@example.org", cadence="weekly")
        plan()
    post = post_at(0, 9)
    plan_at(1, 7)
    assert digests_of(person) == []
    change(person, "daily", 1, 10)
    plan_at(2, 7)
    assert digests_of(person) == [(post.pk,)]


@pytest.mark.parametrize("cadence", ["alerts", None])
def test_who_wants_no_more_news_gets_none_of_what_was_pending(daily, cadence):
    post_at(0, 9)
    change(daily, cadence, 0, 10)
    plan_at(1, 7)
    change(daily, "daily", 1, 8)
    plan_at(2, 7)
    assert digests_of(daily) == []


def test_a_post_taken_down_before_the_run_is_not_sent(daily):
    post_at(0, 9).unpublish()
    stays = post_at(0, 10)
    plan_at(1, 7)
    assert digests_of(daily) == [(stays.pk,)]


def test_a_post_that_became_private_is_not_sent(daily):
    post = post_at(0, 9)
    PageViewRestriction.objects.create(page=post, restriction_type="login")
    plan_at(1, 7)
    assert digests_of(daily) == []


def test_a_corrected_text_is_taken_silently(daily):
    post = post_at(0, 9, "The brigde is closed", summary="Until Mrach.")
    with at(0, 10):
        post.title, post.summary = "The bridge is closed", "Until March."
        post.save_revision()
        publish(post)
    plan_at(1, 7)
    mail = mail_of(daily)
    assert mail.subject == "The bridge is closed"
    assert "Until March." in mail.text
    assert Edition.objects.get(dispatch__kind="digest").posts == [[post.pk, PostPage.objects.get().live_revision_id]]


def test_who_is_paused_gets_it_all_in_one_digest_afterwards(daily):
    first = post_at(0, 9)
    with at(0, 10):
        audience.pause(daily.public_id, on(3, 12))
    plan_at(1, 7)
    second = post_at(1, 9)
    plan_at(2, 7)
    plan_at(3, 7)
    assert digests_of(daily) == []
    plan_at(4, 7)
    assert digests_of(daily) == [(second.pk, first.pk)]


def test_who_is_suppressed_gets_nothing(daily):
    Suppression.objects.create(address_hash=daily.addresses.get().hash, reason="bounced")
    post_at(0, 9)
    plan_at(1, 7)
    assert digests_of(daily) == []


def test_who_left_and_came_back_gets_only_what_came_since():
    with at(0, 8):
        person = subscribe_as_reader(choices={queries.everything().pk: "daily"})
        plan()
    post_at(0, 9)
    with at(0, 10):
        audience.unsubscribe(person.public_id, "page")
        plan()
        assert Subscriber.objects.get().digest_due_us is None
        subscribe_as_reader(choices={queries.everything().pk: "daily"})
        plan()
    new = post_at(0, 11)
    plan_at(1, 7)
    assert digests_of(person) == [(new.pk,)]


def test_what_was_published_before_the_address_was_confirmed_is_not_owed():
    with at(0, 8):
        person = ask(choices={queries.everything().pk: "daily"}).address.subscriber
        plan()
    post_at(0, 9)
    with at(0, 10):
        audience.confirm(person.public_id)
        plan()
    new = post_at(0, 11)
    plan_at(1, 7)
    assert digests_of(person) == [(new.pk,)]


def test_alerts_go_at_once_and_are_in_no_digest(daily):
    post_at(0, 9, kind="alert", severity="severe")
    assert Delivery.objects.filter(subscriber_id=daily.pk).count() == 1
    plan_at(1, 7)
    assert digests_of(daily) == []


def test_one_edition_for_each_set_of_posts_and_language_not_for_each_reader():
    water, fire = (Topic.objects.create(name=name, slug=name) for name in ("water", "fire"))
    with at(0, 8):
        people = [
            reader(f"{slug}{number}@example.org", follows=f"topic:{slug}", cadence="daily")
            for slug in ("water", "fire")
            for number in range(3)
        ]
        people += [reader(f"all{number}@example.org", cadence="daily") for number in range(3)]
        foreign = reader("german@example.org", cadence="daily")
        Subscriber.objects.filter(pk=foreign.pk).update(language="de")
        plan()
    post_at(0, 9, topics=[water])
    post_at(0, 10, topics=[fire])
    plan_at(1, 7)
    dispatch = Dispatch.objects.get(kind="digest")
    assert dispatch.audience == 10
    assert Edition.objects.filter(dispatch=dispatch).count() == (4 if "de" in dict(settings.LANGUAGES) else 3)
    assert ledger.books(dispatch.pk) == ledger.Books(audience=10, planned=10)


def test_readers_all_over_the_world_get_theirs_at_their_own_seven(daily):
    with at(0, 8):
        tokyo = reader("tokyo@example.org", cadence="daily")
        Subscriber.objects.filter(pk=tokyo.pk).update(time_zone="Asia/Tokyo", digest_due_us=0)
        plan()
    post = post_at(0, 9)
    plan_at(0, 22)
    assert (digests_of(tokyo), digests_of(daily)) == ([(post.pk,)], [])
    plan_at(1, 7)
    assert digests_of(daily) == [(post.pk,)]
    assert Dispatch.objects.filter(kind="digest").count() == 2


def test_a_late_digest_waits_for_the_end_of_quiet_hours(daily):
    Subscriber.objects.filter(pk=daily.pk).update(quiet_from=22, quiet_until=6)
    post_at(0, 9)
    plan_at(1, 23)  # the worker was away
    assert Delivery.objects.get(subscriber_id=daily.pk).due_us == clock.from_datetime(on(2, 6))
    assert Batch.objects.get(dispatch__kind="digest").due_us == clock.from_datetime(on(2, 6))


def test_chunks_of_one_run_are_one_dispatch_whose_books_balance(monkeypatch):
    monkeypatch.setattr(actions, "CHUNK", 2)
    with at(0, 8):
        people = [reader(f"reader{number}@example.org", cadence="daily") for number in range(5)]
        plan()
    post = post_at(0, 9)
    with at(1, 7):
        planner = actions.Planner()
        assert planner.plan_some() is True
        dispatch = Dispatch.objects.get(kind="digest")
        assert ledger.books(dispatch.pk) == ledger.Books(audience=2, planned=2)
        plan()
    assert ledger.books(dispatch.pk) == ledger.Books(audience=5, planned=5)
    assert [digests_of(person) for person in people] == [[(post.pk,)]] * 5
    assert Edition.objects.filter(dispatch=dispatch).count() == 1


def test_what_is_added_to_a_paused_run_waits_with_it(monkeypatch):
    monkeypatch.setattr(actions, "CHUNK", 1)
    with at(0, 8):
        for number in range(2):
            reader(f"reader{number}@example.org", cadence="daily")
        plan()
    post_at(0, 9)
    with at(1, 7):
        actions.Planner().plan_some()
        with transaction.atomic():
            courier.pause(Dispatch.objects.get(kind="digest"))
        plan()
        assert list(Batch.objects.filter(dispatch__kind="digest").values_list("due_us", flat=True)) == [None, None]
        with transaction.atomic():
            courier.resume(Dispatch.objects.get(kind="digest"))
        assert list(Batch.objects.filter(dispatch__kind="digest").values_list("due_us", flat=True)) == [0, 0]


def test_a_choice_made_while_digests_are_planned_is_not_overwritten(daily, monkeypatch):
    post_at(0, 9)
    drafts = actions._drafts

    def choose_meanwhile(*args):
        audience.change(daily.public_id, name="", choices={})
        return drafts(*args)

    monkeypatch.setattr(actions, "_drafts", choose_meanwhile)
    with at(1, 7):
        actions.Planner().plan_some()
    assert digests_of(daily) == []
    assert not Dispatch.objects.filter(kind="digest").exists()


def test_a_post_taken_down_while_digests_are_planned_is_left_out(daily, monkeypatch):
    down, stays = post_at(0, 9), post_at(0, 10)
    drafts, moments = actions._drafts, []

    def take_down_meanwhile(*args):
        if not moments:
            moments.append(1)
            PostPage.objects.get(pk=down.pk).unpublish()
        return drafts(*args)

    monkeypatch.setattr(actions, "_drafts", take_down_meanwhile)
    with at(1, 7):
        plan()
        plan()
    assert digests_of(daily) == [(stays.pk,)]


def test_the_database_refuses_to_tell_twice(daily):
    post = post_at(0, 9)
    plan_at(1, 7)
    address = daily.addresses.get().pk
    with at(2, 7), transaction.atomic():
        dispatch = courier.open_digest("Again", since_us=clock.now_us())
        edition = courier.add_edition(dispatch, mail_of(daily), [(post.pk, None)])
        with pytest.raises(IntegrityError):
            courier.tell_in_digest(dispatch, [courier.Mailing(edition, address, 0)])
        transaction.set_rollback(True)


def test_a_post_of_which_no_mail_can_be_made_holds_up_nobody_else(daily, monkeypatch, caplog):
    topic = Topic.objects.create(name="Water", slug="water")
    with at(0, 8):
        other = reader("water@example.org", follows="topic:water", cadence="daily")
        plan()
    good, bad = post_at(0, 9, topics=[topic]), post_at(0, 10, "Bad")
    item = actions.message.item
    monkeypatch.setattr(actions.message, "item", lambda post, paper: 1 // 0 if post.pk == bad.pk else item(post, paper))
    plan_at(1, 7)
    assert (digests_of(other), digests_of(daily)) == ([(good.pk,)], [])
    assert "No digest can be made" in caplog.text
    monkeypatch.setattr(actions.message, "item", item)
    plan_at(1, 7.2)
    assert digests_of(daily) == [(bad.pk, good.pk)]


def test_a_correction_reaches_those_told_by_digest(daily):
    post = post_at(0, 9)
    plan_at(1, 7)
    with at(1, 8):
        reader("new@example.org", cadence="daily")
        dispatch = desk.tell_again(PostPage.objects.get(pk=post.pk), None, "It was Tuesday.")
    assert (dispatch.kind, dispatch.audience) == ("correction", 1)
    assert Delivery.objects.get(dispatch=dispatch).subscriber_id == daily.pk


def test_a_correction_reaches_nobody_whose_digest_told_of_other_posts(daily):
    topic = Topic.objects.create(name="Water", slug="water")
    with at(0, 8):
        reader("water@example.org", follows="topic:water", cadence="daily")
        plan()
    post = post_at(0, 9)
    post_at(0, 10, topics=[topic])
    plan_at(1, 7)
    with at(1, 8):
        assert desk.tell_again(PostPage.objects.get(pk=post.pk), None).audience == 1


def test_digests_that_are_late_raise_the_alarm(daily):
    post_at(0, 9)
    with at(1, 7.2):
        assert "digests" not in watchdog.findings()
    with at(1, 7.5):
        assert "1 reader " in watchdog.findings()["digests"]
        plan()
        assert "digests" not in watchdog.findings()


def test_who_was_forgotten_is_found(daily):
    Subscriber.objects.filter(pk=daily.pk).update(digest_due_us=None)
    post = post_at(0, 9)
    assert turns.find_forgotten() == 1
    plan_at(0, 10)
    plan_at(1, 7)
    assert digests_of(daily) == [(post.pk,)]


def test_another_hour_of_the_publication_moves_everybody_s_digest(daily):
    post = post_at(0, 9)
    Publication.objects.update(digest_hour=18)
    assert turns.reschedule() == 1
    plan_at(0, 10)
    plan_at(0, 18)
    assert digests_of(daily) == [(post.pk,)]
