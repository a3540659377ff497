"""Template databases for tests and cheap clones of them, on either engine."""

import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Protocol

CHECKOUT = hashlib.sha256(str(Path(__file__).parent).encode()).hexdigest()[:8]
"""Two checkouts may be tested at the same time: each has templates and a PostgreSQL server of its own."""


@cache
def kept() -> Path:
    """Where they are, from run to run: below the temporary directory, which `tests.memory` may have chosen by now."""
    folder = Path(tempfile.gettempdir()) / f"tocsin-tests-{os.getuid()}-{CHECKOUT}"
    folder.mkdir(mode=0o755, exist_ok=True)
    return folder


class Store(Protocol):
    """Makes and drops clones of one migrated template."""

    def clone(self, name: str) -> str:
        """A fresh copy; its URL."""

    def drop(self, url: str) -> None:
        """Remove a copy."""


def open_store(engine: str, fingerprint: str) -> Store:
    """The store of `engine`, its template made if it is not there yet."""
    if engine == "sqlite":
        return SqliteStore(fingerprint)
    if engine == "postgresql":
        return PostgresStore(fingerprint)
    raise SystemExit(f"TEST_DATABASE={engine}: use sqlite or postgresql")


@contextmanager
def _exclusively(name: str) -> Iterator[None]:
    with (kept() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


MIGRATE = "from django.core.management import call_command; call_command('migrate', verbosity=0)"
INSTALL = (
    "from tocsin.desk.install import install; install(name='The Example Gazette', sender_email='news@example.org')"
)


def _run(step: str, url: str) -> None:
    code = f"import django; django.setup()\n{step}\n"
    environment = {**os.environ, "TOCSIN_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tocsin.settings"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=Path(__file__).parents[1])


class SqliteStore:
    """Clones are file copies. `migrated` is what the migrations alone make."""

    def __init__(self, fingerprint: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="tocsin-test-db-"))
        self._template = kept() / f"template-{fingerprint}.sqlite3"
        self.migrated = kept() / f"migrated-{fingerprint}.sqlite3"
        with _exclusively("sqlite"):
            if not (self._template.exists() and self.migrated.exists()):
                fresh = self._folder / "template.sqlite3"
                fresh.touch()
                _run(MIGRATE, f"sqlite:///{fresh}")
                shutil.copyfile(fresh, self.migrated)
                _run(INSTALL, f"sqlite:///{fresh}")
                shutil.move(fresh, self._template)

    def clone(self, name: str) -> str:
        path = self._folder / f"{name}.sqlite3"
        shutil.copyfile(self._template, path)
        return f"sqlite:///{path}"

    def drop(self, url: str) -> None:
        path = Path(url.removeprefix("sqlite:///"))
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        with suppress(OSError):
            path.parent.rmdir()


class PostgresStore:
    """Clones are `CREATE DATABASE ... TEMPLATE`. One cluster per session, started by the first process."""

    def __init__(self, fingerprint: str) -> None:
        self._template = f"template_{fingerprint}"
        with _exclusively("postgresql"):
            self._server = os.environ.get("TEST_POSTGRES_URL") or self._start()
            if not self._exists(self._template):
                self._admin(f'DROP DATABASE IF EXISTS "{self._template}_making"')
                self._admin(f'CREATE DATABASE "{self._template}_making"')
                _run(f"{MIGRATE}\n{INSTALL}", f"{self._server}/{self._template}_making")
                self._admin(f'ALTER DATABASE "{self._template}_making" RENAME TO "{self._template}"')

    def clone(self, name: str) -> str:
        self._admin(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}"')
        return f"{self._server}/{name}"

    def drop(self, url: str) -> None:
        with suppress(Exception):
            self._admin(f'DROP DATABASE IF EXISTS "{url.rsplit("/", 1)[1]}" WITH (FORCE)')

    def _admin(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(f"{self._server}/postgres", autocommit=True) as connection:
            connection.execute(statement)

    def _exists(self, name: str) -> bool:
        import psycopg

        with psycopg.connect(f"{self._server}/postgres", autocommit=True) as connection:
            return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None

    def _start(self) -> str:
        """Start a cluster of our own. It is kept between runs (as a cache of the template) but stopped at the end."""
        cluster = Cluster(kept() / "postgresql")
        cluster.start()
        import atexit

        atexit.register(cluster.stop)
        os.environ["TEST_POSTGRES_URL"] = cluster.url
        return cluster.url


class Cluster:
    """A PostgreSQL server of our own, run by an unprivileged user; it can be stopped and started. Made if need be."""

    def __init__(self, data: Path) -> None:
        self._binaries = _postgres_binaries()
        self._data = data
        owner = pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        self._identity = {"user": owner.pw_uid, "group": owner.pw_gid} if os.getuid() == 0 else {}
        self._server: subprocess.Popen[bytes] | None = None
        if not (data / "PG_VERSION").exists():
            shutil.rmtree(data, ignore_errors=True)
            data.mkdir(mode=0o700)
            os.chown(data, owner.pw_uid, owner.pw_gid)
            self._make()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.url = f"postgresql://tocsin@127.0.0.1:{self._port}"

    def _make(self) -> None:
        command = [
            f"{self._binaries}/initdb", "-D", self._data, "-U", "tocsin", "--auth=trust", "-E", "UTF8",
            "--locale=C.UTF-8", "-N",
        ]  # fmt: skip
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **self._identity)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._server = subprocess.Popen(
            [f"{self._binaries}/postgres", "-D", self._data, "-p", str(self._port), "-c", "listen_addresses=127.0.0.1",
             "-k", "", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200"],
            stdout=subprocess.DEVNULL, stderr=self._data.with_suffix(".log").open("a"), cwd="/", **self._identity,
        )  # fmt: skip
        _wait_for(self.url)

    def stop(self, number: int = signal.SIGINT) -> None:
        """SIGINT cuts its connections and stops it in good order, SIGQUIT at once: it recovers when it starts again."""
        assert self._server is not None
        self._server.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            self._server.wait(20)


def _postgres_binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        raise SystemExit("The tests need PostgreSQL: apt-get install postgresql (scripts/test does it when it may).")
    return found[-1].parent


def _wait_for(url: str) -> None:
    import time

    import psycopg

    for _ in range(300):
        try:
            psycopg.connect(f"{url}/postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"PostgreSQL did not start: see {kept()}/postgresql.log")
