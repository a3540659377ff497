"""Topic and author pages."""

import pytest

from tests.pictures import uploaded
from tests.posts import published
from tests.web.reading import got, page, text, texts
from tocsin.content.models import Author, Topic

pytestmark = pytest.mark.django_db

TITLES = "//main//article//h2"


def test_a_topic_lists_its_posts_only():
    water = Topic.objects.create(name="Water", slug="water", description="Pipes and rivers.")
    published("About water", topics=[water])
    published("About fire")
    tree = page("/topics/water/")
    assert text(tree, "//h1") == "Water"
    assert text(tree, "//p[@class='standfirst']") == "Pipes and rivers."
    assert texts(tree, TITLES) == ["About water"]
    assert tree.xpath("//nav[@aria-label='Main']//a[@aria-current='page']/@href") == ["/topics/water/"]


def test_the_masthead_names_topics_that_have_posts():
    water, fire = (Topic.objects.create(name=name, slug=name.lower()) for name in ("Water", "Fire"))
    published(topics=[water])
    assert texts(page(), "//nav[@aria-label='Main']//a") == ["Water"]
    assert fire.posts.count() == 0


def test_an_author_is_introduced_with_their_posts():
    face = uploaded("face", (300, 400))
    ada = Author.objects.create(
        name="Ada", slug="ada", role="Editor", biography="<p>Of <b>bridges</b>.</p>", picture=face
    )
    other = Author.objects.create(name="Boris", slug="boris")
    published("Together", authors=[other, ada])
    published("Alone", authors=[other])
    tree = page("/authors/ada/")
    assert text(tree, "//h1") == "Ada"
    assert text(tree, "//main/header//b") == "bridges"
    assert texts(tree, TITLES) == ["Together"]
    [image] = tree.xpath("//main/header//img")
    assert (image.get("width"), image.get("height"), image.get("alt")) == ("144", "144", "")


def test_an_author_without_posts_has_a_page():
    Author.objects.create(name="Ada", slug="ada")
    assert "Ada has no posts yet." in text(page("/authors/ada/"), "//main")


def test_slugs_in_other_scripts_work():
    Topic.objects.create(name="Вода", slug="вода")
    assert text(page("/topics/вода/"), "//h1") == "Вода"


@pytest.mark.parametrize("url", ["/topics/none/", "/authors/none/", "/topics/%00/", "/topics/water/?page=7"])
def test_what_is_not_there_is_404(url):
    Topic.objects.create(name="Water", slug="water")
    got(url, 404)
