"""The time zones of the world under the names that hold today, for lists to choose from."""

from functools import lru_cache
from importlib.resources import files


@lru_cache(1)
def current_names() -> tuple[str, ...]:
    """The zones of `zone.tab`: at least one for each country, and no name that was given up, such as Europe/Kiev."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    return tuple(sorted(line.split("\t")[2] for line in table.splitlines() if line and not line.startswith("#")))
