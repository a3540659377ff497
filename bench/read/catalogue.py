"""The figures of `tocsin bench read`: their names, how they are measured and what that needs."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bench.read import costs, nginx, throughput
from bench.read.scale import FULL, QUICK, Scale
from bench.read.site import require_two_cores
from bench.report import Figure, Report
from bench.scratch import disk
from tocsin.lib.errors import BadUsage


@dataclass(frozen=True)
class Measurement:
    """Figures that are measured together. `needs` raise BadEnvironment when something is missing."""

    names: tuple[str, ...]
    measure: Callable[[Scale], Iterator[Figure]]
    needs: tuple[Callable[[], object], ...] = (nginx.require, require_two_cores)


MEASUREMENTS = (
    Measurement(("post-page", "post-page-uncompressed"), throughput.at_rest),
    Measurement(("post-page-publishing", "stale-pages"), throughput.while_publishing),
    Measurement(("wire",), costs.bytes_on_the_wire),
    Measurement(("start",), costs.start),
    Measurement(("memory",), costs.memory),
    Measurement(("render", "render-queries"), costs.rendering, ()),
)


def run(only: Collection[str], *, post: Path | None, quick: bool, say: Callable[[str], None]) -> Report:
    """Measure all figures, or those named. Everything that is needed is looked for before anything is measured."""
    chosen = _chosen(only)
    disk()
    for need in dict.fromkeys(need for measurement in chosen for need in measurement.needs):
        need()
    scale = QUICK if quick else FULL
    scale = replace(scale, post=post) if post else scale
    figures: list[Figure] = []
    for measurement in chosen:
        say(f"measuring {', '.join(measurement.names)}")
        figures += measurement.measure(scale)
    return Report(figures, quick)


def _chosen(only: Collection[str]) -> list[Measurement]:
    known = {name for measurement in MEASUREMENTS for name in measurement.names}
    for name in only:
        if name not in known:
            raise BadUsage(f"There is no figure {name}.", f"There are: {', '.join(sorted(known))}.")
    return [one for one in MEASUREMENTS if not only or set(only) & set(one.names)]
