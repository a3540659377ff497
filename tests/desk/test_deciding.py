"""When a post that goes live is told, as a table."""

import pytest

from tocsin.desk.publish import Facts, why_not

NEWS = {
    "first_time": True,
    "wanted": True,
    "alias": False,
    "private": False,
    "told": False,
    "translation_told": False,
}


def test_a_new_post_is_told():
    assert why_not(Facts(**NEWS)) is None


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        ({"first_time": False}, "live before"),
        ({"wanted": False}, "asked not to"),
        ({"alias": True}, "mirror"),
        ({"private": True}, "not for everybody"),
        ({"told": True}, "told before"),
        ({"translation_told": True}, "another language"),
    ],
)
def test_any_one_fact_keeps_it_quiet(fact, reason):
    assert reason in (why_not(Facts(**{**NEWS, **fact})) or "")
