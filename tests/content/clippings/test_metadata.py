"""What a page says of itself is read as one line each, whatever it says."""

import time

import pytest

from tocsin.content.clippings.metadata import Metadata, read

URL = "https://www.paper.example/2026/story?id=1"


def test_open_graph_comes_first():
    page = b"""<html><head><title>Story | The Paper</title><meta name=description content="Plain.">
    <meta property="og:title" content="A &amp; B"><meta property="og:description" content="In
    short."><meta property="og:site_name" content="The Paper"><meta property="og:image" content="/a.jpg"></head>"""
    assert read(page, URL) == Metadata("A & B", "In short.", "The Paper", "https://www.paper.example/a.jpg")


def test_what_browsers_show_comes_next():
    page = b"<title>Story</title><meta name=Description content=Plain.><body><title>Icon</title>"
    assert read(page, URL) == Metadata("Story", "Plain.", "paper.example", "")


@pytest.mark.parametrize(
    ("page", "charset", "title"),
    [
        ("<title>Größe</title>".encode("latin-1"), "iso-8859-1", "Größe"),
        ("<meta charset=windows-1251><title>Міст</title>".encode("cp1251"), "", "Міст"),
        ("<title>Größe</title>".encode(), "utf-8", "Größe"),
        (b"<title>Plain</title>", "no-such-charset", "Plain"),
        (b"", "", ""),
        (b"\x00\xff\xfe<<<>>>", "", ""),
    ],
)
def test_every_encoding_and_none(page, charset, title):
    assert read(page, URL, charset).title == title


def test_controls_turned_directions_and_endless_words_are_tamed():
    found = read("<title>a\u202eb\u0007c\n\td</title>".encode() + b"", URL, "utf-8")
    assert found.title == "a b c d"
    assert len(read(b"<title>" + b"x" * 10_000 + b"</title>", URL).title) == 300


def test_a_picture_of_no_address_is_none():
    assert read(b"<meta property=og:image content='https://[x'>", URL).picture == ""


def test_absurd_nesting_takes_no_time():
    began = time.process_time()
    read(b"<meta>" * 50_000 + b"<div>" * 50_000, URL)
    assert time.process_time() - began < 5
