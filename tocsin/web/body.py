"""A body made ready for the templates of `blocks/`: its pictures and links looked up together, its footnotes numbered."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, linebreaks
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext as _
from wagtail.rich_text import expand_db_html

from tocsin.content import footnotes, tables
from tocsin.content.clippings import queries as clippings
from tocsin.content.clippings.models import Clipping
from tocsin.content.footnotes import Footnotes, Note, Reference
from tocsin.content.models import PlainPage, PostPage
from tocsin.content.tables import Cell, Table
from tocsin.web.pictures import Picture, Shape, picture

BETWEEN_TEXTS = "\x1e"
"""ASCII's record separator: no text has it."""

RARE = frozenset({"table", "code", "footnotes", "link"})
"""Kinds of blocks whose style only the pages carry that have one."""


@dataclass(frozen=True)
class Piece:
    """One block of a body and the template that shows it. `anchor`: the id of a heading or table, else empty."""

    kind: str
    value: Any
    anchor: str = ""

    @property
    def template(self) -> str:
        """Templates for blocks lie in one folder, named after them."""
        return f"web/blocks/{self.kind}.html"


def body(page: PostPage | PlainPage) -> list[Piece]:
    """The pieces of a body, the footnotes last, wherever the editor wrote them."""
    blocks = [block for block in page.body if block.block_type != "footnotes"]
    noted = footnotes.of(page.body)
    written = [block.value.source for block in blocks if block.block_type == "text"]
    readable = iter(_readable([*noted.values(), *written]))
    notes = Footnotes({mark: next(readable) for mark in noted})
    ready = _Ready(readable, notes, clippings.kept(blocks))
    pieces = [Piece(block.block_type, ready.value(block)) for block in blocks]
    listed = [Piece("footnotes", listed)] if (listed := notes.listed()) else []
    return [*_anchored(pieces), *listed]


def is_rare(pieces: Sequence[Piece]) -> bool:
    """Whether the page needs the style of rare blocks."""
    return any(piece.kind in RARE for piece in pieces)


class _Ready:
    """Makes the values of blocks ready, one after the other: footnotes are numbered as they are met."""

    def __init__(self, texts: Iterator[SafeString], notes: Footnotes, clipped: Mapping[str, Clipping]) -> None:
        self._texts = texts
        self._notes = notes
        self._makers: dict[str, Callable[[Any], Any]] = {
            "text": lambda _value: self._referred(next(self._texts)),
            "quote": self._quote,
            "picture": _picture,
            "table": self._table,
            "link": lambda value: clippings.card(value, clipped),
        }

    def value(self, block: Any) -> Any:
        """What the block's template shows."""
        make = self._makers.get(block.block_type)
        return make(block.value) if make else block.value

    def _referred(self, html: str) -> SafeString:
        return mark_safe(self._notes.refer(html, _reference))  # noqa: S308 - rich text, sanitised when it was written

    def _quote(self, value: Any) -> dict[str, str]:
        return {"text": self._referred(linebreaks(value["text"], autoescape=True)), "attribution": value["attribution"]}

    def _table(self, value: Any) -> Table | None:
        found = tables.table(value)
        if found is None:
            return None
        return Table(found.caption, self._row(found.head), [self._row(row) for row in found.rows])

    def _row(self, row: Sequence[Cell]) -> list[Cell]:
        return [Cell(self._referred(cell.html), cell.heads, cell.align) for cell in row]


def _reference(reference: Reference) -> str:
    return format_html(
        '<sup><a href="#{}" id="{}" role="doc-noteref" aria-label="{}">{}</a></sup>',
        reference.note,
        reference.anchor,
        _("Note {number}").format(number=reference.number),
        reference.number,
    )


def back_links(note: Note) -> list[tuple[str, str]]:
    """Where the links after a note lead, and what they are called."""
    back = _("Back to the text")
    many = len(note.references) > 1
    return [(each.anchor, f"{back} ({place})" if many else back) for place, each in enumerate(note.references, 1)]


def _anchored(pieces: Sequence[Piece]) -> list[Piece]:
    """An id for each heading, made of its words, and for each table, by its number; the same for the same body."""
    used: Counter[str] = Counter()
    anchored = []
    for piece in pieces:
        base = _base(piece)
        used[base] += 1
        again = f"-{used[base]}" if base and (used[base] > 1 or piece.kind == "table") else ""
        anchored.append(Piece(piece.kind, piece.value, base + again))
    return anchored


def _base(piece: Piece) -> str:
    if piece.kind == "heading" and piece.value:
        return f"s-{slugify(piece.value, allow_unicode=True)}"
    return "table" if piece.kind == "table" and piece.value else ""


def _readable(sources: Sequence[str]) -> list[SafeString]:
    """Rich text with its links leading somewhere; as one text, because each costs the same queries as all."""
    expanded = expand_db_html(BETWEEN_TEXTS.join(source.replace(BETWEEN_TEXTS, "") for source in sources))
    return [SafeString(text) for text in expanded.split(BETWEEN_TEXTS)]


def _picture(value: Any) -> Picture | None:
    alt = getattr(value["image"], "contextual_alt_text", "") or ""
    return picture(value["image"], Shape.INSIDE, alt, caption=value["caption"], credit=value["credit"])
