"""A file becomes a Document: what it says, in the blocks a post is built from, or a refusal with a mend."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tocsin.content import tables
from tocsin.content.tables import Align
from tocsin.importers import cells, front_matter
from tocsin.importers.document import MAX_OCTETS, Document, parse
from tocsin.lib.errors import Refused

FULL = """---
title: "Ferry fares: what changes in May"
summary: Day tickets stay; the night crossing costs a crown more.
date: 2026-05-02 07:30
kind: alert
severity: Moderate
expires: 2026-05-09
topics: [Harbour, "city-council"]
authors: Zofia Żuk, Søren Ćosić
slug: ferry-fares
image: pictures/ferry.jpg
image_alt: The night ferry
image_credit: Zofia Żuk
---
# Ferry fares: what changes in May

First paragraph.
"""


def markdown(body: str) -> Document:
    return parse(f"# A title\n\n{body}".encode(), "post.md")


def html(body: str) -> Document:
    return parse(f"<h1>A title</h1>{body}".encode(), "post.html")


def refusal(data: bytes, filename: str = "post.md") -> Refused:
    with pytest.raises(Refused) as caught:
        parse(data, filename)
    assert caught.value.mend.endswith(".")
    return caught.value


class TestFrontMatter:
    def test_every_key_reaches_the_document(self):
        document = parse(FULL.encode(), "fares.md")
        assert document == Document(
            title="Ferry fares: what changes in May",
            summary="Day tickets stay; the night crossing costs a crown more.",
            kind="alert",
            date=datetime(2026, 5, 2, 7, 30),  # noqa: DTZ001 - naive: in the publication's time zone
            topics=("Harbour", "city-council"),
            authors=("Zofia Żuk", "Søren Ćosić"),
            slug="ferry-fares",
            severity="moderate",
            expires=datetime(2026, 5, 9, 23, 59, 59),  # noqa: DTZ001
            image="pictures/ferry.jpg",
            image_alt="The night ferry",
            image_credit="Zofia Żuk",
            blocks=(("text", "<p>First paragraph.</p>"),),
        )

    @pytest.mark.parametrize("filename", ["a.md", "a.markdown", "a.html", "a.HTM", "a.txt"])
    def test_every_kind_of_file_may_have_it(self, filename):
        document = parse(b"\xef\xbb\xbf---\r\ntitle: Yes\r\ntopics:\r\n- a\r\n- b\r\n---\r\nBody", filename)
        assert (document.title, document.topics) == ("Yes", ("a", "b"))
        assert document.blocks == (("text", "<p>Body</p>"),)

    def test_values_are_never_guessed_into_numbers_or_truths(self):
        document = parse(b"---\ntitle: 1984\ntopics: [2024, no]\nsummary:\n---\nText", "a.md")
        assert (document.title, document.topics, document.summary) == ("1984", ("2024", "no"), "")

    def test_a_date_with_an_offset_keeps_it(self):
        document = parse(b"---\ntitle: t\ndate: 2026-05-02T07:30:00+03:00\n---\nText", "a.md")
        assert document.date is not None
        assert document.date.utcoffset() == timedelta(hours=3)

    def test_an_unknown_key_is_a_warning_with_its_line(self):
        document = parse(b"---\ntitle: t\nlayout: wide\n---\nText", "a.md")
        assert document.warnings == ("a.md, line 3: unknown key “layout” was ignored.",)

    @pytest.mark.parametrize(
        ("source", "line", "words"),
        [
            ('title: The "Bell": a history', 2, "not YAML"),
            ("title: t\nsummary: [", 3, "not YAML"),
            ("title: t\ndate: 2026-02-30", 3, "not a date"),
            ("title: t\ndate: last Friday", 3, "not a date"),
            ("title: t\ndate: 0001-01-01", 3, "a year nobody means"),
            ("title: t\ndate: 9999-12-31T23:59:59-14:00", 3, "a year nobody means"),
            ("title: t\nkind: rumour", 3, "kind is “rumour”"),
            ("title: t\n\nseverity: bad", 4, "severity is “bad”"),
            ("title: [a, b]", 2, "not a single value"),
            ("topics: [[a], b]", 2, "not a single value"),
            (f"title: {'long ' * 60}", 2, "299 characters"),
            ("just words", 2, "no front matter"),
        ],
    )
    def test_a_bad_one_is_refused_naming_the_line(self, source, line, words):
        error = refusal(f"---\n{source}\n---\nText".encode())
        assert f"post.md, line {line}:" in error.message
        assert words in error.message

    def test_one_that_is_never_closed_is_refused(self):
        assert "never closed" in refusal(b"---\ntitle: t\n\nText").message

    @pytest.mark.parametrize("source", ["[" * 3000, "a: &a [*a]", "{}: 1", "? [a]\n: b", "!!python/object:os.system x"])
    def test_hostile_yaml_is_refused_or_ignored(self, source):
        assert refusal(f"---\n{source}\n---\n".encode())


class TestTitles:
    @pytest.mark.parametrize(
        ("filename", "text"),
        [
            ("a.md", "\n\n# The *bell* &amp; I\n\nText"),
            ("a.md", "The *bell* &amp; I\n===\n\nText"),
            ("a.html", "<title>The bell &amp; I</title><p>Text"),
            ("a.html", "<title>The bell - A site</title><h1>The <em>bell</em>\n&amp; I</h1><p>Text"),
            ("a.txt", "\n\nThe bell & I\nText"),
        ],
    )
    def test_it_is_found_in_the_body(self, filename, text):
        document = parse(text.encode(), filename)
        assert document.title == "The bell & I"
        assert document.blocks[-1] == ("text", "<p>Text</p>")
        assert all(kind == "text" for kind, _ in document.blocks)

    def test_front_matter_wins_and_a_different_heading_stays(self):
        document = parse(b"---\ntitle: One\n---\n# Another\n\nText", "a.md")
        assert document.title == "One"
        assert document.blocks[0] == ("heading", "Another")

    @pytest.mark.parametrize(
        ("filename", "text"),
        [("a.md", "## Only this\n\nText"), ("a.html", "<p>Text"), ("a.txt", " \n\n "), ("a.md", "")],
    )
    def test_without_one_the_file_is_refused(self, filename, text):
        assert "has no title" in refusal(text.encode(), filename).message

    def test_a_paragraph_is_not_taken_for_the_title_of_a_text_file(self):
        assert "300 characters" in refusal(b"x" * 300, "a.txt").message


class TestFiles:
    def test_other_encodings_are_refused_naming_the_line(self):
        error = refusal("# Title\n\nDéjà vu".encode("latin-1"))
        assert "line 3: the file is not UTF-8" in error.message
        assert "iconv" in error.mend

    @pytest.mark.parametrize("data", [b"# T\n\n\0", "# Title".encode("utf-16-le"), b"\xff\xd8\xff\xe0JFIF"])
    def test_files_that_are_no_text_are_refused(self, data):
        assert refusal(data)

    def test_control_characters_are_dropped(self):
        document = parse(b"# Be\x07ll\n\nA\x1b[1m \x08b", "a.md")
        assert document.title == "Bell"
        assert document.blocks == (("text", "<p>A[1m b</p>"),)

    def test_a_huge_file_is_refused(self):
        assert "5.0 MB" in refusal(b"x" * (MAX_OCTETS + 1)).message

    @pytest.mark.parametrize("filename", ["a.docx", "a", "a.md.exe", ".md"])
    def test_other_kinds_of_file_are_refused(self, filename):
        assert ".markdown" in refusal(b"# T", filename).mend

    @pytest.mark.parametrize("body", ["<div>" * 200_000, "<b><i>" * 80, "<ul><li>" * 200, "> " * 3000 + "x"])
    def test_absurd_nesting_is_refused_or_flattened_quickly(self, body):
        try:
            html(body)
            markdown(body)
        except Refused as error:
            assert "nested" in error.message  # noqa: PT017

    def test_a_title_alone_is_taken_with_a_warning(self):
        assert parse(b"# T", "a.md").warnings == ("a.md has no text below its title.",)


class TestBlocks:
    def test_paragraphs_lists_and_rules_gather_in_one_text_block(self):
        document = markdown("One **b** *i* `c<d`.\n\n- a\n- b\n  1. c\n\n---\n\nLast.")
        text = "<p>One <b>b</b> <i>i</i> <code>c&lt;d</code>.</p>"
        lists = "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul><hr/>"
        assert document.blocks == (("text", f"{text}{lists}<p>Last.</p>"),)

    def test_headings_quotes_and_pictures_are_blocks_of_their_own(self):
        document = markdown(
            "Before.\n\n## A *plain* heading\n\n> Words that\n> go on.\n>\n> More.\n>\n> — Ana Ćosić, pilot\n\n"
            '![Two boats](pictures/two%20boats.jpg "In the lee | Mara Oste")\n\nAfter.'
        )
        assert document.blocks == (
            ("text", "<p>Before.</p>"),
            ("heading", "A plain heading"),
            ("quote", {"text": "Words that go on.\n\nMore.", "attribution": "Ana Ćosić, pilot"}),
            (
                "picture",
                {"path": "pictures/two boats.jpg", "alt": "Two boats", "caption": "In the lee", "credit": "Mara Oste"},
            ),
            ("text", "<p>After.</p>"),
        )
        assert document.warnings == ()

    def test_a_quotation_names_its_source_in_html_as_well(self):
        document = html("<blockquote><p>Words.</p><footer>Ana</footer></blockquote>")
        assert document.blocks == (("quote", {"text": "Words.", "attribution": "Ana"}),)

    def test_a_picture_within_a_line_parts_the_paragraph(self):
        document = html('<p>One <a href="/big/"><img src="a.jpg" alt="A"></a> two</p>')
        assert [kind for kind, _ in document.blocks] == ["text", "picture", "text"]

    def test_a_figure_has_its_caption(self):
        document = html("<figure><img src=a.jpg alt=A><figcaption>Low <i>tide</i> | Ana</figcaption></figure>")
        assert document.blocks == (("picture", {"path": "a.jpg", "alt": "A", "caption": "Low tide", "credit": "Ana"}),)

    @pytest.mark.parametrize(
        "source", ["https://cdn.example/a.jpg", "//cdn.example/a.jpg", "data:image/png;base64,AA", ""]
    )
    def test_a_picture_from_elsewhere_is_left_out_with_a_warning(self, source):
        document = html(f'<p>Text<img src="{source}" alt="A gull"></p>')
        assert document.blocks == (("text", "<p>Text</p>"),)
        assert any("A gull" in warning for warning in document.warnings)

    def test_a_picture_without_alternative_text_is_a_warning(self):
        assert any("no alternative text" in warning for warning in markdown("![](a.jpg)").warnings)

    def test_a_table_keeps_its_cells_header_and_alignment(self):
        document = markdown(
            "| Quay | Depth | Note |\n|-|-:|-|\n| East | 4 m | *silted*, [see](/map/) |\n| West* | 6 m | |"
        )
        [(kind, value)] = document.blocks
        shown = tables.table(value)
        assert (kind, document.warnings) == ("table", ())
        assert [cell.html for cell in shown.head] == ["Quay", "Depth", "Note"]
        assert [[cell.html for cell in row] for row in shown.rows] == [
            ["East", "4 m", '<em>silted</em>, <a href="/map/">see</a>'],
            ["West*", "6 m", ""],
        ]
        assert {cell.align for row in (shown.head, *shown.rows) for cell in row[1:2]} == {Align.END}

    def test_cells_that_span_others_leave_them_empty(self):
        document = html(
            "<table><caption>Tides</caption><tr><th>Day<th colspan=2>Metres</tr>"
            "<tr><th rowspan=2>Monday<td>1<td>2</tr><tr><td>3<td>4<br>5</tr></table>"
        )
        [(_, value)] = document.blocks
        assert value["data"] == [["Day", "Metres", ""], ["Monday", "1", "2"], ["", "3", "4\n5"]]
        assert (value["table_caption"], value["table_header_choice"]) == ("Tides", "both")

    @pytest.mark.parametrize(
        "source",
        [
            "<table><tr><td><p>One</p><tr><td><p>Two</p></table>",
            "<table><tr><td><table><tr><td>One</table><td><p>Two</p></table>",
        ],
    )
    def test_a_table_that_only_arranges_a_page_is_read_as_text(self, source):
        assert html(source).blocks == (("text", "<p>One</p><p>Two</p>"),)

    def test_absurd_spans_take_neither_time_nor_room(self):
        document = html("<table>" + "<tr><td colspan=999999999 rowspan=999999999>a<td>b</tr>" * 3_000 + "</table>")
        [(_, value)] = document.blocks
        assert len(value["data"]) <= cells.MAX_ROWS
        assert max(map(len, value["data"])) <= cells.MAX_COLUMNS

    def test_code_keeps_its_lines_and_its_language(self):
        document = markdown("```python\n\n    if x:\n\t<y>\n```\n\n    plain")
        assert document.blocks == (
            ("code", {"language": "python", "code": "    if x:\n\t<y>"}),
            ("code", {"language": "", "code": "plain"}),
        )
        assert document.warnings == ()

    def test_code_within_a_list_stays_in_its_item(self):
        document = markdown("- Type:\n\n      a\n        b\n")
        assert document.blocks == (("text", f"<ul><li>Type:<br/><code>a<br/>{2 * chr(160)}b</code></li></ul>"),)

    def test_footnotes_keep_their_places_and_their_texts(self):
        document = markdown(
            "One[^a], two[^long-name].\n\n| A | B |\n|-|-|\n| x[^a] | y |\n\n[^long-name]: Second *note*.\n[^a]: First.\n"
        )
        assert document.blocks == (
            ("text", "<p>One[^1], two[^2].</p>"),
            ("table", tables.stored([["A", "B"], ["x[^1]", "y"]], head_row=True)),
            (
                "footnotes",
                [{"mark": "1", "text": "<p>First.</p>"}, {"mark": "2", "text": "<p>Second <i>note</i>.</p>"}],
            ),
        )

    @pytest.mark.parametrize(
        ("reference", "note"),
        [
            (  # WordPress
                '<sup data-fn="u"><a id="u-link" href="#u">1</a></sup>',
                '<ol class="wp-block-footnotes"><li id="u">A <b>note</b>. <a href="#u-link">back</a></li></ol>',
            ),
            (  # Pandoc
                '<a href="#fn1" id="fnref1" role="doc-noteref"><sup>1</sup></a>',
                '<section id="footnotes"><hr><ol><li id="fn1"><p>A <b>note</b>.<a href="#fnref1">↩</a></p></li></ol></section>',
            ),
            (  # Word
                '<a href="#_ftn1" name="_ftnref1">[1]</a>',
                '<hr><div id="ftn1"><p><a href="#_ftnref1" name="_ftn1">[1]</a> A <b>note</b>.</p></div>',
            ),
            (  # LibreOffice
                '<a name="sdfootnote1anc" href="#sdfootnote1sym"><sup>1</sup></a>',
                '<div id="sdfootnote1"><p><a name="sdfootnote1sym" href="#sdfootnote1anc">1</a> A <b>note</b>.</p></div>',
            ),
        ],
    )
    def test_the_footnotes_of_other_programs_are_found(self, reference, note):
        document = html(f"<p>Words{reference} go on.</p><h2>Notes</h2>{note}")
        assert document.blocks == (
            ("text", "<p>Words[^1] go on.</p>"),
            ("footnotes", [{"mark": "1", "text": "<p>A <b>note</b>.</p>"}]),
        )

    def test_a_link_within_the_page_is_no_footnote(self):
        document = html('<p id="top"><a href="#part">1</a></p><p id="part">Part <a href="#elsewhere">up</a></p>')
        assert document.blocks == (("text", "<p>1</p><p>Part up</p>"),)

    def test_links_are_kept_only_when_they_lead_somewhere(self):
        document = markdown(
            "[a](https://x.example/?q=1&r=2) [b](mailto:a@x.example) [c](/topics/sea/) [d](#part) [e](other.md) [f](//x.example)"
        )
        assert document.blocks == (
            (
                "text",
                '<p><a href="https://x.example/?q=1&amp;r=2">a</a> <a href="mailto:a@x.example">b</a> <a href="/topics/sea/">c</a> d e <a href="https://x.example">f</a></p>',
            ),
        )
        assert any("other.md" in warning for warning in document.warnings)

    def test_a_page_with_one_article_is_read_from_there(self):
        page = "<title>T</title><nav>Menu</nav><p>Ad</p><article><h1>T</h1><p>Text</p></article><footer>Us</footer>"
        assert parse(page.encode(), "a.html").blocks == (("text", "<p>Text</p>"),)

    def test_the_description_of_a_page_is_its_summary(self):
        page = "<head><title>T</title><meta name=Description content='In short.'></head><p>Text"
        assert parse(page.encode(), "a.html").summary == "In short."

    def test_a_heading_too_long_for_one_stays_as_a_bold_paragraph(self):
        assert markdown(f"## {'x' * 201}").blocks == (("text", f"<p><b>{'x' * 201}</b></p>"),)

    def test_what_word_processors_wrap_everything_in_does_not_make_it_bold(self):
        assert html("<b style='font-weight:normal'><p>One</p><p>Two</p></b>").blocks == (
            ("text", "<p>One</p><p>Two</p>"),
        )

    def test_empty_paragraphs_disappear(self):
        assert html("<p>&nbsp;</p><p><b> </b><br></p><p><br>x<br></p><ul></ul>").blocks == (("text", "<p>x</p>"),)


class TestText:
    def test_paragraphs_are_parted_by_blank_lines_and_escaped(self):
        document = parse(b"Title\n\nA <b> & c\n \n\nSecond", "a.txt")
        assert document.blocks == (("text", "<p>A &lt;b&gt; &amp; c</p><p>Second</p>"),)

    def test_addresses_are_linked_without_the_punctuation_behind_them(self):
        document = parse(b"Title\n\nSee (https://x.example/a?b=1&c=2).", "a.txt")
        link = "https://x.example/a?b=1&amp;c=2"
        assert document.blocks == (("text", f'<p>See (<a href="{link}">{link}</a>).</p>'),)

    def test_wrapped_lines_are_joined_and_short_ones_stay(self):
        wrapped = "The council met for four hours on Tuesday and agreed on one thing,\nwhich was to meet again."
        document = parse(f"Title\n\n{wrapped}\n\n12 Quay Street\nOstmere\n\n- a bell\n- a rope".encode(), "a.txt")
        assert document.blocks == (
            (
                "text",
                f"<p>{wrapped.replace(chr(10), ' ')}</p><p>12 Quay Street<br/>Ostmere</p><p>- a bell<br/>- a rope</p>",
            ),
        )


def test_every_key_is_in_the_guide():
    guide = (Path(__file__).parents[2] / "docs/guide/publishing.md").read_text(encoding="utf-8")
    assert [key for key in front_matter.KEYS if f"| `{key}` |" not in guide] == []
