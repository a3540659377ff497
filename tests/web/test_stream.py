"""The stream: the latest posts, a page at a time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from wagtail.models import PageViewRestriction

from tests.pictures import uploaded
from tests.posts import draft, published
from tests.web.reading import got, page, text, texts
from tocsin.content.models import PostPage, Topic
from tocsin.web import lists

pytestmark = pytest.mark.django_db

TITLES = "//main//article//h2"


def several(count: int, **fields: object) -> list[PostPage]:
    """Posts published a minute apart, oldest first."""
    posts = [published(f"Post {number}", **fields) for number in range(count)]
    for age, post in enumerate(reversed(posts)):
        PostPage.objects.filter(pk=post.pk).update(first_published_at=timezone.now() - timedelta(minutes=age))
    return posts


def test_the_latest_post_leads():
    several(3)
    assert texts(page(), TITLES) == ["Post 2", "Post 1", "Post 0"]
    assert text(page(), "//article[contains(@class,'lead')]//h2") == "Post 2"


def test_an_empty_newsroom_says_so_and_still_takes_addresses():
    tree = page()
    assert "Nothing is published yet" in texts(tree, "//main//h2")
    assert tree.xpath("//form[@action='/subscribe/']")


def test_drafts_and_private_posts_are_not_listed():
    draft("A draft")
    secret = published("For members")
    PageViewRestriction.objects.create(page=secret, restriction_type=PageViewRestriction.LOGIN)
    published("For everybody")
    assert texts(page(), TITLES) == ["For everybody"]


def test_a_date_shown_is_shown_but_moves_nothing():
    several(2)
    PostPage.objects.filter(title="Post 1").update(date_shown=datetime(2023, 9, 14, tzinfo=UTC))
    tree = page()
    assert texts(tree, TITLES) == ["Post 1", "Post 0"]
    assert "14 September 2023" in text(tree, "//article[contains(@class,'lead')]")


def test_pages_follow_each_other_without_gap_or_repetition(monkeypatch):
    monkeypatch.setattr(lists, "PAGE_SIZE", 3)
    several(5)
    first = page()
    [older] = first.xpath("//a[@rel='next']/@href")
    second = page(f"/{older}")
    assert texts(first, TITLES) + texts(second, TITLES) == [f"Post {number}" for number in (4, 3, 2, 1, 0)]
    assert not second.xpath("//article[contains(@class,'lead')]")
    assert second.xpath("//a[@rel='prev']/@href") == ["./"]
    assert second.xpath("//link[@rel='canonical']/@href") == ["http://news.example.org/?page=2"]
    assert not second.xpath("//a[@rel='next']")


@pytest.mark.parametrize("number", ["0", "-1", "2", "99999999999999999999", "x", "1e9", "٣", ""])
def test_a_page_that_is_not_there_is_404(number):
    published()
    got(f"/?page={number}", 404)


def test_a_card_shows_topic_summary_date_and_a_small_picture():
    water = Topic.objects.create(name="Water", slug="water")
    several(2, summary="In short.", topics=[water], lead_image=uploaded(size=(640, 640)))
    [card] = page().xpath("//ul[contains(@class,'cards')]//article")
    assert text(card, ".//h2") == "Post 0"
    assert card.xpath(".//h2/a/@href") == ["/post-0/"]
    assert texts(card, ".//p[contains(@class,'kicker')]/a") == ["Water"]
    assert "In short." in card.text_content()
    [picture] = card.xpath(".//img")
    assert (picture.get("width"), picture.get("height"), picture.get("alt")) == ("420", "280", "")
    assert card.xpath(".//time/@datetime")


def test_a_list_costs_the_same_queries_however_long(django_assert_max_num_queries):
    topics = [Topic.objects.create(name=name, slug=name) for name in ("water", "fire")]
    several(5, topics=topics, lead_image=uploaded())
    got()  # makes the pictures
    with django_assert_max_num_queries(16):
        got()


def test_a_picture_whose_file_is_lost_leaves_the_page_readable():
    image = uploaded()
    published(lead_image=image)
    image.file.storage.delete(image.file.name)
    tree = page()
    assert texts(tree, TITLES) == ["The bridge is closed"]
    assert not tree.xpath("//main//img")
