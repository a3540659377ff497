"""Tables as plain text: in columns where a line has room for them, else row by row. Pure."""

from collections.abc import Sequence
from itertools import zip_longest

from tocsin.desk import plaintext

GAP = "  "


def write(head: Sequence[str], rows: Sequence[Sequence[str]], ends: Sequence[bool]) -> str:
    """The table in lines of at most `plaintext.WIDTH`; `head` may be empty, `ends` names columns set to the right."""
    every = [head, *rows] if head else [*rows]
    one_line = not any("\n" in cell for row in every for cell in row)
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    if one_line and sum(widths) + len(GAP) * (len(widths) - 1) <= plaintext.WIDTH:
        return _columns(head, rows, widths, ends)
    return "\n\n".join(text for row in rows if (text := _by_itself(head, row)))


def _columns(head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int], ends: Sequence[bool]) -> str:
    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if end else cell.ljust(width)
            for cell, width, end in zip(cells, widths, [*ends, *[False] * len(widths)], strict=False)
        ]
        return GAP.join(padded).rstrip()

    above = [line(head), GAP.join("-" * width for width in widths)] if head else []
    return "\n".join([*above, *(line(row) for row in rows)])


def _by_itself(head: Sequence[str], row: Sequence[str]) -> str:
    """A row as lines, each cell behind the name of its column."""
    lines: list[str] = []
    for name, cell in zip_longest(head, row, fillvalue=""):
        if cell:
            text = f"{name}: {cell}" if name else cell
            opening = "  " if lines else "- "
            lines.append(plaintext.wrap(text.replace("\n", " "), first=opening, rest="  "))
    return "\n".join(lines)
