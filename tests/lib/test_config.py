"""Settings: where they come from, and what is refused."""

from pathlib import Path

import pytest

from tocsin.lib import config
from tocsin.lib.errors import BadEnvironment


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"TOCSIN_STATE_DIR": str(tmp_path), "TOCSIN_SECRET_KEY": "s", "TOCSIN_ADDRESS_KEY": "a"}


def test_nothing_needs_to_be_set_but_the_keys(environ: dict[str, str], tmp_path: Path):
    settings = config.load(environ)
    assert settings.sqlite_path == tmp_path / "tocsin.sqlite3"
    assert settings.site_url == "http://127.0.0.1:8000"
    assert not settings.inbox_enabled


def test_the_environment_wins_over_the_file(environ: dict[str, str], tmp_path: Path):
    (tmp_path / "env").write_text("# a comment\n\nTOCSIN_LOG_LEVEL=debug\nTOCSIN_SITE_URL='https://a.example'\n")
    settings = config.load(environ | {"TOCSIN_LOG_LEVEL": "error"})
    assert (settings.log_level, settings.site_url) == ("error", "https://a.example")


def test_the_environment_wins_over_the_file_for_a_secret_given_the_other_way(environ: dict[str, str], tmp_path: Path):
    (tmp_path / "env").write_text("TOCSIN_RELAYS_FILE=/nowhere\n")
    assert config.load(environ | {"TOCSIN_RELAYS": "smtp://a smtp://b"}).relays == ("smtp://a", "smtp://b")


@pytest.mark.parametrize("name", ["TOCSIN_SITEURL", "TOCSIN_SITE_URL_FILE", "TOCSIN_RELAY"])
def test_a_misspelt_setting_is_refused(environ: dict[str, str], name: str):
    with pytest.raises(BadEnvironment, match=name) as refusal:
        config.load(environ | {name: "x"})
    assert "TOCSIN_" in refusal.value.mend


@pytest.mark.parametrize("line", ["TOCSIN_SITEURL=x", "SITE_URL=x", "no equals sign", "TOCSIN_STATE_DIR=/x"])
def test_a_wrong_line_in_the_file_is_refused(environ: dict[str, str], tmp_path: Path, line: str):
    (tmp_path / "env").write_text(line + "\n")
    with pytest.raises(BadEnvironment):
        config.load(environ)


def test_a_close_name_is_suggested(environ: dict[str, str]):
    with pytest.raises(BadEnvironment) as refusal:
        config.load(environ | {"TOCSIN_SITEURL": "x"})
    assert refusal.value.mend == "Did you mean TOCSIN_SITE_URL?"


@pytest.mark.parametrize("name", sorted(config.SECRETS))
def test_a_secret_may_lie_in_a_file(environ: dict[str, str], tmp_path: Path, name: str):
    (tmp_path / "secret").write_text("postgresql://u:p@h/n\n" if "DATABASE" in name else "hidden\n")
    environ.pop(name, None)
    settings = config.load(environ | {f"{name}_FILE": str(tmp_path / "secret")})
    assert any(word in str(vars(settings)) for word in ("hidden", "u:p@h"))


def test_a_secret_given_twice_is_refused(environ: dict[str, str]):
    with pytest.raises(BadEnvironment, match="Both"):
        config.load(environ | {"TOCSIN_SECRET_KEY_FILE": "/x"})


def test_a_secret_file_that_is_not_there_is_told(environ: dict[str, str]):
    with pytest.raises(BadEnvironment, match="/nowhere cannot be read"):
        config.load(environ | {"TOCSIN_RELAYS_FILE": "/nowhere"})


def test_secrets_are_not_shown(environ: dict[str, str]):
    secret = dict.fromkeys(config.SECRETS, "postgresql://u:hush@h/n")
    assert "hush" not in repr(config.load(environ | secret))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOCSIN_SITE_URL", "news.example.org"),
        ("TOCSIN_SITE_URL", "https://news.example.org/path"),
        ("TOCSIN_SITE_URL", "https://user@news.example.org"),
        ("TOCSIN_SITE_URL", "https://news.example.org:port"),
        ("TOCSIN_SITE_URL", "http://[::1"),
        ("TOCSIN_SITE_URL", "https://news.example.org?x"),
        ("TOCSIN_DATABASE_URL", "mysql://h/n"),
        ("TOCSIN_DATABASE_URL", "sqlite://relative"),
        ("TOCSIN_DATABASE_URL", "postgresql://u:p@h:port/n"),
        ("TOCSIN_DEMO", "perhaps"),
        ("TOCSIN_INBOX_PORT", "70000"),
        ("TOCSIN_INBOX_PORT", "\u0668\u0660"),
        ("TOCSIN_LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_is_refused_with_the_mend(environ: dict[str, str], name: str, value: str):
    with pytest.raises(BadEnvironment, match=name) as refusal:
        config.load(environ | {name: value})
    assert refusal.value.mend


def test_the_inbox_is_off_when_a_relay_is_configured(environ: dict[str, str]):
    demo = environ | {"TOCSIN_DEMO": "1"}
    assert config.load(demo).inbox_enabled
    assert not config.load(demo | {"TOCSIN_RELAYS": "smtp://127.0.0.1"}).inbox_enabled
    assert not config.load(environ).inbox_enabled


def test_a_key_that_is_nowhere_is_asked_for(environ: dict[str, str]):
    del environ["TOCSIN_SECRET_KEY"]
    with pytest.raises(BadEnvironment, match="TOCSIN_SECRET_KEY") as refusal:
        config.load(environ)
    assert "backup" in refusal.value.mend
