"""The figures of `tocsin bench import`: their names, how they are measured and what that needs."""

from collections.abc import Callable, Collection
from functools import partial

from bench.measuring import Measurement, measured
from bench.people import importing
from bench.people.scale import FULL, QUICK
from bench.report import Report
from bench.send.catalogue import needs_postgresql
from bench.send.newsroom import POSTGRESQL, SQLITE


def _names(database: str) -> tuple[str, ...]:
    kinds = ("import", "import-cpu", "import-memory", "export", "export-memory")
    return tuple(f"{kind}-{database.lower()}" for kind in kinds)


MEASUREMENTS = (
    Measurement(_names(SQLITE), partial(importing.in_and_out, database=SQLITE)),
    Measurement(_names(POSTGRESQL), partial(importing.in_and_out, database=POSTGRESQL), (needs_postgresql,)),
    Measurement(("import-commits-p99", "import-commits-max"), importing.others),
)


def run(only: Collection[str], *, quick: bool, say: Callable[[str], None]) -> Report:
    """Measure all figures, or those named."""
    return measured(MEASUREMENTS, only, QUICK if quick else FULL, quick=quick, say=say)
