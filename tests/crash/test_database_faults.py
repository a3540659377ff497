"""The database goes away, is locked by others, or has no room: nobody is lost, and what comes back is written down."""

import os
import resource
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.db import Error, connection

from tests.courier.running import until
from tests.crash import aftermath
from tests.crash.scene import Scene, small_file_system
from tests.databases import Cluster
from tocsin.lib import config

pytestmark = pytest.mark.crash

EITHER_OFFER = pytest.mark.parametrize(
    "offers",
    [{}, pytest.param({"chunking": True}, marks=pytest.mark.long)],
    ids=["pipelining", "chunking"],
)


@EITHER_OFFER
def test_a_database_that_cuts_its_connections(scene: Scene):
    if connection.vendor == "sqlite":
        return
    cut = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name LIKE 'tocsin%' AND datname = current_database() AND pid <> pg_backend_pid()"
    )
    scene.tell(readers=400)
    scene.sink.goes_wrong(delay=0.005)
    with scene.courier(), psycopg.connect(os.environ["TOCSIN_DATABASE_URL"], autocommit=True) as raw:
        for _ in range(10):
            time.sleep(scene.chance.uniform(0.02, 0.3))
            scene.say(f"cut after {scene.sink.complete} messages")
            raw.execute(cut)
        aftermath.until_at_rest()
    aftermath.promises_are_kept(scene)


@EITHER_OFFER
@pytest.mark.parametrize(
    ("seconds", "real"),
    [(3, False), pytest.param(25, True, marks=pytest.mark.long)],
    ids=["past the lease", "longer than the busy timeout"],
)
def test_another_writer_locks_sqlite(scene: Scene, seconds: float, real: bool):
    if connection.vendor == "postgresql":
        return
    scene.tell(readers=1500)
    scene.sink.goes_wrong(delay=0.01)
    with scene.program("courier") if real else scene.courier() as courier:
        scene.until_taken(30)
        scene.say(f"another writer locks the database for {seconds} s")
        raw = sqlite3.connect(connection.settings_dict["NAME"], timeout=60, isolation_level=None)
        raw.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        before = scene.sink.complete
        raw.execute("ROLLBACK")
        raw.close()
        scene.say(f"it lets go after {before} messages")
        until(lambda: scene.sink.complete >= min(before + 30, 1500), "the same courier to go on")
        scene.sink.heal()
        aftermath.until_at_rest()
        if real:
            courier.send_signal(signal.SIGTERM)
            assert courier.wait(10) == 0
    aftermath.promises_are_kept(scene)


SMALL_FILES = "from tocsin.courier.ledger import journal; journal.ROOM = 2000"
"""A journal asks for room every dozen messages, not every 7,000."""


@EITHER_OFFER
@pytest.mark.parametrize("kill", [False, True], ids=["room comes back", "killed without room"])
def test_no_room_to_write(scene: Scene, kill: bool):
    """No file of the courier's can grow any more: RLIMIT_FSIZE, set from outside."""
    scene.tell(readers=600)
    scene.sink.goes_wrong(delay=0.01)
    with scene.courier(setup=SMALL_FILES) as courier:
        for _ in range(3):
            scene.until_taken(min(scene.sink.complete + scene.chance.randrange(1, 80), 600))
            resource.prlimit(courier.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            scene.say(f"no room after {scene.sink.complete} messages")
            time.sleep(scene.chance.uniform(0.5, 1))
            before = scene.sink.complete
            time.sleep(0.3)
            assert scene.sink.complete == before, "no intent, no flight"
            if kill:
                break
            resource.prlimit(courier.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            scene.say("room again")
        if kill:
            scene.kill(courier)
        else:
            scene.sink.heal()
            aftermath.until_at_rest()
    aftermath.settle(scene)


def test_a_full_file_system_below_the_state_directory(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    """The courier's own files have no room; the database has. Where nobody may mount, RLIMIT_FSIZE above must do."""
    scene.tell(readers=600)
    scene.sink.goes_wrong(delay=0.01)
    with small_file_system(scene.folder / "small", 1 << 20) as mounted:
        if not mounted:
            return
        monkeypatch.setenv("TOCSIN_STATE_DIR", str(scene.folder / "small"))
        with scene.courier(setup=SMALL_FILES) as courier:
            scene.until_taken(30)
            filler = scene.folder / "small" / "filler"
            fill(filler)
            scene.say(f"full after {scene.sink.complete} messages")
            time.sleep(1)
            filler.unlink()
            aftermath.until_at_rest()
            assert courier.stop() == 0
    aftermath.promises_are_kept(scene)


def fill(path: Path) -> None:
    """Write until there is no room at all."""
    with path.open("wb", buffering=0) as file:
        for size in (65536, 512, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


@pytest.mark.parametrize("times", [2, pytest.param(12, marks=pytest.mark.long)])
def test_postgresql_is_restarted(scene: Scene, monkeypatch: pytest.MonkeyPatch, times: int):
    """In good order, or at once, so that it has to recover; the couriers wait for it."""
    if connection.vendor == "sqlite":
        return
    with a_cluster() as cluster:
        move_to(cluster, monkeypatch)
        scene.tell(readers=200 * times)
        scene.sink.goes_wrong(delay=0.005)
        with scene.courier() as courier:
            for _ in range(times):
                scene.until_taken(min(scene.sink.complete + scene.chance.randrange(1, 150), 200 * times))
                restart(scene, cluster)
            until(at_rest_if_it_answers, "everything to be settled", 60)
            assert courier.stop() == 0
        aftermath.promises_are_kept(scene)


def restart(scene: Scene, cluster: Cluster) -> None:
    number = scene.chance.choice([signal.SIGINT, signal.SIGQUIT])
    scene.say(f"PostgreSQL gets {number.name} after {scene.sink.complete} messages")
    cluster.stop(number)
    time.sleep(scene.chance.uniform(0, 1.5))
    cluster.start()
    connection.close()


def at_rest_if_it_answers() -> bool:
    try:
        return aftermath.at_rest()
    except Error:
        connection.close()
        return False


@contextmanager
def a_cluster() -> Iterator[Cluster]:
    """A PostgreSQL of this test's own, which it may stop."""
    with tempfile.TemporaryDirectory(prefix="tocsin-cluster-") as folder:
        Path(folder).chmod(0o755)
        server = Cluster(Path(folder) / "data")
        server.start()
        try:
            yield server
        finally:
            server.stop()


def move_to(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a copy of this test's database in that cluster."""
    here, there = os.environ["TOCSIN_DATABASE_URL"], f"{cluster.url}/moved"
    with psycopg.connect(f"{cluster.url}/postgres", autocommit=True) as raw:
        raw.execute("CREATE DATABASE moved")
    dump = subprocess.run(["pg_dump", here], check=True, capture_output=True).stdout
    subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", there], check=True, input=dump, stdout=subprocess.DEVNULL)
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", cluster.url.rsplit(":", 1)[1])
    connection.settings_dict["NAME"] = "moved"  # `committed` puts the name back
    monkeypatch.setenv("TOCSIN_DATABASE_URL", there)
    config.current.cache_clear()
