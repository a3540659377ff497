"""Whatever accent an editor picks, text in it can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.lib.colours import AA, BLACK, DEFAULT_ACCENT, WHITE, Colour, contrast, parse, readable_on
from tocsin.web.look import DARK_PAPER, LIGHT_PAPER

part = st.integers(0, 255)


@given(st.builds(Colour, part, part, part))
def test_any_accent_becomes_readable_on_both_papers(accent):
    for paper in (LIGHT_PAPER, DARK_PAPER):
        assert contrast(readable_on(accent, paper), paper) >= AA


def test_a_readable_accent_is_left_alone():
    accent = parse(DEFAULT_ACCENT)
    assert readable_on(accent, LIGHT_PAPER) == accent


def test_contrast_is_that_of_wcag():
    assert contrast(BLACK, WHITE) == pytest.approx(21)
    assert contrast(parse("#767676"), WHITE) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("slip", ["", "red", "#fff", "#12345g", "#123456;}", "#1234567"])
def test_what_is_not_a_colour_is_the_default(slip):
    assert parse(slip) == parse(DEFAULT_ACCENT)
