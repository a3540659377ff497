"""Ready for languages that are written from right to left: no style of ours knows left from right."""

import re
from pathlib import Path

import pytest
from django.utils.safestring import mark_safe

from tocsin.content import phrases
from tocsin.desk import letterhead

ROOMS = Path(__file__).resolve().parents[1] / "tocsin"
SHEETS = [*ROOMS.glob("web/assets/*.css"), *ROOMS.glob("*/templates/**/style.css")]
PHYSICAL = re.compile(r"[-\s]left\b|[-\s]right\b")
FOUR_SIDES = re.compile(r"(?:padding|margin|inset): ?{0} {0} {0} {0}(?=[;\s}}])".format(r"([^\s;}(!]+)"))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: f"{sheet.parent.name}/{sheet.name}")
def test_no_style_knows_left_from_right(sheet: Path):
    style = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert PHYSICAL.findall(style) == []
    assert [sides for sides in FOUR_SIDES.findall(style) if sides[1] != sides[3]] == []


def test_the_sides_of_a_language():
    assert phrases.sides("de") == {"direction": "ltr", "start": "left", "end": "right"}
    assert phrases.sides("he") == {"direction": "rtl", "start": "right", "end": "left"}


def test_a_mail_in_hebrew_begins_on_the_right():
    html = letterhead.typeset("desk/mail/post.html", "#aa0000", "he", body=mark_safe("<blockquote>שלום</blockquote>"))
    assert '<html lang="he" dir="rtl"' in html
    assert "border-right: 4px solid" in html
    assert "text-align: right" in html
    assert "text-align: left" not in re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
