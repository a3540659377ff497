"""Comparing with a peer: both run in turn, so that whatever else the machine does meets both."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Compared:
    """Medians over all pairs. The ratio is the median of the pairs' ratios, not the ratio of the medians."""

    ours: float
    peer: float
    ratio: float


def alternate(ours: Callable[[], float], peer: Callable[[], float], pairs: int) -> Compared:
    """Measure `ours` and `peer` in turn, `pairs` times; who begins changes from pair to pair."""
    measured = []
    for number in range(pairs):
        if number % 2:
            theirs = peer()
            measured.append((ours(), theirs))
        else:
            own = ours()
            measured.append((own, peer()))
    return Compared(
        ours=median(own for own, _ in measured),
        peer=median(theirs for _, theirs in measured),
        ratio=median(own / theirs for own, theirs in measured),
    )
