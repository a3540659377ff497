"""How many mails a choice means, told from the past."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.audience.estimates import Past, Post
from tocsin.audience.models import Cadence

ALL, PARKS = 1, 2


def past(*posts: tuple[int, set[int]], alerts: int = 0, days: int = 28) -> Past:
    """News on days, filed under things, and some alerts."""
    news = [Post(day, alert=False, followed_by=frozenset({ALL} | filed)) for day, filed in posts]
    return Past([*news, *[Post(day, alert=True, followed_by=frozenset({ALL})) for day in range(alerts)]], days)


FOUR_WEEKS = past(*[(day, {PARKS} if day % 7 == 0 else set()) for day in range(28) for _ in range(2)], alerts=4)


@pytest.mark.parametrize(
    ("choices", "alerts", "mails"),
    [
        ({}, True, 1),
        ({}, False, 0),
        ({ALL: "instant"}, False, 14),
        ({ALL: "instant"}, True, 15),
        ({ALL: "daily"}, False, 7),
        ({ALL: "weekly"}, False, 1),
        ({ALL: "alerts"}, True, 1),
        ({PARKS: "instant"}, False, 2),
        ({PARKS: "instant", ALL: "daily"}, False, 2 + 6),
        ({PARKS: "daily", ALL: "instant"}, False, 14),
        ({PARKS: "weekly"}, False, 1),
    ],
)
def test_each_post_counts_once_at_its_quickest_pace(choices, alerts, mails):
    assert FOUR_WEEKS.mails_a_week(choices, alerts=alerts) == pytest.approx(mails)


def test_too_short_a_past_tells_nothing():
    assert not past((1, set()), days=80).is_long_enough
    assert not Past(FOUR_WEEKS.posts, 13).is_long_enough
    assert FOUR_WEEKS.is_long_enough


posts = st.lists(
    st.builds(Post, st.integers(0, 60), st.booleans(), st.frozensets(st.integers(1, 4)).map(lambda ids: ids | {ALL}))
)
choosing = st.dictionaries(st.integers(1, 4), st.sampled_from(list(Cadence)))


@given(posts, choosing, st.integers(1, 4))
def test_following_more_never_means_fewer_single_mails_than_posts_allow(told, choices, more):
    before = Past(told, 61)
    mails = before.mails_a_week(choices) * 61 / 7
    assert 0 <= mails <= len(told) + 0.001
    everything_at_once = before.mails_a_week({**choices, ALL: Cadence.INSTANT}) * 61 / 7
    assert everything_at_once == pytest.approx(len(told))
    assert before.mails_a_week({**choices, more: Cadence.INSTANT}) >= 0
