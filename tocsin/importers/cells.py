"""An HTML table read into a grid of cells; cells that span others leave those empty. What a post makes of it: `value`."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from tocsin.content import tables
from tocsin.content.tables import Align
from tocsin.importers.elements import INLINE, Element

MAX_COLUMNS: Final = 60
MAX_ROWS: Final = 2_000
_ALIGN: Final = {"center": Align.CENTRE, "right": Align.END, "end": Align.END}
_AROUND: Final = {"b": "**", "i": "*", "s": "~~"}
_ARRANGING: Final = ("table", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "hr", "figure")
"""What stands in the cells of a table that is none, but arranges a page."""
_REFERENCE: Final = re.compile(r"\\\[\^(\w{1,30})\\\]")


@dataclass
class Grid:
    """The cells of a table by row and column; None where another cell reaches."""

    caption: str
    rows: list[list[Element | None]] = field(default_factory=list)

    def value(self, href: Callable[[str], str]) -> dict[str, Any]:
        """As a post stores it. `href` says what becomes of a link's address."""
        filled = [cell for row in self.rows for cell in row]
        heads = [[cell is None or cell.tag == "th" for cell in row] for row in self.rows]
        aligned = {
            (number, column): align
            for number, row in enumerate(self.rows)
            for column, cell in enumerate(row)
            if cell is not None and (align := _align(cell)) is not Align.START
        }
        return tables.stored(
            [[_written(cell, href) for cell in row] for row in self.rows],
            caption=self.caption,
            head_row=len(heads) > 1 and all(heads[0]) and any(filled),
            head_column=len(heads) > 1 and all(row[0] for row in heads[1:]),
            aligned=aligned,
        )


def read(element: Element) -> Grid | None:
    """The grid of a table; None if it has no rows and columns to speak of, or arranges a page in them."""
    if any(each is not element for each in element.find(*_ARRANGING)):
        return None
    captions = [" ".join(caption.text.split()) for caption in element.find("caption")]
    grid = Grid(next(iter(captions), ""))
    _fill(grid.rows, element.find("tr")[:MAX_ROWS])
    grid.rows = [row for row in grid.rows if any(cell is not None and cell.text.strip() for cell in row)]
    width = max(map(len, grid.rows), default=0)
    for row in grid.rows:
        row.extend([None] * (width - len(row)))
    return grid if width > 1 else None


def _fill(rows: list[list[Element | None]], elements: list[Element]) -> None:
    reaching: dict[int, int] = {}  # by column, for how many rows more a cell from above reaches there
    for element in elements:
        row: list[Element | None] = []
        for cell in element.find("td", "th"):
            while reaching.get(len(row), 0):
                reaching[len(row)] -= 1
                row.append(None)
            first, below = len(row), _span(cell, "rowspan", MAX_ROWS) - 1
            for column in range(first, min(first + _span(cell, "colspan", MAX_COLUMNS), MAX_COLUMNS)):
                reaching[column] = below
                row.append(cell if column == first else None)
        rows.append(row)


def _span(cell: Element, name: str, most: int) -> int:
    written = cell.attributes.get(name, "")
    return min(int(written), most) if written.isascii() and written.isdecimal() and int(written) else 1


def _align(cell: Element) -> Align:
    style = cell.attributes.get("style", "").replace(" ", "").removeprefix("text-align:").rstrip(";")
    return _ALIGN.get(style or cell.attributes.get("align", "").lower(), Align.START)


def _written(cell: Element | None, href: Callable[[str], str]) -> str:
    if cell is None:
        return ""
    lines = "".join(_inline(child, href) for child in cell.children).split("\n")
    return "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)


def _inline(node: Element | str, href: Callable[[str], str]) -> str:
    """A cell's content in the markup cells understand."""
    if isinstance(node, str):
        return _texts(node)
    if node.tag == "br":
        return "\n"
    content = "".join(_inline(child, href) for child in node.children)
    if node.tag == "li":
        return f"\n\N{BULLET} {content.strip()}\n"
    if not node.is_inline:
        return f"\n{content}\n"
    return _marked(node, content, href) if content.strip() else content


def _marked(node: Element, content: str, href: Callable[[str], str]) -> str:
    match INLINE.get(node.tag):
        case "code":
            return content if "`" in node.text else f"`{node.text.strip()}`"
        case "a":
            address = href(node.attributes.get("href", "").strip())
            return content if not address or set("<>\n") & set(address) else f"[{content.strip()}](<{address}>)"
        case tag:
            sign = _AROUND.get(tag or "", "")
            return content if "\n" in content.strip() else _around(content, sign)


def _texts(text: str) -> str:
    """Text as it is, but for the references to footnotes in it."""
    return _REFERENCE.sub(r"[^\1]", tables.escaped(text.replace("\n", " ")))


def _around(content: str, sign: str) -> str:
    """Signs stand right at the words: outside of the spaces around them."""
    words = content.strip()
    start = content.index(words)
    return f"{content[:start]}{sign}{words}{sign}{content[start + len(words) :]}"
