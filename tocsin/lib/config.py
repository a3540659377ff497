"""The one reader of `TOCSIN_*` settings, shared by Django's settings and by processes without Django.

`STATE/env` is read first, the environment wins. An unknown `TOCSIN_*` name is refused, so a typo never
passes for a default. A secret may be given as NAME_FILE, the path of a file that holds it. What can be
made anew (nothing here) is made by `scripts/up`; this module only reads.
"""

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from tocsin.lib.errors import BadEnvironment

ROOT = Path(__file__).resolve().parents[2]

SETTINGS: dict[str, str] = {
    "TOCSIN_STATE_DIR": "Where the database, keys and uploads lie. Default: var/ beside the package.",
    "TOCSIN_DATABASE_URL": "sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME. Default: SQLite in the state directory.",
    "TOCSIN_SITE_URL": "The public address of the site, without a path, e.g. https://news.example.org.",
    "TOCSIN_SECRET_KEY": "Signs sessions and mailed links. Default: the file secret.key in the state directory.",
    "TOCSIN_SECRET_KEY_FALLBACKS": "Older secret keys, separated by spaces, whose links still work.",
    "TOCSIN_ADDRESS_KEY": "Keys the address hashes in the ledger; never rotated. Default: the file address.key in the state directory.",
    "TOCSIN_RELAYS": "Relays that mail is handed to, separated by spaces: smtp://USER:PASSWORD@HOST:PORT or smtps://...",
    "TOCSIN_TRUSTED_PROXIES": "Addresses of reverse proxies whose X-Forwarded-For is believed, separated by spaces. Default: none.",
    "TOCSIN_DEMO": "1 enables the demo publication and the caught-mail inbox. Set by scripts/up only.",
    "TOCSIN_INBOX_PORT": "Port of the demo's caught-mail sink on 127.0.0.1. Set by scripts/up only.",
    "TOCSIN_LOG_LEVEL": "debug, info, warning or error. Default: info.",
}
SECRETS = frozenset(
    {
        "TOCSIN_SECRET_KEY",
        "TOCSIN_SECRET_KEY_FALLBACKS",
        "TOCSIN_ADDRESS_KEY",
        "TOCSIN_DATABASE_URL",
        "TOCSIN_RELAYS",
    }
)
LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class Config:
    """What this installation was told. Secrets are kept out of its repr."""

    state_dir: Path
    database_url: str = field(repr=False)
    site_url: str
    secret_keys: tuple[str, ...] = field(repr=False)
    address_key: str = field(repr=False)
    relays: tuple[str, ...] = field(repr=False)
    trusted_proxies: tuple[str, ...]
    demo: bool
    inbox_port: int
    log_level: str

    @property
    def sqlite_path(self) -> Path | None:
        """The SQLite file, or None on PostgreSQL."""
        prefix = "sqlite:///"
        return Path(self.database_url.removeprefix(prefix)) if self.database_url.startswith(prefix) else None

    @property
    def site_host(self) -> str:
        """The host name of the site, without port."""
        return urlsplit(self.site_url).hostname or "localhost"

    @property
    def site_netloc(self) -> str:
        """The host of the site with its port, if that is not the usual one: what stands in a Host header."""
        return urlsplit(self.site_url).netloc

    @property
    def behind_tls(self) -> bool:
        """Whether readers come over https, through a server in front that says so."""
        return self.site_url.startswith("https://")

    @property
    def inbox_enabled(self) -> bool:
        """Whether mail is caught in the demo's inbox: only in the demo, and never with a relay."""
        return self.demo and not self.relays


@cache
def current() -> Config:
    """The configuration of this process, read once."""
    return load(os.environ)


def load(environ: Mapping[str, str]) -> Config:
    """Read the configuration. Raises BadEnvironment with the mend."""
    folder = state_dir(environ)
    values = given(environ)
    secret = values.get("TOCSIN_SECRET_KEY") or _key_file(folder / "secret.key", "TOCSIN_SECRET_KEY")
    address_key = values.get("TOCSIN_ADDRESS_KEY") or _key_file(folder / "address.key", "TOCSIN_ADDRESS_KEY")
    return _config(folder, values, secret, address_key)


def load_without_keys(environ: Mapping[str, str]) -> Config:
    """The configuration where keys may not have been made yet; it has none. Raises BadEnvironment with the mend."""
    return _config(state_dir(environ), given(environ), "", "")


def _config(folder: Path, values: Mapping[str, str], secret: str, address_key: str) -> Config:
    fallbacks = values.get("TOCSIN_SECRET_KEY_FALLBACKS", "").split()
    return Config(
        state_dir=folder,
        database_url=_database_url(values.get("TOCSIN_DATABASE_URL", ""), folder),
        site_url=_site_url(values.get("TOCSIN_SITE_URL") or "http://127.0.0.1:8000"),
        secret_keys=(secret, *fallbacks),
        address_key=address_key,
        relays=tuple(values.get("TOCSIN_RELAYS", "").split()),
        trusted_proxies=tuple(values.get("TOCSIN_TRUSTED_PROXIES", "").split()),
        demo=_boolean("TOCSIN_DEMO", values.get("TOCSIN_DEMO", "")),
        inbox_port=_port("TOCSIN_INBOX_PORT", values.get("TOCSIN_INBOX_PORT") or "8025"),
        log_level=_choice("TOCSIN_LOG_LEVEL", values.get("TOCSIN_LOG_LEVEL") or "info", LOG_LEVELS),
    )


def state_dir(environ: Mapping[str, str]) -> Path:
    """The state directory, which need not exist yet."""
    return Path(environ.get("TOCSIN_STATE_DIR") or ROOT / "var").absolute()


def given(environ: Mapping[str, str]) -> dict[str, str]:
    """Every setting that was given, secrets read from their files. Raises BadEnvironment for a misspelt name."""
    here = {name: value for name, value in environ.items() if name.startswith("TOCSIN_")}
    kept = read_env_file(state_dir(environ) / "env")
    if "TOCSIN_STATE_DIR" in kept:
        raise BadEnvironment("The file env in the state directory cannot move it.", "Remove TOCSIN_STATE_DIR there.")
    overridden = {setting_of(name) for name in here}
    values = {name: value for name, value in kept.items() if setting_of(name) not in overridden} | here
    _refuse_typos(values)
    return _resolve_secret_files(values)


def setting_of(name: str) -> str:
    """The setting that a variable gives: a secret may come as NAME_FILE."""
    setting = name.removesuffix("_FILE")
    return setting if setting in SECRETS else name


def read_env_file(path: Path) -> dict[str, str]:
    """The lines of `STATE/env`; none when there is no such file. Raises BadEnvironment."""
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise BadEnvironment(
            f"{path} cannot be read: {error}", "Make it a UTF-8 file of NAME=VALUE lines that this user can read."
        ) from error
    values = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals:
            raise BadEnvironment(f"{path}, line {number}: no '=' in it.", "Write NAME=VALUE, or # before a comment.")
        values[name.strip()] = value.strip().strip("\"'")
    return values


def _resolve_secret_files(given: Mapping[str, str]) -> dict[str, str]:
    values = dict(given)
    for name in SECRETS:
        path = values.pop(f"{name}_FILE", "")
        if not path:
            continue
        if values.get(name):
            raise BadEnvironment(f"Both {name} and {name}_FILE are set.", "Keep one of them.")
        try:
            values[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadEnvironment(
                f"{name}_FILE: {path} cannot be read: {error}", "Check the path and its permissions."
            ) from error
    return values


def _refuse_typos(names: Iterable[str]) -> None:
    for name in sorted(names):
        if setting_of(name) not in SETTINGS:
            close = difflib.get_close_matches(name, SETTINGS, n=1)
            mend = f"Did you mean {close[0]}?" if close else f"Known settings: {', '.join(SETTINGS)}."
            raise BadEnvironment(f"There is no setting {name}.", mend)


def _key_file(path: Path, name: str) -> str:
    try:
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        key = ""
    if not key:
        raise BadEnvironment(
            f"No {name}, and no key in {path}.",
            f"Start once with scripts/up, which makes it; or, if this installation had one, put {path.name} back from your backup.",
        )
    return key


def _database_url(url: str, folder: Path) -> str:
    if not url:
        return f"sqlite:///{folder / 'tocsin.sqlite3'}"
    scheme, separator, rest = url.partition("://")
    if scheme == "postgres":
        scheme = "postgresql"
    known = scheme == "postgresql" or (scheme == "sqlite" and rest.startswith("/"))
    if not separator or not known or _parts(url) is None:
        raise BadEnvironment(
            "TOCSIN_DATABASE_URL is not a database we know.",
            "Write sqlite:////absolute/path or postgresql://user:password@host:5432/name.",
        )
    return f"{scheme}://{rest}"


def _site_url(url: str) -> str:
    url = url.rstrip("/")
    parts = _parts(url)
    if (
        parts is None
        or parts.scheme not in {"http", "https"}
        or not parts.hostname
        or url != f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    ):
        raise BadEnvironment(
            f"TOCSIN_SITE_URL {url!r} is not the address of a site.",
            "Write it as https://news.example.org, without a path.",
        )
    return url


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        return None
    return parts


def _boolean(name: str, value: str) -> bool:
    lowered = value.strip().lower()
    if lowered in {"", "0", "no", "false", "off"}:
        return False
    if lowered in {"1", "yes", "true", "on"}:
        return True
    raise BadEnvironment(f"{name}={value} is neither yes nor no.", "Write 1 or 0.")


def _port(name: str, value: str) -> int:
    if value.isascii() and value.isdigit() and 0 < int(value) < 65536:
        return int(value)
    raise BadEnvironment(f"{name}={value} is not a port.", "Write a number from 1 to 65535.")


def _choice(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value.lower() in choices:
        return value.lower()
    raise BadEnvironment(f"{name}={value} is not known.", f"Choose one of: {', '.join(choices)}.")
