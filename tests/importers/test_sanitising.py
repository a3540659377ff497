"""Whatever a file holds, only the rich text a post allows comes out of it."""

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.content import tables
from tocsin.content.blocks import RICH_TEXT_FEATURES
from tocsin.importers.document import Document, parse
from tocsin.lib.errors import Refused

ALLOWED = {"p", "br", "a", "b", "i", "em", "s", "sub", "sup", "code", "ul", "ol", "li", "hr"}
VOID = {"br", "hr"}
SCHEMES = ("http://", "https://", "mailto:", "tel:", "/")

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='jav&#x09;ascript:alert(1)'>x</a>",
    "<a href=' &#14; javascript:alert(1)'>x</a>",
    "<a href='java&#1;script:alert(1)'>x</a>",
    "<a href='&#127;javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<style>@import 'https://x.example'</style>",
    "<p style='background:url(javascript:x)' onclick=alert(1)>x",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<base href='https://x.example/'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<<script>script>alert(1)<</script>/script>",
    "<!--><script>alert(1)</script>-->",
    "<title></title><script>alert(1)</script>",
    "<textarea></textarea><script>alert(1)</script>",
    "<a href=\"https://x.example/'onmouseover='alert(1)\">x</a>",
    "<img src='a.jpg\" onload=\"alert(1)' alt='\"><script>alert(1)</script>'>",
    "[x](javascript:alert(1)) ![x](javascript:alert(1))",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    '![" onerror="alert(1)](a.jpg "<script>alert(1)</script> | x")',
    '```"><script>alert(1)</script>\n</code></p><script>alert(1)</script>\n```',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;script&amp;gt;",
    "<plaintext><script>alert(1)</script>",
    "<xmp><script>alert(1)</script></xmp>",
    "<table><tr><td><script>alert(1)</script><th onclick=x>y</table>",
    "<ul><li><script>x</script><p onclick=x>y<ol><b>z",
    "<blockquote cite='javascript:x'><script>x</script><footer onclick=x>y</footer></blockquote>",
]


class Watch(HTMLParser):
    """Fails on any tag or attribute a post's rich text does not know, and on what is not balanced."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED
        assert [name for name, _ in attrs] == (["href"] if tag == "a" else [])
        for _, value in attrs:
            assert value.lower().startswith(SCHEMES)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in VOID
        assert not attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_comment(self, data):
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


@pytest.mark.parametrize("address", ["https://[x", "//[x", "mailto://[x", "weird:x"])
def test_what_is_no_address_is_left_out_and_said(address):
    document = parse(f"# T\n\n<a href='{address}'>x</a>".encode(), "a.md")
    assert document.blocks == (("text", "<p>x</p>"),)


def test_line_breaks_without_end_take_no_time_without_end():
    started = time.process_time()
    parse(b"# T\n\n<p>" + b"<br>" * 100_000 + b"x</p>", "a.md")
    assert time.process_time() - started < 10  # their square would be minutes


def assert_rich_text(html: str) -> None:
    watch = Watch()
    watch.feed(html)
    watch.close()
    assert not watch.open


def assert_harmless(document: Document) -> None:
    for kind, value in document.blocks:
        if kind == "text":
            assert_rich_text(value)
        elif kind == "footnotes":
            for note in value:
                assert_rich_text(note["text"])
        elif kind == "table":
            shown = tables.table(value)
            for cell in [cell for row in (shown.head, *shown.rows) for cell in row] if shown else []:
                assert_rich_text(cell.html.replace("<strong>", "<b>").replace("</strong>", "</b>"))
        elif kind == "picture":
            assert not value["path"].lower().startswith(("javascript:", "data:", "http:", "https:", "//"))


@pytest.mark.parametrize("filename", ["a.md", "a.html", "a.txt"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_survives(attack, filename):
    assert_harmless(parse(f"---\ntitle: T\n---\nBefore\n\n{attack}\n\nAfter".encode(), filename))


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_survives_within_another_element(attack):
    for around in (
        "<p>{}</p>",
        "<ul><li>{}</ul>",
        "<table><td>{}</table>",
        "<table><tr><td>a<td>{}</table>",
        "<h2>{}</h2>",
        "<a href='/x'>{}</a>",
        "<pre>{}",
    ):
        assert_harmless(parse(f"<h1>T</h1>{around.format(attack)}".encode(), "a.html"))


pieces = st.one_of(
    st.sampled_from(ATTACKS),
    st.sampled_from(
        [
            "<p>",
            "</p>",
            "<b>",
            "</i>",
            "<ul>",
            "<li>",
            "</ul>",
            "<table>",
            "<tr>",
            "<td>",
            "<a href='#n' id='r'>1</a>",
            "<li id='n'>x<a href='#r'>",
            "[^1]",
            "\n[^1]: ",
            "<a href='",
            "'>",
            "<pre>",
            "<",
            ">",
        ]
    ),
    st.sampled_from(
        ["\n\n", "- ", "> ", "# ", "```\n", "    ", "](", "![", "|", "\n|-|-|\n", "---\n", "<!--", "-->", "<![CDATA["]
    ),
    st.text(max_size=12),
)


@given(st.lists(pieces, max_size=25), st.sampled_from(["a.md", "a.html", "a.txt"]))
@settings(max_examples=300, deadline=None)
def test_no_mixture_survives(parts, filename):
    try:
        document = parse(f"Title\n===\n\n<h1>Title</h1>{''.join(parts)}".encode("utf-8", "ignore"), filename)
    except Refused as error:
        assert error.mend  # noqa: PT017
    else:
        assert_harmless(document)


@given(st.binary(max_size=200), st.sampled_from(["a.md", "a.html", "a.txt"]))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(data, filename):
    try:
        assert_harmless(parse(b"---\n" + data, filename))
    except Refused as error:
        assert error.mend  # noqa: PT017


def test_the_editor_keeps_all_that_is_written():
    """Every tag written here is one the editor knows: opening and saving a post in it loses nothing."""
    from wagtail.admin.rich_text.converters.contentstate import ContentstateConverter

    written = parse(
        b"# T\n\nA **b** *c* ~~d~~ `e` x<sub>1</sub>y<sup>2</sup> [f](https://x.example)<br>g\n\n1. h\n   - i\n\n---\n\nj",
        "a.md",
    )
    ((_, html),) = written.blocks
    converter = ContentstateConverter(features=RICH_TEXT_FEATURES)
    again = converter.to_database_format(converter.from_database_format(html))
    for tag in ALLOWED:
        assert again.count(f"<{tag}") == html.count(f"<{tag}"), tag
