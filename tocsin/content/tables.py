"""Tables: what Wagtail's table block stores, read into rows of cells that templates can show.

A cell is a line of text in which `**bold**`, `*italic*`, `` `code` `` and `[words](https://...)` mean what they mean in
Markdown; HTML means nothing in it. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from html import unescape
from typing import Any, Final

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

_INLINE: Final = MarkdownIt("zero", {"breaks": True}).enable(
    ["emphasis", "strikethrough", "backticks", "link", "escape", "newline"]
)
_TAGS: Final = {"a", "strong", "em", "s", "code", "br"}
_SCHEMES: Final = {"http", "https", "mailto", "tel"}
_MEANINGFUL: Final = str.maketrans({character: f"\\{character}" for character in "\\`*_~[]<"})


class Align(Enum):
    """How the words of a cell stand, and the class by which the editor's table knows it."""

    START = "htLeft"
    CENTRE = "htCenter"
    END = "htRight"

    @property
    def css(self) -> str:
        """The class on our pages."""
        return "" if self is Align.START else self.name.lower()


@dataclass(frozen=True)
class Cell:
    """One cell. `heads`: "col" or "row" for a header of one (HTML's `scope`), else empty."""

    html: SafeString
    heads: str
    align: Align


@dataclass(frozen=True)
class Table:
    """A table. `head` is empty without a header row; every row has the same number of cells."""

    caption: str
    head: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]


def table(value: Mapping[str, Any] | None) -> Table | None:
    """The table in the value of a block; None if it is empty."""
    value = value or {}
    data = _filled([["" if cell is None else str(cell) for cell in row] for row in value.get("data") or []])
    if not data:
        return None
    width = max(map(len, data))
    aligned = {(cell.get("row"), cell.get("col")): _align(cell) for cell in value.get("cell") or []}
    head_row, head_column = bool(value.get("first_row_is_table_header")), bool(value.get("first_col_is_header"))

    def cell(row: int, column: int) -> Cell:
        text = data[row][column] if column < len(data[row]) else ""
        heads = "col" if head_row and row == 0 else "row" if head_column and column == 0 else ""
        return Cell(inline(text), heads, aligned.get((row, column), Align.START))

    rows = [[cell(row, column) for column in range(width)] for row in range(len(data))]
    return Table(
        caption=value.get("table_caption") or "", head=rows[0] if head_row else (), rows=rows[1:] if head_row else rows
    )


def stored(
    rows: Sequence[Sequence[str]],
    *,
    caption: str = "",
    head_row: bool = False,
    head_column: bool = False,
    aligned: Mapping[tuple[int, int], Align] | None = None,
) -> dict[str, Any]:
    """The value of a block that holds these cells; `aligned` is by row and column, counted from 0."""
    choice = {(True, True): "both", (True, False): "row", (False, True): "column", (False, False): "neither"}
    return {
        "data": [list(row) for row in rows],
        "cell": [{"row": row, "col": col, "className": align.value} for (row, col), align in (aligned or {}).items()],
        "mergeCells": [],
        "table_caption": caption,
        "table_header_choice": choice[head_row, head_column],
        "first_row_is_table_header": head_row,
        "first_col_is_header": head_column,
    }


def inline(text: str) -> SafeString:
    """The HTML of a cell, sanitised."""
    return SafeString(nh3.clean(_INLINE.renderInline(text.strip()), tags=_TAGS, url_schemes=_SCHEMES, link_rel=None))


def escaped(text: str) -> str:
    """`text` so that a cell shows every character of it as it is."""
    return text.translate(_MEANINGFUL)


def searchable(value: Mapping[str, Any] | None) -> list[str]:
    """The words of a table, without markup."""
    found = table(value)
    if found is None:
        return []
    cells = [cell.html for row in (found.head, *found.rows) for cell in row]
    return [text for text in (found.caption, *(plain(cell) for cell in cells)) if text]


def plain(html: str) -> str:
    """A cell as plain text."""
    text: str = nh3.clean(html.replace("<br>", " "), tags=set())
    return " ".join(unescape(text).split())


def _filled(data: list[list[str]]) -> list[list[str]]:
    """The rows and columns up to the last that have words: the editor's table begins with more than most need."""
    filled = [(row, column) for row, cells in enumerate(data) for column, cell in enumerate(cells) if cell.strip()]
    last_row, last_column = (max((at[axis] for at in filled), default=-1) for axis in (0, 1))
    return [row[: last_column + 1] for row in data[: last_row + 1]]


def _align(cell: Mapping[str, Any]) -> Align:
    classes = str(cell.get("className", "")).split()
    return next((align for align in Align if align.value in classes), Align.START)
