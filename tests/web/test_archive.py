"""The archive: every post can be found by when it was published."""

from datetime import UTC, datetime

import pytest

from tests.posts import published
from tests.web.reading import got, page, text, texts
from tocsin.audience.models import Publication
from tocsin.content.models import PostPage

pytestmark = pytest.mark.django_db

TITLES = "//main//article//h2"


def at(title: str, *moment: int) -> None:
    post = published(title)
    PostPage.objects.filter(pk=post.pk).update(first_published_at=datetime(*moment, tzinfo=UTC))


def test_it_lists_the_years_and_months_that_have_posts():
    at("One", 2024, 2, 29)
    at("Two", 2026, 1, 1)
    at("Three", 2026, 1, 31)
    tree = page("/archive/")
    assert texts(tree, "//div[@class='years']//h2") == ["2026", "2024"]
    assert texts(tree, "//div[@class='years']//li") == ["January 2", "February 1"]
    assert tree.xpath("//div[@class='years']//li/a/@href") == ["/archive/2026/01/", "/archive/2024/02/"]


def test_a_month_and_a_year_list_their_posts():
    at("Before", 2025, 12, 31, 23, 59)
    at("First", 2026, 1, 1)
    at("After", 2026, 2, 1)
    assert texts(page("/archive/2026/01/"), TITLES) == ["First"]
    assert text(page("/archive/2026/01/"), "//h1") == "January 2026"
    assert texts(page("/archive/2026/"), TITLES) == ["After", "First"]
    assert texts(page("/archive/2025/12/"), TITLES) == ["Before"]


def test_days_are_those_of_the_publication():
    Publication.objects.update(time_zone="Pacific/Auckland")
    at("New Year there", 2025, 12, 31, 12)
    assert texts(page("/archive/2026/01/"), TITLES) == ["New Year there"]
    assert texts(page("/archive/"), "//div[@class='years']//h2") == ["2026"]


def test_when_nothing_was_published_there_is_no_page():
    at("One", 2026, 1, 1)
    for path in ("2025/", "2026/02/", "2026/13/", "2026/0/", "0000/", "9999/12/", "20260/", "x/"):
        got(f"/archive/{path}", 404)


def test_an_empty_archive_says_so():
    assert "Nothing is published yet" in text(page("/archive/"), "//main")
