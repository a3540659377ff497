"""Rich text reads well as plain text."""

import pytest

from tocsin.desk.plaintext import WIDTH, LinkNotes, from_html, wrap


@pytest.fixture
def links() -> LinkNotes:
    return LinkNotes("https://news.example.org/bridge/")


def test_paragraphs_are_wrapped_and_parted(links):
    text = from_html(f"<p>{'word ' * 40}</p><p>And <b>then</b> some.</p>", links)
    assert text.endswith("\n\nAnd then some.")
    assert max(map(len, text.splitlines())) <= WIDTH


def test_links_are_numbered_and_listed(links):
    text = from_html(
        '<p>See <a href="/map/">the map</a> and <a href="https://x.org/">x</a>, <a href="/map/">again</a>.</p>', links
    )
    assert text == "See the map [1] and x [2], again [1]."
    assert links.listing() == "[1] https://news.example.org/map/\n[2] https://x.org/"


def test_a_link_that_is_its_own_text_is_not_repeated(links):
    fragment = '<p><a href="https://x.org/">https://x.org/</a>, <a href="mailto:a@x.org">a@x.org</a></p>'
    assert from_html(fragment, links) == "https://x.org/, a@x.org"
    assert links.listing() == ""


def test_lists_keep_their_shape(links):
    fragment = "<ul><li>one<ol><li>first</li><li>second</li></ol></li><li>two</li></ul>"
    assert from_html(fragment, links) == "- one\n  1. first\n  2. second\n- two"


def test_long_list_items_hang(links):
    text = from_html(f"<ul><li>{'word ' * 30}</li></ul>", links)
    assert all(line.startswith("  ") for line in text.splitlines()[1:])


def test_line_breaks_and_rules_stay(links):
    assert from_html("<p>one<br/>two</p><hr/><p>three</p>", links).split("\n\n") == [
        "one\ntwo",
        f"{'* * *':^72}".rstrip(),
        "three",
    ]


def test_entities_and_foreign_letters_are_letters(links):
    assert from_html("<p>Caf&eacute; &amp; Київ 🔔</p>", links) == "Café & Київ 🔔"


def test_a_long_address_is_never_broken():
    url = "https://example.org/" + "x" * 200
    assert url in wrap(f"See {url} there.").splitlines()


def test_a_raised_number_does_not_melt_into_the_one_before(links):
    assert from_html("<p>10<sup>6</sup> readers</p>", links) == "10^6 readers"
