"""A database from an hour ago is put back: nobody is mailed until a person says so, and then nobody is lost."""

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

from tests.courier.running import ROOT, until
from tests.crash import aftermath
from tests.crash.scene import Scene
from tocsin.courier.models import Dispatch
from tocsin.courier.queries import books

pytestmark = pytest.mark.crash

READERS = 200


@pytest.mark.parametrize(
    "running",
    [False, pytest.param(True, marks=pytest.mark.long)],
    ids=["while no courier runs", "under a running courier"],
)
def test_a_database_from_an_hour_ago(scene: Scene, running: bool):
    first = scene.tell(readers=READERS)
    scene.sink.goes_wrong(delay=0.01)
    with scene.courier() as courier:
        scene.until_taken(20)
        scene.kill(courier)
    hour_ago = back_up(scene.folder / "backup")
    scene.say(f"backup after {scene.sink.complete} messages")
    with scene.courier() as courier:
        scene.until_taken(120)
        if not running:
            scene.kill(courier)
        scene.witness_rests()
        restore(hour_ago)
        scene.say(f"restored after {scene.sink.complete} messages")
        with scene.courier() as heir:
            until(lambda: Dispatch.objects.filter(paused_us__isnull=False).exists(), "it to be held", 40)
            before = scene.sink.complete
            time.sleep(1)
            assert scene.sink.complete == before, "nobody is mailed"
            found = books(first.pk)
            assert found.balanced
            assert found.sending == 0
            assert heir.stop() == 0
    forgotten = sum(scene.sink.taken.values()) - found.accepted
    subprocess.run(
        [sys.executable, "-m", "tocsin", "dispatch", "resume", "--all"], check=True, cwd=ROOT, env=os.environ
    )
    scene.tell()
    aftermath.settle(scene, unlisted=forgotten, dates_lost=True)


def back_up(path: Path) -> Path:
    """A copy of the database as it is now."""
    if connection.vendor == "postgresql":
        command = ["pg_dump", "--clean", "--if-exists", "-f", str(path), os.environ["TOCSIN_DATABASE_URL"]]
        subprocess.run(command, check=True)
        return path
    source, copy = sqlite3.connect(connection.settings_dict["NAME"]), sqlite3.connect(path)
    source.backup(copy)
    source.close()
    copy.close()
    return path


def restore(path: Path) -> None:
    """Put it back in the place of what is there, as `tocsin restore` or an administrator does."""
    connection.close()
    if connection.vendor == "postgresql":
        command = ["psql", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f", str(path), os.environ["TOCSIN_DATABASE_URL"]]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return
    source, there = sqlite3.connect(path), sqlite3.connect(connection.settings_dict["NAME"], timeout=30)
    source.backup(there)
    source.close()
    there.close()
