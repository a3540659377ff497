"""Whatever is committed that a page may show moves the generation on, and nothing else does."""

from threading import Thread

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, connections, transaction
from django.utils import timezone
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page

from tests.posts import draft, publish, published
from tocsin.audience.models import Publication, Subscriber
from tocsin.content.models import Topic
from tocsin.web.cache import changes, generation
from tocsin.web.cache.changes import may_show


@pytest.fixture
def now(committed: str) -> generation.Generation:
    """This installation's generation, over a database where commits are real."""
    shared = generation.shared()
    shared.observe(changes.counted())
    return shared


class Undone(Exception):  # noqa: N818
    pass


def rename_and_undo() -> None:
    with transaction.atomic():
        Publication.objects.update(name="Another")
        raise Undone


@pytest.mark.parametrize(
    "sql",
    [
        'INSERT INTO "content_topic" ("name") VALUES (%s) RETURNING "content_topic"."id"',
        'UPDATE "wagtailcore_page" SET "title" = %s, "draft_title" = %s WHERE "wagtailcore_page"."id" = %s',
        'DELETE FROM "wagtailcore_page" WHERE "id" IN (%s)',
        "update wagtailcore_page set path = %s where path like %s",
        'WITH gone AS (DELETE FROM "content_topic" RETURNING id) SELECT * FROM gone',
        "INSERT OR IGNORE INTO content_postpage_topics VALUES (1)",
    ],
)
def test_what_may_show_counts(sql):
    assert may_show(sql)


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT "content_topic"."id" FROM "content_topic" FOR UPDATE',
        'INSERT INTO "django_session" ("session_key") VALUES (%s)',
        'INSERT INTO "axes_accessattempt" ("id") VALUES (%s)',
        'UPDATE "courier_delivery" SET "state" = %s',
        'INSERT INTO courier_telling SELECT 1 ON CONFLICT DO UPDATE SET "x" = 1',
        "WITH picked AS (SELECT 1 FOR UPDATE SKIP LOCKED) SELECT * FROM picked",
        'UPDATE "wagtailcore_page" SET "latest_revision_id" = %s, "draft_title" = %s WHERE "wagtailcore_page"."id" = %s',
        'SAVEPOINT "s1"',
        "BEGIN IMMEDIATE",
    ],
)
def test_what_no_page_shows_does_not(sql):
    assert not may_show(sql)


def test_publishing_moves_the_generation_on_when_it_is_committed(now):
    post = draft()
    before = now.now
    with transaction.atomic():
        publish(post)
        assert now.now == before
    assert now.now > before


def test_a_draft_saved_again_changes_no_page(now):
    post = published()
    before = now.now
    post.title = "Another title"
    post.save_revision()
    assert now.now == before


@pytest.mark.parametrize(
    "change",
    [
        lambda: Publication.objects.update(name="Another"),
        lambda: Topic.objects.create(name="Water", slug="water"),
        lambda: Topic.objects.bulk_create([Topic(name="Water", slug="water")]),
        lambda: Page.objects.filter(depth=2).first().save(),
    ],
    ids=["update", "create", "bulk", "save"],
)
def test_every_way_of_writing_counts(now, change):
    before = now.now
    change()
    assert now.now > before


def test_a_row_inserted_outside_a_transaction_counts_after_its_commit(now):
    before = now.now
    assert not connection.in_atomic_block
    Redirect.objects.create(old_path="/old", redirect_link="/new/")
    assert now.now > before


def test_what_is_undone_does_not_count(now):
    before = now.now
    with pytest.raises(Undone):
        rename_and_undo()
    assert now.now == before


def test_a_change_after_an_undone_part_of_the_transaction_still_counts(now):
    before, counted = now.now, changes.counted()
    with transaction.atomic():
        with pytest.raises(Undone):
            rename_and_undo()
        Publication.objects.update(name="A third")
    assert now.now > before
    assert changes.counted().changes > counted.changes


def test_sessions_and_subscribers_change_no_page(now):
    before = now.now
    Session.objects.create(session_key="x", session_data="", expire_date=timezone.now())
    Subscriber.objects.create(name="Ada")
    assert now.now == before


def test_taking_a_post_down_or_moving_it_is_a_recall_and_publishing_is_none(now):
    before = now.recalls
    post = published()
    assert now.recalls == before
    post.slug = "elsewhere"
    publish_again(post)
    assert now.recalls > before
    before = now.recalls
    post.unpublish()
    assert now.recalls > before
    before = now.recalls
    post.delete()
    assert now.recalls > before


def publish_again(post: Page) -> None:
    post.save_revision().publish()


def test_two_transactions_at_once_count_without_waiting_for_each_other(now):
    """The first holds its row of the count; the second counts in another. SQLite has one writer anyway."""
    changes._write(1, 0)
    counted = changes.counted().changes
    with transaction.atomic():
        Topic.objects.create(name="Water", slug="water")
        other = Thread(target=_rename)
        other.start()
        if connection.vendor == "postgresql":
            other.join(10)
            assert not other.is_alive()
    other.join(10)
    assert changes.counted().changes == counted + 2


def _rename() -> None:
    Publication.objects.update(tagline="Meanwhile")
    connections.close_all()
