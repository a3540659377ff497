"""Topics and authors are what readers follow, under whatever name they have now."""

import pytest
from django.core.exceptions import ValidationError

from tests.posts import draft
from tests.readers import reader
from tocsin.audience.models import Followable, Subscription
from tocsin.content.models import Author, PostPage, Topic
from tocsin.content.slugs import is_reserved

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("model", "kind"), [(Topic, "topic"), (Author, "author")])
def test_a_topic_or_author_can_be_followed(model, kind):
    made = model.objects.create(name="Water", slug="water")
    made.name = "Fresh water"
    made.save()
    assert Followable.objects.get(kind=kind, slug="water").name == "Fresh water"


def test_a_new_slug_keeps_its_followers():
    topic = Topic.objects.create(name="Water", slug="water")
    reader("a@example.org", follows="topic:water")
    topic.slug = "fresh-water"
    topic.save()
    assert Subscription.objects.get().followable.slug == "fresh-water"
    assert Followable.objects.filter(kind="topic").count() == 1


@pytest.mark.parametrize("delete", [lambda topic: topic.delete(), lambda _: Topic.objects.all().delete()])
def test_what_is_deleted_cannot_be_chosen_any_more(delete):
    delete(Topic.objects.create(name="Water", slug="water"))
    assert Followable.objects.get(slug="water").retired_at is not None


def test_deleting_an_author_keeps_the_posts():
    author = Author.objects.create(name="Ada", slug="ada")
    post = draft(authors=[author])
    author.delete()
    assert PostPage.objects.get(pk=post.pk).authors == []


@pytest.mark.parametrize("slug", ["admin", "uk"])
def test_slugs_that_hide_a_page_of_the_site_are_reserved(slug):
    assert is_reserved(slug)
    assert not is_reserved("the-bridge-is-closed")


def test_an_alert_needs_a_severity():
    with pytest.raises(ValidationError, match="severity"):
        PostPage(title="Boil water", slug="boil", kind="alert", path="0001", depth=1).clean()
