"""What crawlers are told: all that is public, nothing that is not."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from lxml import etree

from tests.posts import draft, published
from tests.web.reading import got
from tocsin.audience.models import Publication
from tocsin.content.models import Author, PostPage, Topic

pytestmark = pytest.mark.django_db

SITE = "http://news.example.org"
NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "n": "http://www.google.com/schemas/sitemap-news/0.9"}


def tree(url: str, **headers: str) -> etree._Element:
    response = got(url, **headers)
    assert response["Content-Type"].startswith("application/xml")
    return etree.fromstring(response.content)


def locations(url: str, **headers: str) -> list[str]:
    return tree(url, **headers).xpath("//s:loc/text()", namespaces=NAMES)


def test_robots_find_the_sitemaps_and_keep_out_of_what_is_private():
    robots = got("/robots.txt").content.decode()
    assert f"Sitemap: {SITE}/sitemap.xml\n" in robots
    for door in ("/admin/", "/reader/", "/unsubscribe/"):
        assert f"Disallow: {door}\n" in robots


def test_the_index_leads_to_sitemaps_of_everything_public():
    water, _dry = (Topic.objects.create(name=name, slug=name.lower()) for name in ("Water", "Dry"))
    ada, _silent = (Author.objects.create(name=name, slug=name.lower()) for name in ("Ada", "Silent"))
    published(topics=[water], authors=[ada])
    draft("A secret")
    found = [each for index in locations("/sitemap.xml") for each in locations(index.removeprefix(SITE))]
    assert sorted(found) == [
        f"{SITE}/",
        f"{SITE}/authors/ada/",
        f"{SITE}/the-bridge-is-closed/",
        f"{SITE}/topics/water/",
    ]


def test_they_name_our_own_address_whoever_is_asked():
    published()
    assert all(each.startswith(SITE) for each in locations("/sitemap.xml", host="127.0.0.1"))
    assert locations("/sitemap-posts.xml", host="127.0.0.1") == [f"{SITE}/the-bridge-is-closed/"]


def test_they_say_when_what_changed():
    water = Topic.objects.create(name="Water", slug="water")
    published(topics=[water])
    PostPage.objects.update(last_published_at=datetime(2026, 11, 22, 12, tzinfo=UTC))
    for section in ("posts", "topics"):
        [changed] = tree(f"/sitemap-{section}.xml").xpath("//s:lastmod/text()", namespaces=NAMES)
        assert changed.startswith("2026-11-22")


def test_an_unpublished_post_is_in_none():
    published().unpublish()
    assert locations("/sitemap-posts.xml") == []


@pytest.mark.parametrize("url", ["/sitemap-none.xml", "/sitemap-posts.xml?p=2", "/sitemap-posts.xml?p=x"])
def test_a_sitemap_that_is_not_there_is_not_found(url):
    got(url, 404)


def test_news_are_those_of_the_last_two_days():
    published("Old & gone")
    PostPage.objects.update(first_published_at=timezone.now() - timedelta(days=3))
    published("Fish & chips")
    news = tree("/sitemap-news.xml")
    assert news.xpath("//n:title/text()", namespaces=NAMES) == ["Fish & chips"]
    assert news.xpath("//n:name/text()", namespaces=NAMES) == ["The Example Gazette"]
    assert news.xpath("//n:language/text()", namespaces=NAMES) == ["en"]
    assert news.xpath("//s:loc/text()", namespaces=NAMES) == [f"{SITE}/fish-chips/"]


def test_security_txt_names_somebody_and_a_day():
    Publication.objects.update(reply_to="desk@news.example.org")
    text = got("/.well-known/security.txt").content.decode()
    assert "Contact: mailto:desk@news.example.org\n" in text
    expires = re.search(r"^Expires: (.+)Z$", text, re.MULTILINE)
    assert expires is not None
    assert (
        timezone.now() < datetime.fromisoformat(expires[1]).replace(tzinfo=UTC) < timezone.now() + timedelta(days=365)
    )
