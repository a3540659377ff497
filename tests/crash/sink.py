"""The relay of `relay.py` from outside: starting it, telling it what goes wrong, and reading its record.

with Sink(folder, chunking=True) as sink:
    sink.goes_wrong(Fault("END", "take+drop", times=1), delay=0.02)
    ...
    sink.heal()
    assert sink.taken["reader1@example.org"] == 1
"""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.crash.mischief import Fault

ROOT = Path(__file__).parents[2]


class Record:
    """What a relay wrote down, read as it grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = 0
        self._records: list[dict[str, Any]] = []

    @property
    def records(self) -> list[dict[str, Any]]:
        """All it wrote down until now, in order."""
        if self.path.exists():
            with self.path.open("rb") as file:
                file.seek(self._read)
                whole, _, _ = file.read().rpartition(b"\n")
            self._records += map(json.loads, whole.splitlines())
            self._read += len(whole) + 1 if whole else 0
        return self._records

    def seen(self, what: str) -> list[dict[str, Any]]:
        """What it wrote down of one kind."""
        return [record for record in self.records if record["what"] == what]

    @property
    def taken(self) -> Counter[str]:
        """How many messages it took for each recipient."""
        return Counter(record["to"] for record in self.seen("taken"))

    @property
    def complete(self) -> int:
        """How many messages it saw to their end, taken or not."""
        return sum(record["what"] in {"taken", "ended"} for record in self.records)


class Sink(Record):
    """One relay process. Offers PIPELINING, and CHUNKING if asked for. `certificate`: a PEM file with its key; `ca` vouches for it."""

    def __init__(
        self, folder: Path, *, pipelining: bool = True, chunking: bool = False, eager: bool = False,
        certificate: Path | None = None, ca: Path | None = None, seed: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(folder / "relay.jsonl")
        self._options = {
            "record": str(self.path), "pipelining": pipelining, "chunking": chunking, "eager": eager, "seed": seed,
            "certificate": certificate and str(certificate),
        }  # fmt: skip
        self._ca = ca
        self.port = 0

    def __enter__(self) -> "Sink":
        command = [sys.executable, "-m", "tests.crash.relay", json.dumps(self._options)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, cwd=ROOT
        )
        self.port = int(self._answer())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    @property
    def url(self) -> str:
        """As it goes into TOCSIN_RELAYS; options may follow with `&`."""
        return f"smtp://127.0.0.1:{self.port}?" + (f"ca={self._ca}" if self._ca else "tls=none")

    # Steering

    def goes_wrong(self, *faults: Fault, **changes: Any) -> None:
        """These faults, and no others, from now on. `changes`: of `delay`, seconds before every reply."""
        self._order(faults=[asdict(fault) for fault in faults], **changes)

    def heal(self) -> None:
        """Nothing goes wrong any more; connections that hang are closed."""
        self._order(heal=True, listen=True, delay=0)

    def down(self) -> None:
        """Close all connections and refuse new ones, until healed."""
        self._order(listen=False)

    def _order(self, **order: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        assert self._answer() == "done"

    def _answer(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()
