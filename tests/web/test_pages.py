"""Pages that are no news, and the menus that lead to them."""

import pytest
from django.core.exceptions import ValidationError
from django.test import RequestFactory

from tests.posts import published, stream
from tests.web.reading import got, page, text, texts
from tocsin.audience.queries import publication
from tocsin.content.models import MenuItem, Note, PlainPage, Topic
from tocsin.courier.models import Dispatch
from tocsin.web.presentation import article

pytestmark = pytest.mark.django_db

MASTHEAD = "//header//nav[@aria-label='Main']//a"
FOOT = "//footer//li/a"


def about(title: str = "About us", **fields: object) -> PlainPage:
    made = stream().add_child(instance=PlainPage(title=title, body=[("heading", "Who we are"), ("text", "<p>Us.</p>")]))
    made.save_revision().publish()
    return PlainPage.objects.get(pk=made.pk)


def test_a_page_is_read_like_a_post_and_told_to_nobody():
    about()
    tree = page("/about-us/")
    assert text(tree, "//h1") == "About us"
    assert text(tree, "//div[@class='text']/h2") == "Who we are"
    assert tree.xpath("//link[@rel='canonical']/@href") == ["http://news.example.org/about-us/"]
    assert not Dispatch.objects.exists()


def test_it_is_not_in_the_stream_but_in_the_sitemap():
    about()
    published()
    assert texts(page("/"), "//main//article//h2") == ["The bridge is closed"]
    assert b"http://news.example.org/about-us/" in got("/sitemap-pages.xml").content


def test_it_may_not_hide_a_page_of_the_site():
    with pytest.raises(ValidationError):
        PlainPage(title="Search", slug="search").clean()


def test_menus_are_in_the_order_the_newsroom_chose():
    ours = about()
    MenuItem.objects.create(label="Contact", url="mailto:desk@news.example.org", place="foot", sort_order=2)
    MenuItem.objects.create(label="About", page=ours, sort_order=1)
    MenuItem.objects.create(label="Water", url="/topics/water/", sort_order=0)
    tree = page("/about-us/")
    assert texts(tree, MASTHEAD) == ["Water", "About"]
    assert tree.xpath(f"{MASTHEAD}/@href") == ["/topics/water/", "/about-us/"]
    assert tree.xpath(f"{MASTHEAD}[@aria-current]/@href") == ["/about-us/"]
    assert texts(tree, FOOT)[0] == "Contact"


def test_without_a_menu_the_masthead_names_the_topics():
    published(topics=[Topic.objects.create(name="Water", slug="water")])
    MenuItem.objects.create(label="Imprint", url="/imprint/", place="foot")
    assert texts(page(), MASTHEAD) == ["Water"]


def test_a_page_that_was_taken_down_is_in_no_menu():
    ours = about()
    MenuItem.objects.create(label="About", page=ours)
    ours.unpublish()
    assert texts(page(), MASTHEAD) == []


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//evil.example", "data:x", "about us", "/with space/"])
def test_a_menu_leads_nowhere_dangerous(url):
    with pytest.raises(ValidationError):
        MenuItem(label="X", url=url).full_clean()


def test_a_menu_item_leads_to_one_place():
    with pytest.raises(ValidationError):
        MenuItem(label="X").full_clean()
    with pytest.raises(ValidationError):
        MenuItem(label="X", url="/x/", page=about()).full_clean()


def test_corrections_stand_below_the_post_and_are_named_above_it():
    post = published()
    Note.objects.create(post=post, kind="update", noted_at="2026-11-24T08:00Z", text="The gate is open again.")
    Note.objects.create(post=post, kind="correction", noted_at="2026-11-23T08:00Z", text="It was <closed> in March.")
    tree = page("/the-bridge-is-closed/")
    assert texts(tree, "//section[@id='notes']/p") == [
        "Correction, 23 November 2026, 08:00 UTC: It was <closed> in March.",
        "Update, 24 November 2026, 08:00 UTC: The gate is open again.",
    ]
    assert text(tree, "//div[@class='rail']//a[@href='#notes']") == "Corrected 23 November 2026"


def test_a_preview_shows_notes_that_are_not_saved_yet():
    post = published()
    for text_ in ("First.", "Second."):
        post.notes.add(Note(kind="update", text=text_))
    shown = article(post, RequestFactory().get("/"), publication())
    assert [note.text for note in shown.notes] == ["First.", "Second."]
