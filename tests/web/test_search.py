"""Searching: everybody finds what was published, whatever they type."""

from typing import Any

import pytest
from modelsearch import index

from tests import posts
from tests.posts import draft
from tests.web.reading import got, page, text, texts
from tocsin.content.models import PostPage, Topic
from tocsin.web import searching

pytestmark = pytest.mark.django_db

TITLES = "//ol[@class='hits']//h2"


def published(title: str = "The bridge is closed", **fields: Any) -> PostPage:
    """A live post, in the index as the worker's task puts it there."""
    post = posts.published(title, **fields)
    index.insert_or_update_object(post)
    return post


def titles(query: str) -> list[str]:
    return texts(page(f"/search/?{query}"), TITLES)


def test_words_are_found_in_title_summary_and_body():
    published("The bridge is closed")
    published("Roadworks", summary="Take the Bridge road.")
    published(
        "Plans",
        body=[
            ("heading", "Why"),
            ("text", "<p>All bridges are old.</p>"),
            ("quote", {"text": "Mind it", "attribution": ""}),
        ],
    )
    published("Nothing of the kind")
    assert set(titles("q=bridge")) == {"The bridge is closed", "Roadworks", "Plans"}
    assert titles("q=mind") == ["Plans"]


def test_all_the_words_are_needed_and_each_may_be_a_beginning():
    published("The bridges are closed")
    published("The bridge is open")
    assert titles("q=bridg+clos") == ["The bridges are closed"]


def test_words_of_other_alphabets_are_found():
    published("Міст закрито", slug="mist")
    published("La Marée à Düsseldorf")
    assert titles("q=міст") == ["Міст закрито"]
    assert titles("q=düsseldorf") == ["La Marée à Düsseldorf"]


def test_a_title_counts_more_than_a_mention():
    published("Plans", body=[("text", "<p>" + "Many other words. " * 50 + "A bridge.</p>")])
    published("Bridge")
    assert titles("q=bridge")[0] == "Bridge"


def test_what_was_found_is_marked_and_shown_in_its_place():
    words = "word " * 200
    published("Plans & bridges", body=[("text", f"<p>{words} the old bridge {words}</p>")])
    tree = page("/search/?q=bridge")
    assert texts(tree, f"{TITLES}//mark") == ["bridges"]
    snippet = text(tree, "//ol[@class='hits']//p[@class='snippet']")
    assert "the old bridge" in snippet
    assert len(snippet) < 260
    assert snippet.startswith("… ")
    assert snippet.endswith(" …")


def test_filters_narrow_by_topic_kind_and_year():
    water = Topic.objects.create(name="Water", slug="water")
    published("Bridge one", topics=[water])
    published("Bridge two", kind="alert", severity="minor")
    old = published("Bridge three")
    PostPage.objects.filter(pk=old.pk).update(first_published_at="2019-05-01T00:00Z")
    assert titles("q=bridge&topic=water") == ["Bridge one"]
    assert titles("q=bridge&kind=alert") == ["Bridge two"]
    assert titles("q=bridge&year=2019") == ["Bridge three"]
    assert titles("q=bridge&topic=water&kind=alert") == []


def test_the_form_keeps_what_was_asked():
    water = Topic.objects.create(name="Water", slug="water")
    published("Bridge", topics=[water])
    tree = page("/search/?q=the+%22bridge%22&topic=water")
    assert tree.xpath("string(//input[@name='q']/@value)") == 'the "bridge"'
    assert tree.xpath("//select[@name='topic']/option[@selected]/@value") == ["water"]
    assert tree.xpath("//meta[@name='robots']/@content") == ["noindex"]


def test_drafts_and_what_was_unpublished_are_not_found():
    draft("A secret bridge")
    published("Gone bridge").unpublish()
    assert titles("q=bridge") == []


def test_nothing_asked_and_nothing_found_say_what_to_do():
    published()
    assert "What are you looking for" in text(page("/search/"), "//main")
    assert "Nothing was found" in text(page("/search/?q=unfindable"), "//main")


TYPED = (
    *(
        "%22",
        "*",
        "AND",
        "NOT+OR",
        "-bridge",
        "a:b",
        "(((",
        "%27+OR+1=1--",
        "%00",
        "%25s",
        "\\",
        "^bridge",
        "{}",
        "NEAR(a+b)",
    ),
    *(
        "%F0%9F%94%94",
        "x" * 10_000,
        "+".join(["word"] * 3000),
        "%FF%FE",
        "+".join(f"w{number}" for number in range(900)),
    ),
    *(f"bridge&{chosen}" for chosen in ("topic=%00", "kind=x", "year=0", "year=99999", "topic=none&year=abc")),
)


def test_whatever_is_typed_is_answered():
    published()
    for typed in TYPED:
        got(f"/search/?q={typed}")


def test_a_page_of_results_that_is_not_there_is_not_found():
    published()
    for number in ("2", "x", "-1", "0"):
        got(f"/search/?q=bridge&page={number}", 404)


def test_many_results_come_in_pages_that_keep_the_question(monkeypatch):
    monkeypatch.setattr(searching, "PAGE_SIZE", 2)
    for number in range(3):
        published(f"Bridge {number}")
    first = page("/search/?q=bridge&kind=news")
    assert len(first.xpath(TITLES)) == 2
    [older] = first.xpath("//nav[@class='pages']/a[@rel='next']/@href")
    assert older == "?q=bridge&kind=news&page=2"
    assert len(page(f"/search/{older}").xpath(TITLES)) == 1


def test_a_search_costs_the_same_for_many_hits_as_for_few(django_assert_max_num_queries):
    water = Topic.objects.create(name="Water", slug="water")
    for number in range(10):
        published(f"Bridge {number}", topics=[water])
    with django_assert_max_num_queries(16):
        got("/search/?q=bridge")
