"""`tocsin prepare`: an empty database becomes a newsroom, all of it or nothing."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT
from tocsin.cli import stamp
from tocsin.lib import config

BROKEN = (
    "from tocsin.desk import demo; from tocsin import cli; demo.seed = None; raise SystemExit(cli.run(['prepare']))"
)
WHOLE = "from tocsin import cli; raise SystemExit(cli.run(['prepare']))"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An installation of the demo on SQLite, with keys and nothing else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    keys = {"TOCSIN_SECRET_KEY": "a key", "TOCSIN_ADDRESS_KEY": "another key"}
    return kept | keys | {"TOCSIN_STATE_DIR": str(tmp_path), "TOCSIN_DEMO": "1"}


def prepare(environ: dict[str, str], code: str = WHOLE) -> int:
    command = [sys.executable, "-c", f"from tocsin.cli.django import setup; setup(); {code}"]
    return subprocess.run(command, env=environ, cwd=ROOT, check=False, stderr=subprocess.DEVNULL).returncode


def count(folder: Path) -> dict[str, int]:
    tables = ("content_postpage", "desk_user", "audience_publication", "courier_dispatch")
    connection = sqlite3.connect(folder / "tocsin.sqlite3")
    counts = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}
    connection.close()
    return counts


def test_a_first_start_makes_the_demo_once_and_tells_nobody(environ: dict[str, str], tmp_path: Path):
    assert prepare(environ) == 0
    made = count(tmp_path)
    assert made["content_postpage"] >= 10
    assert made | {"content_postpage": 0} == {
        "content_postpage": 0,
        "desk_user": 1,
        "audience_publication": 1,
        "courier_dispatch": 0,
    }
    assert prepare(environ) == 0
    assert count(tmp_path) == made


def test_what_fails_half_way_leaves_nothing_and_is_begun_anew(environ: dict[str, str], tmp_path: Path):
    assert prepare(environ, BROKEN) == 3
    assert set(count(tmp_path).values()) == {0}
    password = (tmp_path / "password").read_text()
    assert prepare(environ) == 0
    assert count(tmp_path)["audience_publication"] == 1
    assert (tmp_path / "password").read_text() == password


def test_the_stamp_is_renewed_when_all_is_prepared(environ: dict[str, str], tmp_path: Path):
    assert prepare(environ | {"TOCSIN_DEMO": "0"}) == 0
    assert stamp.is_current(config.load(environ))
    assert not stamp.is_current(config.load(environ | {"TOCSIN_ADDRESS_KEY": "other"}))
    with sqlite3.connect(tmp_path / "tocsin.sqlite3") as connection:
        connection.execute("DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations)")
    connection.close()
    assert not stamp.is_current(config.load(environ))


def test_a_newsroom_whose_database_is_gone_is_not_begun_anew(environ: dict[str, str], tmp_path: Path):
    bare = environ | {"TOCSIN_DEMO": "0"}
    assert prepare(bare) == 0
    (tmp_path / "tocsin.sqlite3").rename(tmp_path / "elsewhere")
    process = subprocess.run(
        [sys.executable, "-m", "tocsin", "prepare"], env=bare, cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert process.returncode == 3
    assert f"no database at {tmp_path}/tocsin.sqlite3, but {tmp_path} had a newsroom" in " ".join(
        process.stderr.split()
    )
    assert not (tmp_path / "tocsin.sqlite3").exists()
    (tmp_path / "elsewhere").rename(tmp_path / "tocsin.sqlite3")
    assert prepare(bare) == 0


def test_a_database_that_is_not_there_has_no_stamp(environ: dict[str, str], tmp_path: Path):
    assert not stamp.is_current(config.load(environ))
    assert list(tmp_path.iterdir()) == []
