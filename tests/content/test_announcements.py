"""What counts as a post going live, and what does not, whichever way Wagtail does it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from wagtail.models import Locale, Page

from tests.posts import draft, publish, published, stream
from tocsin.content import signals
from tocsin.content.models import Author, PostPage, Topic

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard() -> Iterator[list[tuple[str, Any]]]:
    """What was announced: ("published", first_time) and ("unpublished", title)."""
    notes: list[tuple[str, Any]] = []

    def up(post: PostPage, first_time: bool, **_: Any) -> None:
        notes.append(("published", first_time))

    def down(post: PostPage, **_: Any) -> None:
        notes.append(("unpublished", post.title))

    signals.post_published.connect(up)
    signals.post_unpublished.connect(down)
    yield notes
    signals.post_published.disconnect(up)
    signals.post_unpublished.disconnect(down)


def test_publishing_a_draft_is_announced_as_the_first_time(heard):
    published()
    assert heard == [("published", True)]


def test_an_announced_post_already_has_its_topics_and_authors(heard):
    seen = []

    def look(post: PostPage, **_: Any) -> None:
        seen.append(([t.slug for t in post.topics.all()], [a.name for a in post.authors], post.revisions.count()))

    signals.post_published.connect(look)
    try:
        published(
            topics=[Topic.objects.create(name="Water", slug="water")],
            authors=[Author.objects.create(name="Ada Grey", slug="ada-grey")],
        )
    finally:
        signals.post_published.disconnect(look)
    assert seen == [(["water"], ["Ada Grey"], 1)]


def test_republishing_is_not_the_first_time(heard):
    post = published()
    post.title = "The bridge is open"
    post.save_revision()
    publish(post)
    assert heard == [("published", True), ("published", False)]


def test_publishing_again_after_unpublishing_is_not_the_first_time(heard):
    post = published()
    post.unpublish()
    publish(post)
    assert list(dict.fromkeys(heard)) == [("published", True), ("unpublished", post.title), ("published", False)]


def test_saving_a_draft_is_no_announcement(heard):
    post = published()
    post.title = "A thought"
    post.save_revision()
    assert heard == [("published", True)]


def test_a_live_copy_is_not_the_first_time(heard):
    post = published()
    heard.clear()
    copy = post.copy(update_attrs={"slug": "a-copy"}, keep_live=True)
    assert copy.live
    assert ("published", True) not in heard


def test_a_draft_copy_announces_nothing_until_it_is_published(heard):
    post = published()
    heard.clear()
    copy = post.copy(update_attrs={"slug": "a-copy"}, keep_live=False)
    assert heard == []
    publish(copy)
    assert heard == [("published", True)]


def test_an_alias_announces_nothing(heard):
    post = draft()
    post.create_alias(update_slug="an-alias")
    publish(post)
    assert heard == [("published", True)]
    publish(post)
    assert PostPage.objects.get(slug="an-alias").live


def test_importing_a_live_post_announces_nothing_even_when_it_is_edited_later(heard):
    post = PostPage(title="From the old site", live=True)
    stream().add_child(instance=post)
    assert heard == []
    post.save_revision()
    publish(post)
    assert heard == [("published", False)]


def test_scheduling_announces_nothing(heard):
    post = draft(go_live_at=timezone.now() + timedelta(hours=1))
    publish(post)
    assert not PostPage.objects.get(pk=post.pk).live
    assert heard == []


def test_a_translation_is_announced_when_it_is_published_not_when_it_is_made(heard):
    german = Locale.objects.create(language_code="de")
    stream().copy_for_translation(german)
    post = published()
    heard.clear()
    translation = post.copy_for_translation(german)
    assert heard == []
    publish(translation)
    assert heard == [("published", True)]


@pytest.mark.parametrize(
    "take_down",
    [
        lambda post: post.unpublish(),
        lambda post: Page.objects.get(pk=post.pk).unpublish(),
        lambda post: Page.objects.filter(pk=post.pk).unpublish(),
        lambda post: post.delete(),
        lambda post: Page.objects.get(pk=post.pk).delete(),
        lambda post: Page.objects.filter(pk=post.pk).delete(),
    ],
)
def test_every_way_to_take_a_post_down_is_announced(heard, take_down):
    post = published()
    heard.clear()
    take_down(post)
    assert set(heard) == {("unpublished", post.title)}


def test_deleting_a_draft_is_no_announcement(heard):
    draft().delete()
    assert heard == []


def test_a_receiver_that_raises_leaves_the_post_a_draft():
    def refuse(**_: Any) -> None:
        raise RuntimeError("no")

    post = draft()
    signals.post_published.connect(refuse)
    try:
        with pytest.raises(RuntimeError):
            publish(post)
    finally:
        signals.post_published.disconnect(refuse)
    assert not PostPage.objects.get(pk=post.pk).live


def test_a_receiver_that_raises_keeps_the_post_up():
    def refuse(**_: Any) -> None:
        raise RuntimeError("no")

    post = published()
    signals.post_unpublished.connect(refuse)
    try:
        with pytest.raises(RuntimeError):
            post.unpublish()
    finally:
        signals.post_unpublished.disconnect(refuse)
    assert PostPage.objects.get(pk=post.pk).live
