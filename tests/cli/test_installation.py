"""A process does not work on a database that does not fit."""

import os

import pytest
from django.db import connection

from tocsin import cli
from tocsin.audience.models import Publication
from tocsin.cli import installation
from tocsin.lib import config
from tocsin.lib.errors import BadEnvironment


@pytest.mark.django_db
def test_one_that_fits_is_worked_on():
    installation.require_fitting(config.current())


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
