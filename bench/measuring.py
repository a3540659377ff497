"""Figures by their names: which are wanted, what they need, and measuring them one after the other."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bench.report import Figure, Report
from bench.scratch import disk
from tocsin.lib.errors import BadUsage

Scale = TypeVar("Scale")


@dataclass(frozen=True)
class Measurement(Generic[Scale]):
    """Figures that are measured together. `needs` raise BadEnvironment when something is missing."""

    names: tuple[str, ...]
    measure: Callable[[Scale], Iterator[Figure]]
    needs: tuple[Callable[[], object], ...] = ()


def measured(
    known: Sequence[Measurement[Scale]],
    only: Collection[str],
    scale: Scale,
    *,
    quick: bool,
    say: Callable[[str], None],
) -> Report:
    """Measure all figures, or those named. Everything that is needed is looked for before anything is measured."""
    chosen = _chosen(known, only)
    disk()
    for need in dict.fromkeys(need for measurement in chosen for need in measurement.needs):
        need()
    figures: list[Figure] = []
    for measurement in chosen:
        say(f"measuring {', '.join(measurement.names)}")
        figures += measurement.measure(scale)
    return Report(figures, quick)


def _chosen(known: Sequence[Measurement[Scale]], only: Collection[str]) -> list[Measurement[Scale]]:
    names = {name for measurement in known for name in measurement.names}
    for name in only:
        if name not in names:
            raise BadUsage(f"There is no figure {name}.", f"There are: {', '.join(sorted(names))}.")
    return [one for one in known if not only or set(only) & set(one.names)]
