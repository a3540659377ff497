"""The databases of the tests themselves."""

import tempfile
from pathlib import Path

from tests import databases


def test_they_lie_where_all_temporary_files_do():
    """A clone on PostgreSQL is 900 files: in memory, where `tests.memory` found room, it takes a quarter of the time."""
    assert databases.kept().parent == Path(tempfile.gettempdir())
