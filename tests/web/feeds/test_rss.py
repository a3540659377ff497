"""The feed: valid, whole, stable, and cheap to ask again."""

from datetime import UTC, datetime

import pytest
from lxml import etree, html
from wagtail.rich_text import RichText

from tests.pictures import uploaded
from tests.posts import published
from tests.web.reading import got, page
from tocsin.audience.models import Publication
from tocsin.content.models import Author, PostPage, Topic
from tocsin.courier.models import Edition

pytestmark = pytest.mark.django_db

NAMES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
}


def channel() -> etree._Element:
    return etree.fromstring(got("/feed.xml").content).find("channel")


def test_every_page_names_it():
    assert page().xpath("//link[@rel='alternate'][@type='application/rss+xml']/@href") == ["/feed.xml"]


def test_it_says_whose_it_is():
    feed = channel()
    assert feed.findtext("title") == "The Example Gazette"
    assert feed.findtext("link") == "http://news.example.org/"
    assert feed.find("atom:link", NAMES).get("href") == "http://news.example.org/feed.xml"
    assert feed.findtext("language") == "en"


def test_an_item_is_the_whole_post():
    water, ada = Topic.objects.create(name="Water", slug="water"), Author.objects.create(name="Ada", slug="ada")
    other = published("Other")
    body = [("heading", "Why"), ("text", RichText(f'<p><a linktype="page" id="{other.pk}">x</a></p>'))]
    published(summary="Until March.", topics=[water], authors=[ada], body=body, lead_image=uploaded())
    item = channel().find("item")
    assert item.findtext("title") == "The bridge is closed"
    assert item.findtext("link") == "http://news.example.org/the-bridge-is-closed/"
    assert item.findtext("description") == "Until March."
    assert item.findtext("category") == "Water"
    assert item.findtext("dc:creator", namespaces=NAMES) == "Ada"
    full = html.fragment_fromstring(item.findtext("content:encoded", namespaces=NAMES), create_parent="div")
    assert full.xpath(".//h2/text()") == ["Why"]
    assert full.xpath(".//a/@href") == ["http://news.example.org/other/"]
    [image] = full.xpath(".//img")
    assert image.get("src").startswith("http://news.example.org/media/pictures/")
    assert image.get("srcset") is None


def test_a_guid_outlives_a_new_title_and_address():
    post = published()
    before = channel().find("item/guid")
    PostPage.objects.filter(pk=post.pk).update(title="New", slug="new", url_path="/new/")
    after = channel().find("item/guid")
    assert before.text == after.text
    assert before.get("isPermaLink") == "false"


def test_markup_and_controls_in_words_leave_it_well_formed():
    published("Fish & <chips> ]]>", summary="A\x0bB", body=[("heading", "5 < 6 \x08& so on")])
    Publication.objects.update(name="News & <more>")
    feed = channel()
    assert feed.findtext("title") == "News & <more>"
    assert feed.findtext("item/title") == "Fish & <chips> ]]>"
    assert feed.findtext("item/description") == "AB"


def test_a_link_that_leads_nowhere_keeps_nobody_from_the_news():
    published(body=[("text", '<p><a href="https://[x">Map</a> and <a href="/y/">rules</a></p>')])
    text = channel().findtext("item/content:encoded", namespaces=NAMES)
    assert 'href="http://news.example.org/y/"' in text
    assert "Map [1] and rules [2]" in Edition.objects.get().message["text"]


def test_who_has_it_already_gets_304():
    published()
    first = got("/feed.xml")
    assert first["Content-Type"] == "application/rss+xml; charset=utf-8"
    got("/feed.xml", 304, **{"if-none-match": first["ETag"]})
    got("/feed.xml", 304, **{"if-modified-since": first["Last-Modified"]})
    PostPage.objects.update(title="Corrected", last_published_at=datetime(2030, 1, 1, tzinfo=UTC))
    got("/feed.xml", 200, **{"if-none-match": first["ETag"]})
    got("/feed.xml", 200, **{"if-modified-since": first["Last-Modified"]})


def test_an_unpublished_post_is_gone_from_it_at_once():
    post = published()
    first = got("/feed.xml")
    post.unpublish()
    again = got("/feed.xml", 200, **{"if-none-match": first["ETag"]})
    assert b"The bridge is closed" not in again.content


def test_an_empty_newsroom_has_an_empty_feed():
    assert channel().find("item") is None
