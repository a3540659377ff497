"""The state directory: made, claimed by one `tocsin up` at a time, keys and settings kept in it.

Keys are made only while there is no database: mailed links and the ledger's hashes depend on them, so a lost key
is put back from a backup and never invented anew. Nothing here loads Django.
"""

import fcntl
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from tocsin.lib import config
from tocsin.lib.errors import BadEnvironment

LOCK = "up.lock"
MARKS = ("env", "secret.key", "address.key", "tocsin.sqlite3", LOCK)
KEYS = {"TOCSIN_SECRET_KEY": "secret.key", "TOCSIN_ADDRESS_KEY": "address.key"}
REMEMBERED = frozenset({"TOCSIN_SITE_URL", "TOCSIN_DATABASE_URL", "TOCSIN_RELAYS"})
PASSWORD = "password"  # noqa: S105 - the name of the file that keeps the first user's
FIRST_USER = "editor"
CAUGHT = ", mail is caught in the demo's inbox"
HEADING = "# Settings, NAME=VALUE. `tocsin up` keeps here the site URL, database and relays it was started with.\n"


def claim(folder: Path, note: str = "") -> IO[str]:
    """Make `folder` if need be and hold it until the returned file is closed or the process dies.

    `note` is what others are told about the holder. Raises BadEnvironment when the folder cannot be written, holds
    something else, or another `tocsin up` has it.
    """
    try:
        _make(folder)
        lock = (folder / LOCK).open("a+", encoding="ascii")
    except OSError as error:
        raise BadEnvironment(
            f"The state directory {folder} cannot be written: {error.strerror}.",
            "Choose another with --state DIR, or make it yours: it is to belong to the user who starts Tocsin.",
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _claimed(folder, holder(folder)) from None
    lock.truncate(0)
    print(f"pid {os.getpid()}{note}", file=lock, flush=True)
    return lock


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()) and not any((folder / mark).exists() for mark in MARKS):
        raise BadEnvironment(
            f"{folder} holds files, but none of Tocsin's.", "Choose an empty or new directory with --state DIR."
        )
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def refuse_if_claimed(folder: Path) -> None:
    """Raise BadEnvironment when a `tocsin up` runs on `folder`. Touches nothing."""
    running = holder(folder)
    if running:
        raise _claimed(folder, running)


def _claimed(folder: Path, running: str) -> BadEnvironment:
    return BadEnvironment(
        f"Tocsin already runs on {folder} ({running or 'another process'}).",
        "Stop it first, or choose another directory with --state DIR.",
    )


def holder(folder: Path) -> str:
    """Which `tocsin up` runs on `folder` right now; empty when none does."""
    try:
        with (folder / LOCK).open(encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return lock.read().strip() or "just starting"
    except OSError:
        pass
    return ""


def make_keys(folder: Path, environ: Mapping[str, str]) -> None:
    """Make the keys that are not given and not there, provided that there is no database yet."""
    values = config.given(environ)
    missing = [file for name, file in KEYS.items() if not values.get(name) and not (folder / file).exists()]
    if missing and not database_exists(config.load_without_keys(environ).database_url):
        for file in missing:
            write_private(folder / file, secrets.token_urlsafe(48) + "\n")


def database_exists(url: str) -> bool:
    """Whether there is a database with Tocsin's tables at `url`. Raises BadEnvironment if it cannot be asked."""
    if url.startswith("sqlite:///"):
        return Path(url.removeprefix("sqlite:///")).exists()
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            row = connection.execute("SELECT to_regclass('django_migrations')").fetchone()
    except psycopg.OperationalError as error:
        raise BadEnvironment(
            f"The database cannot be reached: {str(error).strip()}",
            "Check TOCSIN_DATABASE_URL and that PostgreSQL runs and lets this user in.",
        ) from error
    return row is not None and row[0] is not None


def remember(folder: Path, environ: Mapping[str, str], port: int) -> None:
    """Keep the settings this start was given in `STATE/env`, so that every other command finds them there.

    The site URL follows the port as long as it is the one of this machine.
    """
    path = folder / "env"
    kept = config.read_env_file(path)
    given = {name: value for name, value in environ.items() if config.setting_of(name) in REMEMBERED}
    if "TOCSIN_SITE_URL" not in given and _is_local(kept.get("TOCSIN_SITE_URL", "")):
        given["TOCSIN_SITE_URL"] = f"http://127.0.0.1:{port}"
    replaced = {config.setting_of(name) for name in given}
    before = path.read_text(encoding="utf-8") if path.exists() else HEADING
    lines = [line for line in before.splitlines() if config.setting_of(line.partition("=")[0].strip()) not in replaced]
    lines += [f"{name}={value}" for name, value in sorted(given.items()) if value]
    after = "\n".join(lines) + "\n"
    if after != before:
        write_private(path, after)


def _is_local(url: str) -> bool:
    return not url or (urlsplit(url).scheme == "http" and urlsplit(url).hostname == "127.0.0.1")


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        unfinished.unlink()
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
