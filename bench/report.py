"""What a benchmark says: figures against their targets, the machine and the commit. As JSON for tools, as a table for people."""

import operator
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tocsin.lib import config

AT_LEAST, AT_MOST = ">=", "<="
_HOLDS = {AT_LEAST: operator.ge, AT_MOST: operator.le}


@dataclass(frozen=True)
class Figure:
    """One measured figure. `ratio` is against `peer`, where there is one; then the target is about the ratio."""

    name: str
    value: float
    unit: str
    target: float | None
    direction: str = AT_LEAST
    peer: float | None = None
    ratio: float | None = None
    note: str = ""

    @property
    def judged(self) -> float:
        """What the target is about."""
        return self.value if self.ratio is None else self.ratio

    @property
    def ok(self) -> bool:
        """Whether the target is reached; what has none is for information."""
        return self.target is None or bool(_HOLDS[self.direction](self.judged, self.target))

    def as_json(self) -> dict[str, Any]:
        """The figure as the command's contract has it, with a note of how it was measured."""
        facts = asdict(self)
        names = ("name", "value", "unit", "peer", "ratio", "target")
        return {**{name: _rounded(facts[name]) for name in names}, "ok": self.ok, "note": self.note}


@dataclass(frozen=True)
class Report:
    """All figures of one call. `quick`: fewer and smaller measurements than the targets ask for."""

    figures: Sequence[Figure]
    quick: bool

    def as_json(self) -> dict[str, Any]:
        """The contract of `tocsin bench ... --json`."""
        return {
            "figures": [figure.as_json() for figure in self.figures],
            "machine": machine(),
            "commit": commit(),
            "quick": self.quick,
        }

    def show(self) -> None:
        """Print the report for people."""
        table = Table(box=None, padding=(0, 2, 0, 0))
        for heading in ("figure", "value", "", "peer", "ratio", "target", ""):
            table.add_column(heading, justify="right" if heading in {"value", "peer", "ratio", "target"} else "left")
        for figure in self.figures:
            table.add_row(*_row(figure), style="" if figure.ok else "bold red")
        console = Console(highlight=False)
        console.print(table)
        console.print()
        for figure in self.figures:
            console.print(f"{figure.name}: {figure.note}.")
        console.print(f"\n{machine()}, commit {commit()}")
        if self.quick:
            console.print("Quick: fewer and smaller measurements than the targets ask for.")


def machine() -> str:
    """Processor, its cores, memory, kernel and Python, in words."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"Linux {platform.release()}, Python {platform.python_version()}"
    )


def commit() -> str:
    """The commit that is checked out, marked when files differ from it; "unknown" without git."""
    asked = ["git", "-C", str(config.ROOT), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _row(figure: Figure) -> tuple[str, ...]:
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}x"
    mark = "x" if figure.ratio is not None else ""
    target = "" if figure.target is None else f"{figure.direction} {figure.target:g}{mark}"
    verdict = "" if figure.target is None else "ok" if figure.ok else "missed"
    peer = "" if figure.peer is None else _shown(figure.peer)
    return figure.name, _shown(figure.value), figure.unit, peer, ratio, target, verdict


def _shown(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def _rounded(fact: Any) -> Any:
    return float(f"{fact:.4g}") if isinstance(fact, float) else fact
