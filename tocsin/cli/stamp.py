"""Whether `tocsin prepare` would find anything to do, told without loading Django: it saves a start some seconds.

The stamp in the state directory names what is installed and what the database said after the last preparing. When
either is different now, or cannot be asked, a start prepares. Web and worker look for themselves all the same.
"""

import hashlib
import sqlite3
import sysconfig
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from tocsin.cli import snapshot
from tocsin.lib.config import Config
from tocsin.lib.errors import BadEnvironment

FILE = "prepared"
MIGRATED = "SELECT count(*), max(id) FROM django_migrations"
MADE = "SELECT count(*), min(address_key_check) FROM audience_publication"


def is_current(settings: Config) -> bool:
    """Whether nothing changed since `renew`."""
    try:
        return (settings.state_dir / FILE).read_text(encoding="ascii") == _stamp(settings)
    except OSError:
        return False


def require_not_lost(settings: Config) -> None:
    """Raise BadEnvironment where a newsroom was prepared and its SQLite file is gone: an empty one would hide the loss."""
    prepared, file = settings.state_dir / FILE, settings.sqlite_path
    if file is not None and not file.exists() and prepared.exists():
        raise BadEnvironment(
            f"There is no database at {file}, but {settings.state_dir} had a newsroom.",
            f"Put back what you moved, or restore a backup. To begin anew, choose an empty directory or remove {prepared}.",
        )


def renew(settings: Config) -> None:
    """Note that all is prepared now."""
    (settings.state_dir / FILE).write_text(_stamp(settings), encoding="ascii")


def _stamp(settings: Config) -> str:
    packages = sorted(path.name for path in Path(sysconfig.get_path("purelib")).glob("*.dist-info"))
    facts = [snapshot.heading(), settings.address_key, *packages, *_asked(settings)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest() + "\n"


def _asked(settings: Config) -> list[str]:
    """What the database says of itself; nothing when it cannot be asked: preparing will say why."""
    with suppress(Exception), closing(_connect(settings)) as connection:
        return [str(connection.execute(question).fetchone()) for question in (MIGRATED, MADE)]
    return []


def _connect(settings: Config) -> Any:
    if settings.sqlite_path is not None:
        return sqlite3.connect(f"{settings.sqlite_path.as_uri()}?mode=ro", uri=True)
    import psycopg

    return psycopg.connect(settings.database_url, connect_timeout=10)
