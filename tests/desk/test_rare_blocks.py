"""Tables, code and footnotes in mail: the HTML part and the plain text say the same."""

import re
from copy import deepcopy

import pytest

from tests.bodies import RARE
from tests.posts import published
from tocsin.audience.queries import publication
from tocsin.content import tables
from tocsin.desk import plaintables
from tocsin.desk.message import render

pytestmark = pytest.mark.django_db


def told(body):
    message = render(published(body=deepcopy(body)), publication())
    return message.text, re.sub(r"<style.*?</style>", "", message.html, flags=re.DOTALL)


def test_they_read_well_as_plain_text():
    text, _ = told(RARE)
    assert "The quay sank^1 by a hand, [^sinking] says." in text
    assert (
        "Depths at low water\n\n"
        "Quay       Depth\n"
        "---------  -----\n"
        "East wall    4 m\n"
        "West^2      12 m\n\n"
        "        if depth < 4:\n"
        "        warn()\n\n"
        "> It holds^2.\n>\n> For now.\n>\n> - Ana\n\n"
        "Footnotes\n---------\n"
        "^1 See the report [1].\n"
        "^2 The survey of May.\n"
    ) in text
    assert re.search(r"\[1\] http\S+/report/", text)


def test_they_are_in_the_html_part_with_numbers_that_lead_nowhere():
    _, html = told(RARE)
    assert "Depths at low water</caption>" in html
    assert re.search(r"<td[^>]*text-align: right[^>]*>4 m</td>", html)
    assert 'sank<sup style="line-height: 0;">1</sup>' in html
    assert re.search(r"<pre[^>]*><code[^>]*>    if depth &lt; 4:\n    warn\(\)</code></pre>", html)
    assert "#fn" not in html
    assert re.search(r'href="http[^"]+/report/"', html)


def test_a_wide_table_is_read_row_by_row():
    words = "a long sentence about the state of the wall " * 2
    wide = tables.stored([["Quay", "State"], ["East", words], ["West", "Good"]], head_row=True)
    text, _ = told([("table", wide)])
    assert "- Quay: East\n  State: a long sentence about the state of the wall a long sentence" in text
    assert "- Quay: West\n  State: Good" in text


def test_no_line_of_a_table_is_too_long():
    rows = [["x" * 30, "y" * 30], ["x", "y"]]
    assert max(map(len, plaintables.write([], rows, []).splitlines())) == 62


def test_an_empty_table_is_no_part_of_the_mail():
    text, html = told([("text", "<p>Words.</p>"), ("table", None)])
    assert "<caption" not in html
    assert "Words." in text
