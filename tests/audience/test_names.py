"""Names are written as people write them, and carry nothing else."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.audience.names import MAX_CHARACTERS, BadName, clean_name


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("", ""),
        ("  Ana   María ", "Ana María"),
        ("'t Hooft", "'t Hooft"),
        ("Zoe\N{COMBINING DIAERESIS}", "Zoë"),
        ("Тарас Шевченко", "Тарас Шевченко"),
        ("می\N{ZERO WIDTH NON-JOINER}خواهم", "می\N{ZERO WIDTH NON-JOINER}خواهم"),
        ("Ana\N{NO-BREAK SPACE}María", "Ana María"),
        ("🙂 Bob", "🙂 Bob"),
    ],
)
def test_a_name_is_kept_as_written(written, clean):
    assert clean_name(written) == clean


@pytest.mark.parametrize(
    "bad",
    [
        "Bob\r\nBcc: everyone@example.org",
        "Bob\nBob",
        "Bob\n",
        "Bob\0",
        "Bob\x02manage\x03",
        "\N{RIGHT-TO-LEFT OVERRIDE}boB",
        "Bob\N{LINE SEPARATOR}",
        "x" * (MAX_CHARACTERS + 1),
        "x" * 10_000,
        "Win at https://evil.example",
        "www.evil.example",
        "Bob <bob@example.org>",
    ],
)
def test_what_is_no_name_is_refused_in_words(bad):
    with pytest.raises(BadName, match="The name "):
        clean_name(bad)


@given(st.text())
def test_a_clean_name_is_one_short_printable_line_and_stays_so(text):
    try:
        name = clean_name(text)
    except BadName:
        return
    assert len(name) <= MAX_CHARACTERS
    assert clean_name(name) == name
    assert not [c for c in name if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}]
