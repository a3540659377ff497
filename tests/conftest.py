"""Fixtures every room may use."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import hypothesis
import pytest
import trustme

from tests import environment
from tocsin.lib import config

# A machine that is busy is no failure: examples have no deadline.
hypothesis.settings.register_profile("tocsin", deadline=None)
hypothesis.settings.load_profile("tocsin")

_numbers = count(1)


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The worker's database is already there: `tests.environment` cloned it."""


@pytest.fixture(autouse=True)
def languages_anew() -> None:
    """What a process remembers of the languages of its site belongs to one database, and each test has its own."""
    from tocsin.web import languages

    languages.forget()


@pytest.fixture
def committed(django_db_blocker: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database of this test's own where commits are real, for other processes and threads to see. Its URL."""
    with own_database(django_db_blocker, monkeypatch) as url:
        yield url


@contextmanager
def own_database(blocker: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What `committed` gives, for fixtures of another scope. Undoes all of `monkeypatch` in the end."""
    from django.db import connections

    url = environment.store.clone(f"test_{os.getpid()}_{next(_numbers)}")
    connection = connections["default"]
    before = connection.settings_dict["NAME"]
    with blocker.unblock():  # type: ignore[attr-defined]
        connections.close_all()
        name = url.removeprefix("sqlite:///") if url.startswith("sqlite") else url.rsplit("/", 1)[1]
        connection.settings_dict["NAME"] = name
        monkeypatch.setenv("TOCSIN_DATABASE_URL", url)
        config.current.cache_clear()
        try:
            yield url
        finally:
            connections.close_all()
            connection.settings_dict["NAME"] = before
            monkeypatch.undo()
            config.current.cache_clear()
            environment.store.drop(url)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what touches the database, so that the PostgreSQL run can pick it. Leave `long` out unless asked for."""
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if names & {"db", "committed", "transactional_db"} or item.get_closest_marker("django_db"):
            item.add_marker("database")
    if "long" not in config.option.markexpr:
        long = [item for item in items if item.get_closest_marker("long")]
        items[:] = [item for item in items if item not in long]
        config.hook.pytest_deselected(items=long)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test that had to be skipped fails the run in continuous integration: what is not run is not proven."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("\nSkipped tests fail the run in CI.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signs certificates."""
    return trustme.CA()


@pytest.fixture
def ca(authority: trustme.CA, tmp_path: Path) -> Path:
    """The file that makes `authority` trusted."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path
