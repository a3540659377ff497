"""Hours, days, quiet hours and breaks as columns."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.audience import pace
from tocsin.audience.exchange import rhythms
from tocsin.audience.exchange.rhythms import BadRhythm, Rhythm
from tocsin.lib.errors import Refused

HOURS = st.none() | st.sampled_from(pace.HOURS)
CHOICE = st.none() | st.booleans()


def is_possible(rhythm: Rhythm) -> bool:
    try:
        pace.require(*rhythm[:4], time_zone="")
    except Refused:
        return False
    return True


RHYTHMS = st.builds(
    Rhythm, HOURS, st.none() | st.sampled_from(pace.DAYS), HOURS, HOURS, CHOICE, CHOICE
).filter(is_possible)  # fmt: skip


@given(RHYTHMS)
def test_what_is_written_reads_back(rhythm):
    assert rhythms.parse(rhythms.write(rhythm)) == rhythm


@given(st.integers(0, 400_000_000).map(lambda minutes: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)))
def test_a_moment_reads_back_to_the_minute(at):
    assert rhythms.parse_moment(rhythms.write_moment(at)) == at


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("", None),
        ("2026-12-24", datetime(2026, 12, 24, tzinfo=UTC)),
        ("2026-12-24 08:00", datetime(2026, 12, 24, 8, tzinfo=UTC)),
        ("2026-12-24T08:00:30+02:00", datetime(2026, 12, 24, 6, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_break_ends_at_an_iso_moment(text, moment):
    assert rhythms.parse_moment(text) == moment


@pytest.mark.parametrize("text", ["24.12.2026", "soon", "2026-13-01", "0001-01-01T00:00+14:00", "2026-12-24" * 50])
def test_what_is_no_moment_is_refused_with_what_would_be(text):
    with pytest.raises(BadRhythm, match="is no moment for paused_until; write it like 2026-12-24"):
        rhythms.parse_moment(text)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (("24", "", "", "", "", ""), "“24” is no hour of the day for digest_hour; write 0 to 23."),
        (("7pm", "", "", "", "", ""), "“7pm” is no hour"),
        (("-1", "", "", "", "", ""), "“-1” is no hour"),
        (("²", "", "", "", "", ""), "“²” is no hour"),
        (("1" * 5000, "", "", "", "", ""), "is no hour"),
        (("", "0", "", "", "", ""), "“0” means nothing for digest_weekday; known: monday, tuesday,"),
        (("", "", "22", "", "", ""), "Quiet hours need a beginning and an end"),
        (("", "", "22", "22", "", ""), "Quiet hours need a beginning and an end that differ"),
        (("23", "", "22", "7", "", ""), "Your digest would come in your quiet hours."),
        (("", "", "", "", "maybe", ""), "“maybe” means nothing for alerts; known: yes, no."),
        (("", "", "", "", "", "x"), "“x” means nothing for uncounted"),
    ],
)
def test_what_nobody_can_be_told_by_is_refused_with_what_would_be_right(fields, words):
    with pytest.raises(BadRhythm) as refused:
        rhythms.parse(fields)
    assert words in str(refused.value)
