"""Footnotes: `[^mark]` in a text refers to the note of that mark; readers see numbers, in the order of the text.

Marks are the editor's own and never shown, so the addresses made of them stay when a note is put in between. Pure, but
for reading the blocks of a body. How a reference looks is for the site and for mail.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

MARK: Final = r"[\w-]{1,30}"
"""What a mark may be: letters, digits, hyphens."""

REFERENCE: Final = re.compile(rf" ?\[\^({MARK})\]")
"""A reference, with the space before it: none belongs there."""

_PIECES: Final = re.compile(r"""<(?:"[^"]*"|'[^']*'|[^'">])*>|[^<]+|<""")
_CODE: Final = re.compile(r"<(/?)code\b")


@dataclass(frozen=True)
class Reference:
    """A place in the text that refers to the note of `mark`. `anchor` is the id of the place, `note` that of the note."""

    mark: str
    number: int
    anchor: str
    note: str


@dataclass
class Note:
    """One note. `text` is what the editor wrote, as HTML; without `references` nothing refers to it."""

    mark: str
    text: str
    number: int = 0
    references: list[Reference] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        """The id of the note on its page."""
        return f"fn-{self.mark}"


class Footnotes:
    """The notes of one body, numbered as its texts are read, each once and in their order."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._notes = {mark: Note(mark, text) for mark, text in texts.items()}
        self._numbered = 0

    def refer(self, html: str, write: Callable[[Reference], str]) -> str:
        """`html` with each reference to a note written by `write`; what no note belongs to, and code, stays as it is."""
        return "".join(self._referring(html, write)) if self._notes and "[^" in html else html

    def listed(self) -> list[Note]:
        """All notes: those referred to by their number, then the others."""
        count = len(self._notes)
        for note in self._notes.values():
            self._number(note)
        return sorted(self._notes.values(), key=lambda note: note.number or count)

    def _referring(self, html: str, write: Callable[[Reference], str]) -> Iterator[str]:
        within_code = 0
        for piece in _PIECES.findall(html):
            if piece.startswith("<"):
                code = _CODE.match(piece)
                within_code += 0 if code is None else -1 if code[1] else 1
            yield (
                piece
                if piece.startswith("<") or within_code
                else REFERENCE.sub(lambda found: self._reference(found, write), piece)
            )

    def _reference(self, found: re.Match[str], write: Callable[[Reference], str]) -> str:
        note = self._notes.get(found[1])
        if note is None:
            return found[0]
        number = self._number(note)
        again = f"-{len(note.references) + 1}" if note.references else ""
        reference = Reference(note.mark, number, f"fnref-{note.mark}{again}", note.anchor)
        note.references.append(reference)
        return write(reference)

    def _number(self, note: Note) -> int:
        if not note.number:
            self._numbered += 1
            note.number = self._numbered
        return note.number


def of(blocks: Iterable[Any]) -> dict[str, str]:
    """The notes of a body's blocks: their HTML by their mark."""
    noted = [block.value for block in blocks if block.block_type == "footnotes"]
    return {note["mark"]: note["text"].source for notes in noted for note in notes}


def without_marks(text: str) -> str:
    """A text for searching and counting."""
    return REFERENCE.sub("", text)


def marks_in(html: str) -> set[str]:
    """The marks a text refers to."""
    found: list[Reference] = []

    def note(reference: Reference) -> str:
        found.append(reference)
        return ""

    Footnotes(dict.fromkeys(REFERENCE.findall(html), "")).refer(html, note)
    return {reference.mark for reference in found}
