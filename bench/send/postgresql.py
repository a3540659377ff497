"""A PostgreSQL cluster of our own on disk, as `initdb` makes it: fsync on, durability as it comes."""

import os
import pwd
import subprocess
from pathlib import Path
from typing import Any

import psycopg

from bench.scratch import Scratch, free_port, until
from tocsin.lib.errors import BadEnvironment

DATABASE = "news"


def binaries() -> Path | None:
    """Where Debian keeps the newest server's programs; None when there is no server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    return found[-1].parent if found else None


def start(scratch: Scratch) -> str:
    """Start a cluster with an empty database; its URL. The server drops root."""
    programs = binaries()
    if programs is None:
        raise BadEnvironment("PostgreSQL is missing.", "On Debian: apt-get install postgresql")
    owner = pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    identity: dict[str, Any] = (
        {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
    )
    data = scratch.folder / "postgresql"
    data.mkdir(mode=0o700)
    os.chown(data, owner.pw_uid, owner.pw_gid)
    made: list[str | Path] = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        "tocsin",
        "--auth=trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
    ]
    with scratch.log("initdb.log").open("w") as log:
        subprocess.run(made, check=True, stdout=log, stderr=log, cwd="/", **identity)
    port = free_port()
    server_command: list[str | Path] = [
        programs / "postgres",
        "-D",
        data,
        "-p",
        str(port),
        "-c",
        "listen_addresses=127.0.0.1",
        "-k",
        "",
    ]
    server = scratch.start(server_command, log="postgresql.log", cwd="/", **identity)
    url = f"postgresql://tocsin@127.0.0.1:{port}"
    until(lambda: server.poll() is not None or _answers(url), "PostgreSQL starts", 60)
    with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")
    return f"{url}/{DATABASE}"


def _answers(url: str) -> bool:
    try:
        psycopg.connect(f"{url}/postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
