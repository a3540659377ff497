"""Topics and cadence as two columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.audience.exchange import wishes

MENU = {"*": 1, "parks": 2, "roads": 3, "author:ana": 4}


@pytest.mark.parametrize(
    ("topics", "cadence", "chosen"),
    [
        ("", "", {1: "instant"}),
        ("", "weekly", {1: "weekly"}),
        ("parks", "", {2: "instant"}),
        ("parks | roads|", "Daily", {2: "daily", 3: "daily"}),
        ("parks|roads", "daily|instant", {2: "daily", 3: "instant"}),
        ("parks|parks", "alerts", {2: "alerts"}),
        ("*|author:ana", "alerts|instant", {1: "alerts", 4: "instant"}),
        ("", "none", {}),
    ],
)
def test_what_is_written_is_understood(topics, cadence, chosen):
    assert wishes.parse(topics, cadence, MENU) == chosen


@pytest.mark.parametrize(
    ("topics", "cadence", "words"),
    [
        ("parcs", "", "no topic “parcs”; known: parks, roads"),
        ("Parks", "", "no topic “Parks”"),
        ("", "hourly", "“hourly” is not a cadence; known: instant, daily, weekly, alerts"),
        ("parks", "none", "not a cadence"),
        ("parks|roads", "daily|daily|daily", "3 cadences for 2 topics"),
    ],
)
def test_what_means_nothing_is_refused_with_what_would(topics, cadence, words):
    with pytest.raises(wishes.BadWish) as refused:
        wishes.parse(topics, cadence, MENU)
    assert words in str(refused.value)


@given(st.dictionaries(st.sampled_from(sorted(MENU)), st.sampled_from(["instant", "daily", "weekly", "alerts"])))
def test_what_is_written_reads_back(chosen):
    assert wishes.parse(*wishes.write(chosen), MENU) == {MENU[token]: pace for token, pace in chosen.items()}
