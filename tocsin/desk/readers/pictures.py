"""Pictures of growth as SVG, drawn from weeks. Pure: numbers in, shapes out."""

from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.audience.growth import Week

WIDTH, HEIGHT = 720, 220
LEFT, BOTTOM, TOP = 8, 24, 12


@dataclass(frozen=True)
class Bar:
    """A column of the picture, from its top left corner, in the picture's own units."""

    x: float
    y: float
    width: float
    height: float
    week: Week


@dataclass(frozen=True)
class Picture:
    """How many were subscribed, as a line; who joined above and who left below the axis, as columns."""

    line: str
    area: str
    joined: list[Bar]
    left: list[Bar]
    axis: float
    most: int
    busiest: int


def draw(weeks: Sequence[Week]) -> Picture:
    """Shapes within WIDTH x HEIGHT. The line has its own scale from zero up; columns share one, both ways."""
    most = max((week.subscribed for week in weeks), default=0)
    joined, left = (max((getattr(week, name) for week in weeks), default=0) for name in ("joined", "left"))
    busiest = max(joined + left, 1)
    step = (WIDTH - 2 * LEFT) / max(len(weeks), 1)
    room = HEIGHT - TOP - BOTTOM
    axis = TOP + room * (joined / busiest if joined + left else 0.5)
    points = [
        (LEFT + (n + 0.5) * step, TOP + room * (1 - week.subscribed / max(most, 1))) for n, week in enumerate(weeks)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    floor = TOP + room
    area = f"{points[0][0]:.1f},{floor} {line} {points[-1][0]:.1f},{floor}" if points else ""

    def bar(number: int, week: Week, people: int, *, up: bool) -> Bar:
        height = room * people / busiest
        return Bar(LEFT + number * step + step * 0.15, axis - height if up else axis, step * 0.7, height, week)

    return Picture(
        line=line,
        area=area,
        joined=[bar(n, week, week.joined, up=True) for n, week in enumerate(weeks)],
        left=[bar(n, week, week.left, up=False) for n, week in enumerate(weeks)],
        axis=axis,
        most=most,
        busiest=max(joined, left),
    )
