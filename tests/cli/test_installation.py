"""A process does not work on a database that does not fit."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tests.running import ROOT
from tocsin import cli
from tocsin.audience.models import Publication
from tocsin.cli import installation
from tocsin.lib import config
from tocsin.lib.errors import BadEnvironment


@pytest.mark.django_db
def test_one_that_fits_is_worked_on():
    installation.require_fitting(config.current())


def test_one_that_is_gone_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("TOCSIN_DATABASE_URL", f"sqlite:///{tmp_path}/gone.sqlite3")
    with pytest.raises(BadEnvironment, match="no database at") as refusal:
        installation.require_fitting(config.load(os.environ))
    assert "restore a backup" in refusal.value.mend
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_moved_away_is_missed_until_it_is_back(tmp_path: Path):
    """Nothing is put in its place, which would be empty and stay there."""
    script = """
import django
django.setup()
from django.db import OperationalError, connection
from tocsin.cli import snapshot
from tocsin.lib import config
file = config.current().sqlite_path
moved = file.with_suffix(".moved")
snapshot.fill(file)
file.rename(moved)
try:
    connection.ensure_connection()
except OperationalError as error:
    print(error, file.exists())
moved.rename(file)
connection.ensure_connection()
print(len(connection.introspection.table_names()) > 50)
"""
    environ = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tocsin.settings",
        "TOCSIN_DATABASE_URL": f"sqlite:///{tmp_path}/100% wörds?#.sqlite3",
    }
    said = subprocess.run(
        [sys.executable, "-c", script], env=environ, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines() == ["unable to open database file False", "True"]


@pytest.mark.django_db
def test_one_of_an_older_version_is_not():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'courier'")
    with pytest.raises(BadEnvironment, match="not at this version") as refusal:
        installation.require_fitting(config.current())
    assert "tocsin prepare" in refusal.value.mend


@pytest.mark.django_db
def test_an_empty_one_is_not():
    Publication.objects.all().delete()
    with pytest.raises(BadEnvironment, match="no publication"):
        installation.require_fitting(config.current())


@pytest.mark.django_db
def test_one_made_with_another_address_key_is_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOCSIN_ADDRESS_KEY", "other")
    with pytest.raises(BadEnvironment, match="told twice") as refusal:
        installation.require_fitting(config.load(os.environ))
    assert "backup" in refusal.value.mend


def test_the_inbox_is_refused_outside_the_demo(capsys: pytest.CaptureFixture[str]):
    assert cli.run(["inbox"]) == 3
    assert "part of the demo" in capsys.readouterr().err
