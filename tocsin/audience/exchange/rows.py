"""The rows of a CSV file: lines cut into fields. A broken row is one bad row, never the end of the reading.

A quotation mark that is not closed does not swallow what follows: its row is bad, and the lines behind it are rows again.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from tocsin.audience.exchange.encoding import DAMAGE
from tocsin.audience.exchange.lines import MAX_LINE, Lines, is_cut

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
MAX_LINES_OF_A_ROW: Final = 50
ENDINGS: Final = "\r\n"


class Row(NamedTuple):
    """One row: the line it begins on (the first line is 1), and its fields: one for each heading, then an empty one."""

    line: int
    fields: list[str]


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be taken, and why."""

    line: int
    reason: str


class Broken(ValueError):  # noqa: N818 - reads as a fact
    """This row cannot be cut into fields. The message says why."""


def rows(lines: Lines, delimiter: str, width: int) -> Iterator[Row | BadRow]:
    """What is on the rest of `lines`; rows without anything in them are passed over. `width`: how many headings there are."""
    for line in lines:
        number = lines.number
        try:
            fields = fields_of(line, lines, delimiter)
            if len(fields) != width:
                _fit(fields, width, delimiter)
            if not all(map(_is_blank, fields)):
                fields.append("")
                yield Row(number, fields)
        except Broken as broken:
            yield BadRow(number, str(broken))


def _fit(fields: list[str], width: int, delimiter: str) -> None:
    """Let there be `width` of them. Raises Broken if some that say something are too many."""
    if any(fields[width:]):
        raise Broken(
            _("{fields} fields under {headings} headings; put quotation marks around “{delimiter}”").format(
                fields=len(fields), headings=width, delimiter=delimiter if delimiter.isprintable() else r"\t"
            )
        )
    fields[width:] = [""] * (width - len(fields))


def fields_of(line: str, lines: Lines, delimiter: str) -> list[str]:
    """The fields of the row that begins with `line`; takes more lines while a quoted field goes on. Raises Broken."""
    if is_cut(line):
        raise Broken(_("the line is longer than {most} characters").format(most=MAX_LINE))
    if not line.isascii() and DAMAGE.search(line):
        raise Broken(_("a letter cannot be read: it is in another encoding than the rest of the file"))
    if '"' not in line:
        return line.rstrip(ENDINGS).split(delimiter)
    try:
        return _quoted(line, lines, delimiter)
    except Broken:
        if '\\"' not in line:
            raise
        return _quoted(line, lines, delimiter, escapechar="\\", doublequote=False)  # as MailPoet writes


def _quoted(line: str, lines: Lines, delimiter: str, **dialect: str | bool) -> list[str]:
    taken: list[str] = []
    try:
        return next(csv.reader(_beginning_with(line, lines, taken), delimiter=delimiter, strict=True, **dialect))  # type: ignore[arg-type]
    except csv.Error as error:
        lines.give_back(taken)
        unclosed = _("a quotation mark is opened and not closed")
        raise Broken(unclosed if "unexpected end" in str(error) else str(error)) from error


def _beginning_with(line: str, lines: Lines, taken: list[str]) -> Iterator[str]:
    yield line
    for more in islice(lines, MAX_LINES_OF_A_ROW):
        taken.append(more)
        yield more


def _is_blank(field: str) -> bool:
    return not field.strip()
