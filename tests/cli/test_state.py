"""The state directory: who may have it, what is made in it, and what is never made anew."""

import os
import stat
from pathlib import Path

import pytest

from tocsin.cli import state
from tocsin.lib import config
from tocsin.lib.errors import BadEnvironment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "state"


@pytest.fixture
def environ(folder: Path) -> dict[str, str]:
    return {"TOCSIN_STATE_DIR": str(folder)}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_belongs_to_its_owner_alone(folder: Path):
    with state.claim(folder):
        assert mode(folder) == 0o700


def test_an_open_one_is_closed(folder: Path):
    folder.mkdir(mode=0o755, parents=True)
    with state.claim(folder):
        assert mode(folder) == 0o700


def test_it_is_claimed_once(folder: Path):
    with state.claim(folder):
        with pytest.raises(BadEnvironment, match=f"already runs on .*pid {os.getpid()}"):
            state.claim(folder)
        with pytest.raises(BadEnvironment, match="already runs"):
            state.refuse_if_claimed(folder)
    state.refuse_if_claimed(folder)
    state.claim(folder).close()


def test_asking_whether_it_is_claimed_makes_nothing(folder: Path):
    state.refuse_if_claimed(folder)
    assert not folder.exists()


def test_one_that_cannot_be_written_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadEnvironment, match="cannot be written") as refusal:
        state.claim(tmp_path / "file" / "state")
    assert "--state" in refusal.value.mend


def test_a_directory_of_something_else_is_left_alone(folder: Path):
    folder.mkdir(mode=0o755, parents=True)
    (folder / "thesis.odt").write_text("mine")
    with pytest.raises(BadEnvironment, match="none of Tocsin's"):
        state.claim(folder)
    assert mode(folder) == 0o755
    assert [path.name for path in folder.iterdir()] == ["thesis.odt"]


def test_keys_are_made_once(folder: Path, environ: dict[str, str]):
    state.claim(folder).close()
    state.make_keys(folder, environ)
    first = config.load(environ)
    state.make_keys(folder, environ)
    assert config.load(environ) == first
    assert len(first.secret_keys[0]) >= 40
    assert first.secret_keys[0] != first.address_key
    assert mode(folder / "secret.key") == mode(folder / "address.key") == 0o600


@pytest.mark.parametrize("lost", ["secret.key", "address.key"])
def test_a_lost_key_is_never_invented_anew(folder: Path, environ: dict[str, str], lost: str):
    state.claim(folder).close()
    state.make_keys(folder, environ)
    (folder / "tocsin.sqlite3").write_bytes(b"")
    (folder / lost).unlink()
    state.make_keys(folder, environ)
    with pytest.raises(BadEnvironment, match=lost) as refusal:
        config.load(environ)
    assert "backup" in refusal.value.mend


def test_a_database_that_is_there_counts_on_either_engine(committed: str):
    assert state.database_exists(committed)


def test_a_database_that_cannot_be_reached_is_told():
    with pytest.raises(BadEnvironment, match="cannot be reached"):
        state.database_exists("postgresql://nobody@127.0.0.1:1/nothing")


def test_a_given_key_is_not_kept(folder: Path, environ: dict[str, str]):
    environ |= {"TOCSIN_SECRET_KEY": "given", "TOCSIN_ADDRESS_KEY": "given too"}
    state.claim(folder).close()
    state.make_keys(folder, environ)
    state.remember(folder, environ, 8000)
    assert not list(folder.glob("*.key"))
    assert "given" not in (folder / "env").read_text()


def test_the_settings_of_a_start_are_there_for_other_commands(folder: Path, environ: dict[str, str]):
    state.claim(folder).close()
    state.make_keys(folder, environ)
    relay = "smtp://u:p@relay.example:587"
    state.remember(folder, environ | {"TOCSIN_RELAYS": relay, "TOCSIN_SITE_URL": "https://news.example.org"}, 8000)
    seen = config.load(environ)
    assert (seen.relays, seen.site_url) == ((relay,), "https://news.example.org")
    assert mode(folder / "env") == 0o600
    state.remember(folder, environ, 9000)
    assert config.load(environ) == seen


def test_an_emptied_setting_is_forgotten(folder: Path, environ: dict[str, str]):
    state.claim(folder).close()
    state.remember(folder, environ | {"TOCSIN_RELAYS": "smtp://127.0.0.1"}, 8000)
    state.remember(folder, environ | {"TOCSIN_RELAYS": ""}, 8000)
    assert "TOCSIN_RELAYS" not in (folder / "env").read_text()


def test_the_local_site_url_follows_the_port(folder: Path, environ: dict[str, str]):
    state.claim(folder).close()
    state.make_keys(folder, environ)
    for port in (8000, 9000):
        state.remember(folder, environ, port)
        assert config.load(environ).site_url == f"http://127.0.0.1:{port}"


def test_what_a_person_wrote_stays(folder: Path, environ: dict[str, str]):
    state.claim(folder).close()
    (folder / "env").write_text("# ours\nTOCSIN_LOG_LEVEL=debug\nTOCSIN_RELAYS_FILE=/run/relays\n")
    state.remember(folder, environ, 8000)
    text = (folder / "env").read_text()
    assert text.startswith("# ours\nTOCSIN_LOG_LEVEL=debug\nTOCSIN_RELAYS_FILE=/run/relays\n")
    state.remember(folder, environ | {"TOCSIN_RELAYS": "smtp://127.0.0.1"}, 8000)
    assert "TOCSIN_RELAYS_FILE" not in (folder / "env").read_text()
