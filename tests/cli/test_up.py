"""`tocsin up` from outside: what it says, what it refuses, what it keeps alive and takes along."""

import os
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.running import ROOT, Newsroom, free_port

CHILDREN = ("web", "worker", "courier")


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A running newsroom that is no demo, mailing to a relay that is down."""
    state: Path = tmp_path_factory.mktemp("up") / "state"
    running = Newsroom(state, {"TOCSIN_RELAYS": f"smtp://127.0.0.1:{free_port()}?tls=none"})
    running.start()
    yield running
    running.stop()


def refused(port: int, state: Path, **settings: str) -> str:
    """What `tocsin up` says on stderr when it refuses to start."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    command = [sys.executable, "-m", "tocsin", "up", "--port", str(port), "--state", str(state)]
    done = subprocess.run(
        command, env=kept | settings, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 3
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


def test_it_says_where_to_log_in_and_that_it_is_ready(newsroom: Newsroom):
    url, user, password = newsroom.announced["LOGIN"].split()
    assert (url, user) == (f"{newsroom.url}/admin/", "editor")
    assert (newsroom.state / "password").read_text().strip() == password
    assert newsroom.announced["READY"] == f"{newsroom.url}/"
    assert list(newsroom.announced) == ["LOGIN", "READY"]


def test_what_it_keeps_is_private(newsroom: Newsroom):
    assert stat.S_IMODE(newsroom.state.stat().st_mode) == 0o700
    readable = [path.name for path in newsroom.state.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert readable == []


def test_the_front_page_is_served(newsroom: Newsroom):
    with urllib.request.urlopen(newsroom.url, timeout=20) as answer:
        assert answer.status == 200
        assert "Server" not in answer.headers


def test_a_second_one_on_the_same_state_is_refused(newsroom: Newsroom):
    words = refused(free_port(), newsroom.state)
    assert "already runs" in words
    assert "--state" in words


def test_a_port_in_use_is_refused_and_nothing_is_made(newsroom: Newsroom, tmp_path: Path):
    words = refused(newsroom.port, tmp_path / "state")
    assert f"Port {newsroom.port} on 127.0.0.1 is in use" in words
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOCSIN_SITEURL", "https://news.example.org"),
        ("TOCSIN_SITE_URL", "news.example.org"),
        ("TOCSIN_RELAYS", "relay.example.org:25"),
    ],
)
def test_a_wrong_setting_is_refused_and_nothing_is_made(tmp_path: Path, name: str, value: str):
    assert name in refused(free_port(), tmp_path / "state", **{name: value})
    assert list(tmp_path.iterdir()) == []


def test_a_state_directory_that_cannot_be_written_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    assert "cannot be written" in refused(free_port(), tmp_path / "file" / "state")


def test_a_database_that_is_down_is_refused(tmp_path: Path):
    words = refused(free_port(), tmp_path / "state", TOCSIN_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert "The database cannot be reached" in words
    assert not list(tmp_path.glob("state/*.key"))


@pytest.mark.crash
@pytest.mark.parametrize("name", CHILDREN)
def test_a_killed_child_is_back_within_two_seconds(newsroom: Newsroom, name: str):
    victim = newsroom.until(lambda: newsroom.child(name), bool)
    victim.kill()
    killed_at = time.monotonic()
    newsroom.until(lambda: newsroom.child(name), lambda child: child is not None and child.pid != victim.pid, 2)
    assert time.monotonic() - killed_at < 2


@pytest.mark.crash
def test_a_reader_who_comes_while_the_site_restarts_waits_and_is_served(newsroom: Newsroom):
    victim = newsroom.until(lambda: newsroom.child("web"), bool)
    victim.kill()
    with urllib.request.urlopen(newsroom.url, timeout=60) as answer:
        assert answer.status == 200


@pytest.mark.crash
def test_a_killed_supervisor_takes_everything_along_and_starts_again(newsroom: Newsroom):
    assert newsroom.process is not None
    children = psutil.Process(newsroom.process.pid).children(recursive=True)
    assert len(children) >= len(CHILDREN)
    newsroom.process.kill()
    assert psutil.wait_procs(children, timeout=5)[1] == []
    newsroom.process.wait(5)
    newsroom.start()
    assert f"in {newsroom.state / 'password'})" in newsroom.announced["LOGIN"]


@pytest.mark.crash
def test_it_stops_within_ten_seconds_and_leaves_nothing_running(newsroom: Newsroom):
    assert newsroom.process is not None
    children = psutil.Process(newsroom.process.pid).children(recursive=True)
    told_at = time.monotonic()
    assert newsroom.stop() == 0
    assert time.monotonic() - told_at < 10
    assert not any(child.is_running() for child in children)
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", newsroom.port), 5):
        pass
    newsroom.start()
