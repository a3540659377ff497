"""A link with preview: a card that links, with our own copy of the picture, and nothing loaded from elsewhere."""

import pytest
from django.utils import timezone

from tests.posts import published
from tests.web.reading import got, page, text, texts
from tocsin.audience.queries import publication
from tocsin.content.clippings.models import Clipping
from tocsin.desk.message import render

pytestmark = pytest.mark.django_db

URL = "https://paper.example/tide?a=1&b=2"


@pytest.fixture
def clipping():
    return Clipping.objects.create(
        url=URL,
        title="The <b>tide</b>",
        description="How it rises.",
        site_name="The Paper",
        picture="clipping-0.jpg",
        picture_width=640,
        picture_height=360,
        looked_up_at=timezone.now(),
    )


def post(**words):
    return published(slug="tide", body=[("link", {"url": URL, "title": "", "description": "", **words})])


def test_the_card_shows_what_the_page_says_and_links_there(clipping):
    post()
    tree = page("/tide/")
    assert text(tree, "//div[@class='clipping']//a") == "The <b>tide</b>"
    assert tree.xpath("//div[@class='clipping']//a/@href") == [URL]
    assert tree.xpath("//div[@class='clipping']//img/@src") == ["/media/images/clipping-0.jpg"]
    assert not tree.xpath("//iframe | //object | //embed | //img[contains(@src, '//')]")


def test_the_editors_own_words_come_first(clipping):
    post(title="Ours", description="In our words.")
    assert texts(page("/tide/"), "//div[@class='clipping']//p") == ["Ours", "In our words.", "The Paper"]


def test_before_it_was_looked_up_the_address_stands_there():
    post()
    assert "https://paper.example/tide" in text(page("/tide/"), "//div[@class='clipping']//a")


def test_mail_and_feeds_have_it_too(clipping):
    message = render(post(), publication())
    assert "  The <b>tide</b> [1]\n  How it rises.\n  The Paper" in message.text
    assert f"[1] {URL}" in message.text
    assert "The &lt;b&gt;tide&lt;/b&gt;" in message.html
    assert "/media/images/clipping-0.jpg" in message.html
    [entry] = got("/feed.json").json()["items"]
    assert "How it rises." in entry["content_html"]


def test_the_search_finds_the_editors_words():
    found = post(title="Zanzibar")
    assert "Zanzibar" in " ".join(found.body.stream_block.get_searchable_content(found.body))
