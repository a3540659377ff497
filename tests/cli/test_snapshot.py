"""The SQL a first start begins with is what the migrations make."""

import re
import sqlite3
from pathlib import Path

import pytest

from tests import databases, environment
from tocsin.cli import snapshot

RANDOM_KEY = re.compile(r"'[0-9a-f]{32}'")


def made_by(path: Path) -> list[str]:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        return [RANDOM_KEY.sub("KEY", statement) for statement in snapshot.statements(connection)]


def test_it_makes_what_the_migrations_make(tmp_path: Path):
    store = environment.store
    assert isinstance(store, databases.SqliteStore)
    assert snapshot.fill(tmp_path / "filled.sqlite3"), "a migration was changed: run scripts/snapshot"
    assert made_by(tmp_path / "filled.sqlite3") == made_by(store.migrated)


def test_it_is_left_aside_when_our_migrations_are_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(snapshot, "heading", lambda: "-- Made by scripts/snapshot of the migrations 0123456789abcdef.")
    assert not snapshot.fill(tmp_path / "filled.sqlite3")
    assert list(tmp_path.iterdir()) == []
