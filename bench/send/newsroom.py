"""A newsroom made to be measured: its database on disk, its readers, its courier process, all real and all temporary."""

import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.companion import Companion
from bench.scratch import Scratch, clean_environment, stop, until
from bench.send import postgresql
from tocsin.lib.errors import BadEnvironment

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
PREPARE_SECONDS = 180
SLOWEST = 20  # messages a second; a courier slower than this is not waited for


@dataclass(frozen=True)
class Telling:
    """One dispatch under way. `committing`: when its transaction began to commit, in seconds since the epoch."""

    dispatch: int
    audience: int
    committing: float


class Newsroom:
    """A prepared database with a desk process beside it. Readers are added as they are needed."""

    def __init__(self, scratch: Scratch, relay: str, database: str = SQLITE) -> None:
        self.database = database
        self._scratch = scratch
        self._state = scratch.folder / f"newsroom-{database.lower()}"
        self._state.mkdir(mode=0o700)
        self._url = postgresql.start(scratch) if database == POSTGRESQL else f"sqlite:///{self._state / 'news.sqlite3'}"
        self.environment: Mapping[str, str] = clean_environment(
            TOCSIN_STATE_DIR=str(self._state),
            TOCSIN_DATABASE_URL=self._url,
            TOCSIN_SITE_URL="https://news.example.org",
            TOCSIN_SECRET_KEY="a key for measuring only",  # noqa: S106
            TOCSIN_ADDRESS_KEY="another key for measuring only",
            TOCSIN_RELAYS=relay,
        )
        self._prepare()
        self._desk = Companion(scratch, "bench.send.desk", env=self.environment)
        self._ledger = _Ledger(self._url)
        scratch.callback(self._ledger.close)
        self._readers = 0

    def _prepare(self) -> None:
        process = self._scratch.python("tocsin", "prepare", env=self.environment)
        if process.wait(PREPARE_SECONDS):
            raise BadEnvironment("The newsroom to measure with could not be prepared.", self._said("tocsin"))

    def _said(self, module: str) -> str:
        return self._scratch.log(f"{module}.log").read_text(encoding="utf-8", errors="replace")[-2000:]

    def have_readers(self, number: int) -> None:
        """So many readers are there."""
        if number > self._readers:
            self._desk.ask("readers", 600, first=self._readers + 1, last=number)
            self._readers = number

    def have_old_rows(self, number: int) -> float:
        """So many deliveries of the past; how long that took, in seconds."""
        return float(self._desk.ask("old_rows", 1800, rows=number)["seconds"])

    def ask(self, verb: str, patience: float, **details: Any) -> dict[str, Any]:
        """Have something done on the newsroom's own side."""
        return self._desk.ask(verb, patience, **details)

    def publish(self, **details: str) -> Telling:
        """Publish the post; all readers are told."""
        return Telling(**self._desk.ask("publish", 120, **details))

    def digest(self, readers: int) -> Telling:
        """A digest to the first `readers` readers."""
        return Telling(**self._desk.ask("digest", 120, readers=readers))

    def commits(self, seconds: float, pause: float) -> list[float]:
        """How long small commits of the web's took, in seconds, for so many seconds."""
        took: list[float] = self._desk.ask("commits", seconds + 60, seconds=seconds, pause=pause)["took"]
        return took

    def cancel(self, telling: Telling) -> None:
        """Stop a telling; wait until its courier did."""
        self._desk.ask("cancel", 120, dispatch=telling.dispatch)
        until(lambda: not self._ledger.left(telling.dispatch), "a cancelled dispatch settles", 60)

    @contextmanager
    def courier(self, relay: str = "") -> Iterator["subprocess.Popen[str]"]:
        """The real courier process, from its start to its SIGTERM. `relay`: another one than the newsroom's."""
        environment = {**self.environment, **({"TOCSIN_RELAYS": relay} if relay else {})}
        process = self._scratch.python("tocsin", "courier", env=environment)
        try:
            until(self._ledger.courier_has_begun, "the courier begins", 30)
            yield process
        finally:
            stop(process)

    def seconds_to_settle(self, telling: Telling) -> float:
        """From the first claim to the last row settled. Raises BadEnvironment when not everybody was told."""
        claimed = self._claimed(telling)
        limit = 60 + telling.audience / SLOWEST
        until(lambda: not self._ledger.left(telling.dispatch), "everybody is told", limit)
        seconds = time.time() - claimed
        self.must_be_accepted(telling)
        return seconds

    def begun(self, telling: Telling) -> None:
        """Wait until the courier is at work on a telling."""
        self._claimed(telling)

    def is_settled(self, telling: Telling) -> bool:
        """Whether a telling has nothing more to do."""
        return not self._ledger.left(telling.dispatch)

    def messages_settled(self, telling: Telling) -> int:
        """How many messages of a telling lie in batches that have nothing more to do."""
        return self._ledger.settled(telling.dispatch)

    def must_be_accepted(self, telling: Telling) -> None:
        """Raises BadEnvironment unless a telling's whole audience was accepted."""
        books = self._desk.ask("books", 120, dispatch=telling.dispatch)
        if books["accepted"] != telling.audience:
            odd = {state: number for state, number in books.items() if number}
            raise BadEnvironment(f"Not everybody was accepted: {odd}", self._said("tocsin"))

    def _claimed(self, telling: Telling) -> float:
        """When the first batch was claimed. Should that have been too quick to be seen: when the telling began to commit."""
        seen = 0

        def look() -> bool:
            nonlocal seen
            seen = self._ledger.first_claim(telling.dispatch)
            return bool(seen) or self._ledger.settled(telling.dispatch) > 0

        until(look, "a batch is claimed", 30, pause=0.002)
        return seen / 1_000_000 if seen else telling.committing


class _Ledger:
    """Looks at the ledger from outside, with as little work as can be."""

    def __init__(self, url: str) -> None:
        self._connection: Any
        if url.startswith("sqlite"):
            path = Path(url.removeprefix("sqlite:///"))
            self._connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=20, isolation_level=None)
        else:
            self._connection = psycopg.connect(url, autocommit=True)
        self._place = "?" if url.startswith("sqlite") else "%s"

    def close(self) -> None:
        self._connection.close()

    def left(self, dispatch: int) -> int:
        """How many batches have something to do."""
        return self._one("SELECT count(*) FROM courier_batch WHERE dispatch_id = {} AND due_us IS NOT NULL", dispatch)

    def settled(self, dispatch: int) -> int:
        """How many deliveries lie in batches that have nothing more to do."""
        return self._one(
            "SELECT coalesce(sum(last_id - first_id + 1), 0) FROM courier_batch WHERE dispatch_id = {} AND due_us IS NULL",
            dispatch,
        )

    def first_claim(self, dispatch: int) -> int:
        """When the earliest of the leases held now was taken, in microseconds; 0 when none is held."""
        return self._one("SELECT coalesce(min(leased_us), 0) FROM courier_batch WHERE dispatch_id = {}", dispatch)

    def courier_has_begun(self) -> int:
        """Whether a courier is enlisted."""
        return self._one("SELECT count(*) FROM courier_courier WHERE gone_us IS NULL AND id IS NOT NULL")

    def _one(self, sql: str, *values: int) -> int:
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(sql.format(*[self._place] * len(values)), values)
            return int(cursor.fetchone()[0])
