"""The demo's publication is complete, in order, and told to nobody."""

import re
from pathlib import Path

import pytest
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from wagtail.models import Site

from tocsin.audience.models import Followable, Publication, Subscriber
from tocsin.audience.queries import publication
from tocsin.content.models import Author, PostPage, Topic
from tocsin.courier.models import Dispatch
from tocsin.desk import demo
from tocsin.desk.demo.programme import SHOWINGS
from tocsin.importers import document

FILES = sorted(demo.POSTS.glob("*.md"))


pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def seeded(django_db_setup, django_db_blocker, tmp_path_factory):
    """The demo, once for all tests here; all of it is rolled back."""
    media = override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media"))
    with django_db_blocker.unblock(), media, transaction.atomic():
        demo.seed()
        yield
        transaction.set_rollback(True)


def test_every_post_is_shown_in_the_order_of_its_date(seeded):
    posts = list(PostPage.objects.live().order_by("first_published_at", "pk"))
    assert [post.title for post in posts] == [
        document.parse((demo.POSTS / showing.file).read_bytes(), showing.file).title for showing in SHOWINGS
    ]
    assert all(post.shown_at == post.first_published_at < timezone.now() for post in posts)
    assert all(post.authors and post.topics.exists() and post.summary and len(post.body) for post in posts)


def test_nobody_is_told_and_nobody_subscribes(seeded):
    assert not Dispatch.objects.exists()
    assert not Subscriber.objects.exists()


def test_one_alert_is_in_force_and_one_was_cancelled(seeded):
    alerts = {post.slug: post for post in PostPage.objects.filter(kind=PostPage.Kind.ALERT)}
    now = timezone.now()
    assert [slug for slug, post in alerts.items() if post.alert_expires_at > now] == ["boil-your-water"]
    assert alerts["surge-over"].follows_up.pk == alerts["storm-surge-tonight"].pk
    assert alerts["surge-over"].alert_status == PostPage.AlertStatus.CANCEL


def test_the_editor_opens_what_readers_see(seeded):
    for post in PostPage.objects.live():
        draft = post.get_latest_revision_as_object()
        assert (draft.title, draft.follows_up_id, draft.alert_status) == (
            post.title,
            post.follows_up_id,
            post.alert_status,
        )
        assert not post.has_unpublished_changes


def test_the_publication_has_its_name_topics_and_authors(seeded):
    assert Site.objects.get().site_name == publication().name == Site.objects.get().root_page.title
    assert publication().sender_email.endswith(".example")
    assert all(author.picture and author.biography and author.role for author in Author.objects.all())
    assert Followable.objects.filter(kind=Followable.Kind.TOPIC).count() == Topic.objects.count()


def test_a_newsroom_with_posts_is_left_alone(seeded):
    with transaction.atomic():
        PostPage.objects.exclude(slug="moth").delete()
        Publication.objects.update(name="Ours")
        demo.seed()
        assert [post.slug for post in PostPage.objects.all()] == ["moth"]
        assert publication().name == "Ours"
        transaction.set_rollback(True)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_post_is_a_document_without_blemish(file: Path):
    parsed = document.parse(file.read_bytes(), file.name)
    assert not parsed.warnings
    assert parsed.summary
    assert len(parsed.summary) <= 250
    assert not parsed.image or (parsed.image_alt and parsed.image_credit)


def test_all_files_are_used_and_all_pictures_are_there():
    assert [file.name for file in FILES] == sorted(showing.file for showing in SHOWINGS)
    named = {name for file in FILES for name in re.findall(r"pictures/[\w-]+\.jpg", file.read_text(encoding="utf-8"))}
    assert named == {f"pictures/{file.name}" for file in demo.POSTS.glob("pictures/*")}


def test_pictures_are_small_enough_to_carry():
    sizes = [file.stat().st_size for file in (*demo.POSTS.glob("pictures/*"), *demo.PORTRAITS.glob("*"))]
    assert max(sizes) < 150_000
    assert sum(sizes) < 1_600_000
