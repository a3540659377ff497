"""Rare blocks on a page: tables that scroll by themselves, code as it is, footnotes that lead there and back."""

from copy import deepcopy

import pytest
from lxml import html

from tests.bodies import RARE
from tests.posts import published, stream
from tests.web.reading import got, page, text, texts
from tocsin.content.models import PlainPage

pytestmark = pytest.mark.django_db


@pytest.fixture
def shown():
    published(slug="quay", body=deepcopy(RARE))
    return page("/quay/")


def test_a_table_has_its_caption_headers_and_alignment(shown):
    assert text(shown, "//table/caption") == "Depths at low water"
    assert texts(shown, "//thead//th[@scope='col']") == ["Quay", "Depth"]
    assert texts(shown, "//tbody//th[@scope='row']") == ["East wall", "West2"]
    assert texts(shown, "//tbody//td[@class='end']") == ["4 m", "12 m"]
    assert texts(shown, "//tbody//strong") == ["wall"]


def test_a_wide_table_can_be_scrolled_by_keyboard_and_says_what_it_is(shown):
    [around] = shown.xpath("//div[table]")
    assert (around.get("tabindex"), around.get("role")) == ("0", "group")
    assert shown.get_element_by_id(around.get("aria-labelledby")).text == "Depths at low water"


def test_code_keeps_every_space(shown):
    [code] = shown.xpath("//pre/code")
    assert code.text == "    if depth < 4:\n\twarn()"
    assert text(shown, "//figure[pre]/figcaption") == "Python"


def test_footnotes_are_numbered_in_the_order_of_the_text(shown):
    assert texts(shown, "//a[@role='doc-noteref']") == ["1", "2", "2"]
    assert [note.get("id") for note in shown.xpath("//section[@class='footnotes']//li")] == ["fn-sinking", "fn-survey"]
    assert texts(shown, "//p/code") == ["[^sinking]"]


def test_a_footnote_leads_there_and_back(shown):
    for reference in shown.xpath("//a[@role='doc-noteref']"):
        note = shown.get_element_by_id(reference.get("href").removeprefix("#"))
        assert f"#{reference.get('id')}" in note.xpath(".//a[@role='doc-backlink']/@href")
    labels = shown.xpath("//li[@id='fn-survey']//a/@aria-label")
    assert labels == ["Back to the text (1)", "Back to the text (2)"]


def test_only_pages_with_such_blocks_carry_their_style(shown):
    published(slug="plain", body=[("text", "<p>Words.</p>")])
    assert "}caption{" in shown.xpath("//style")[0].text
    assert "}caption{" not in page("/plain/").xpath("//style")[0].text
    for url in ("/quay/", "/plain/"):
        style = page(url).xpath("//style")[0].text
        assert _hash(style) in got(url)["Content-Security-Policy"]


def test_a_plain_page_has_them_too():
    about = PlainPage(title="About", slug="about", body=deepcopy(RARE))
    stream().add_child(instance=about)
    tree = page("/about/")
    assert len(tree.xpath("//table")) == len(tree.xpath("//section[@class='footnotes']")) == 1
    assert "}caption{" in tree.xpath("//style")[0].text


def test_feeds_have_them_without_what_only_works_on_the_site():
    published(slug="quay", body=deepcopy(RARE))
    [entry] = got("/feed.json").json()["items"]
    tree = html.fragment_fromstring(entry["content_html"], create_parent="div")
    assert tree.xpath("//caption/text()") == ["Depths at low water"]
    assert not tree.xpath("//@id | //@role | //@tabindex | //@class")
    assert tree.xpath("//sup/a/@href")[0].endswith("/quay/#fn-sinking")


def _hash(style: str) -> str:
    from base64 import b64encode
    from hashlib import sha256

    return b64encode(sha256(style.encode()).digest()).decode()
