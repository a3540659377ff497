"""A site in this process, over a database whose commits are real. One for each module: it takes a second to start."""

from collections.abc import Iterator

import pytest

from tests.conftest import own_database
from tests.web.serving.house import House, running


@pytest.fixture(scope="module")
def site(django_db_blocker: object) -> Iterator[House]:
    """A running site that the tests of a module share: each asks for pages of its own."""
    patches = pytest.MonkeyPatch()
    with own_database(django_db_blocker, patches), running() as house:
        yield house
