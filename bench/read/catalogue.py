"""The figures of `tocsin bench read`: their names, how they are measured and what that needs."""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from bench.measuring import Measurement, measured
from bench.read import costs, nginx, throughput
from bench.read.scale import FULL, QUICK
from bench.read.site import require_two_cores
from bench.report import Report

SERVERS = (nginx.require, require_two_cores)

MEASUREMENTS = (
    Measurement(("post-page", "post-page-uncompressed"), throughput.at_rest, SERVERS),
    Measurement(("post-page-publishing", "stale-pages"), throughput.while_publishing, SERVERS),
    Measurement(("wire",), costs.bytes_on_the_wire, SERVERS),
    Measurement(("start",), costs.start, SERVERS),
    Measurement(("memory",), costs.memory, SERVERS),
    Measurement(("render", "render-cpu", "render-queries"), costs.rendering),
)


def run(only: Collection[str], *, post: Path | None, quick: bool, say: Callable[[str], None]) -> Report:
    """Measure all figures, or those named. `post`: a file to be published instead of the one made here."""
    scale = QUICK if quick else FULL
    return measured(MEASUREMENTS, only, replace(scale, post=post) if post else scale, quick=quick, say=say)
