"""The other formats, the other scopes, and paging: the same posts, whoever asks and however."""

import json
from typing import Any

import pytest
from lxml import etree, html

from tests.pictures import uploaded
from tests.posts import published
from tests.web.reading import got, page
from tocsin.audience.models import Publication
from tocsin.content.models import Author, PostPage, Topic
from tocsin.web.feeds import entries

pytestmark = pytest.mark.django_db

SITE = "http://news.example.org"
ATOM = {"a": "http://www.w3.org/2005/Atom"}


def atom(url: str = "/atom.xml") -> etree._Element:
    response = got(url)
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    return etree.fromstring(response.content)


def feed(url: str = "/feed.json") -> dict[str, Any]:
    response = got(url)
    assert response["Content-Type"] == "application/feed+json; charset=utf-8"
    return json.loads(response.content)


def full_post() -> PostPage:
    water = Topic.objects.create(name="Water & wells", slug="water", description="All of it.")
    authors = [Author.objects.create(name=name, slug=name.lower()) for name in ("Ada", "Boris")]
    body = [("heading", "Why"), ("text", "<p>Because.</p>")]
    return published(summary="Until March.", topics=[water], authors=authors, body=body, lead_image=uploaded())


def test_atom_has_the_whole_post():
    post = full_post()
    document = atom()
    assert document.findtext("a:title", namespaces=ATOM) == "The Example Gazette"
    assert document.findtext("a:id", namespaces=ATOM) == f"{SITE}/atom.xml"
    assert document.xpath("string(a:link[@rel='self']/@href)", namespaces=ATOM) == f"{SITE}/atom.xml"
    entry = document.find("a:entry", ATOM)
    assert entry.findtext("a:id", namespaces=ATOM) == f"urn:uuid:{post.translation_key}"
    assert entry.xpath("a:author/a:name/text()", namespaces=ATOM) == ["Ada", "Boris"]
    assert entry.xpath("a:author/a:uri/text()", namespaces=ATOM) == [f"{SITE}/authors/ada/", f"{SITE}/authors/boris/"]
    assert entry.xpath("a:category/@term", namespaces=ATOM) == ["Water & wells"]
    assert entry.findtext("a:summary", namespaces=ATOM) == "Until March."
    content = entry.find("a:content", ATOM)
    assert content.get("type") == "html"
    assert html.fragment_fromstring(content.text, create_parent="div").xpath(".//h2/text()") == ["Why"]


def test_json_has_the_whole_post():
    post = full_post()
    document = feed()
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert document["home_page_url"] == f"{SITE}/"
    assert document["feed_url"] == f"{SITE}/feed.json"
    assert "next_url" not in document
    [item] = document["items"]
    assert item["id"] == f"urn:uuid:{post.translation_key}"
    assert item["url"] == f"{SITE}/the-bridge-is-closed/"
    assert item["authors"][1] == {"name": "Boris", "url": f"{SITE}/authors/boris/"}
    assert item["tags"] == ["Water & wells"]
    assert item["image"].startswith(f"{SITE}/media/pictures/")
    assert "<h2" in item["content_html"]
    assert item["date_published"] <= item["date_modified"]


def test_json_of_an_empty_newsroom_has_the_list_it_must_have():
    assert feed()["items"] == []


@pytest.mark.parametrize("file", ["feed.xml", "atom.xml", "feed.json"])
def test_a_topic_and_an_author_have_their_own(file):
    full_post()
    published("Something else")
    for folder in ("/topics/water/", "/authors/boris/"):
        content = got(folder + file).content
        assert b"The bridge is closed" in content
        assert b"Something else" not in content


def test_a_topics_feed_says_what_it_is_about():
    full_post()
    document = feed("/topics/water/feed.json")
    assert document["title"] == "Water & wells – The Example Gazette"
    assert document["description"] == "All of it."
    assert document["home_page_url"] == f"{SITE}/topics/water/"


@pytest.mark.parametrize("url", ["/topics/none/feed.xml", "/authors/none/atom.xml", "/feed.rss", "/feed.xml?page=2"])
def test_what_is_not_there_is_not_found(url):
    published()
    got(url, 404)


def test_pages_name_the_feeds_that_belong_to_them():
    full_post()
    assert page("/topics/water/").xpath("//link[@rel='alternate']/@href") == [
        *("/topics/water/feed.xml", "/topics/water/atom.xml", "/topics/water/feed.json"),
        *("/feed.xml", "/atom.xml", "/feed.json"),
    ]


def test_older_posts_are_on_further_pages(monkeypatch):
    monkeypatch.setattr(entries, "PAGE_SIZE", 2)
    for number in range(5):
        published(f"Post {number}")
    assert [item["title"] for item in feed()["items"]] == ["Post 4", "Post 3"]
    assert feed()["next_url"] == f"{SITE}/feed.json?page=2"
    middle = atom("/atom.xml?page=2")
    links = {link.get("rel"): link.get("href") for link in middle.iterfind("a:link", ATOM)}
    assert links["self"] == f"{SITE}/atom.xml?page=2"
    assert links["first"] == links["previous"] == f"{SITE}/atom.xml"
    assert links["next"] == links["last"] == f"{SITE}/atom.xml?page=3"
    assert middle.findtext("a:id", namespaces=ATOM) == f"{SITE}/atom.xml"
    rss = etree.fromstring(got("/feed.xml?page=3").content)
    assert rss.xpath("//item/title/text()") == ["Post 0"]
    assert "next" not in rss.xpath("//a:link/@rel", namespaces=ATOM)
    assert rss.xpath("string(//a:link[@rel='previous']/@href)", namespaces=ATOM) == f"{SITE}/feed.xml?page=2"


@pytest.mark.parametrize("file", ["feed.xml", "atom.xml", "feed.json"])
def test_a_feed_costs_the_same_for_many_posts_as_for_few(file, django_assert_max_num_queries):
    for number in range(12):
        author = Author.objects.create(name=f"Author {number}", slug=f"author-{number}")
        published(f"Post {number}", authors=[author])
    Publication.objects.get()
    with django_assert_max_num_queries(12):
        got(f"/{file}")
