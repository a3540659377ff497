"""CSV files of subscribers: recognising what a spreadsheet wrote, reading it row by row, writing it. No database.

Read: UTF-8 (with or without byte order mark) and UTF-16; comma, semicolon or tab; quoted fields. A broken row is
one bad row, never the end of the reading: a quote that is not closed does not swallow what follows.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO, NamedTuple

from tocsin.lib.errors import Refused

COLUMNS = ("email", "name", "topics", "cadence")
MAX_LINE = 10_000
MAX_LINES_OF_A_ROW = 50
DELIMITERS = ",;\t"
CHUNK = 1 << 20
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods; .xls
CSV_UTF8 = "“CSV UTF-8”"
# A spreadsheet takes a cell that begins so for a formula and runs it: it gets an apostrophe in front when written,
# and loses one when read.
FORMULA = re.compile(r"'*[=+\-@]")
ABSENT = -1  # rows are read with one empty field at their end
GUARDED = re.compile(r"'+[=+\-@]")


class Row(NamedTuple):
    """One row: the line it begins on (the header is line 1), and its fields by column; '' where it has none."""

    line: int
    email: str
    name: str
    topics: str
    cadence: str


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read, and why."""

    line: int
    reason: str


@dataclass(frozen=True)
class Table:
    """A recognised file: its rows, and the columns in it that mean nothing to us."""

    rows: Iterator[Row | BadRow]
    ignored: tuple[str, ...]


def read(file: IO[bytes]) -> Table:
    """Recognise a seekable `file`. Raises Refused if it is no CSV file of subscribers."""
    lines = _Lines(io.TextIOWrapper(file, encoding=_encoding(file), newline=""))
    header = next((line for line in lines if line.strip()), "")
    delimiter = max(DELIMITERS, key=header.count)
    names = [_column(name) for name in next(csv.reader([header], delimiter=delimiter), [])]
    _check_header(names)
    places = tuple(names.index(column) if column in names else ABSENT for column in COLUMNS)
    ignored = tuple(name for name in names if name and name not in COLUMNS)
    return Table(_rows(lines, _Layout(delimiter, len(names), places)), ignored)


def write(rows: Iterable[tuple[str, ...]], file: IO[str]) -> None:
    """Write `rows` (fields in the order of COLUMNS) below a header; `read` gives the same fields back."""
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([f"'{field}" if FORMULA.match(field) else field for field in row])


class _Lines:
    """The lines of a text, with their numbers, one of which can be gone back to. An over-long line comes cut."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._returned: list[str] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._returned.pop() if self._returned else self._text.readline(MAX_LINE)
        if not line:
            raise StopIteration
        if len(line) == MAX_LINE and not line.endswith(("\n", "\r")):
            self._skip_line()
        self.number += 1
        return line

    def go_back(self, lines: list[str]) -> None:
        """Let `lines`, the last ones given, be given again."""
        self._returned.extend(reversed(lines))
        self.number -= len(lines)

    def _skip_line(self) -> None:
        rest = self._text.readline(CHUNK)
        while rest and not rest.endswith(("\n", "\r")):
            rest = self._text.readline(CHUNK)


@dataclass(frozen=True)
class _Layout:
    """How a row is laid out: `places` is the index of each of COLUMNS."""

    delimiter: str
    width: int
    places: tuple[int, ...]

    def row(self, line: int, fields: list[str]) -> Row:
        """The row with these fields; missing ones at its end are empty."""
        if len(fields) > self.width and any(fields[self.width :]):
            raise csv.Error(f"{len(fields)} fields under {self.width} headings; put quotation marks around a comma")
        fields += [""] * (self.width - len(fields) + 1)
        return Row(line, *[_unguard(fields[place].strip()) for place in self.places])


def _rows(lines: _Lines, layout: _Layout) -> Iterator[Row | BadRow]:
    for line in lines:
        number = lines.number
        try:
            fields = _fields(line, lines, layout.delimiter)
            if any(field.strip() for field in fields):
                yield layout.row(number, fields)
        except csv.Error as error:
            yield BadRow(number, str(error))


def _fields(line: str, lines: _Lines, delimiter: str) -> list[str]:
    """The fields of the row that begins with `line`; takes more lines while a quoted field goes on."""
    if len(line) == MAX_LINE:
        raise csv.Error(f"the line is longer than {MAX_LINE} characters")
    if '"' not in line:
        return line.rstrip("\r\n").split(delimiter)
    taken: list[str] = []
    try:
        return next(csv.reader(_beginning_with(line, lines, taken), delimiter=delimiter, strict=True))
    except csv.Error as error:
        lines.go_back(taken)
        unclosed = "unexpected end" in str(error)
        raise csv.Error("a quotation mark is opened and not closed" if unclosed else str(error)) from error


def _beginning_with(line: str, lines: _Lines, taken: list[str]) -> Iterator[str]:
    yield line
    for more in islice(lines, MAX_LINES_OF_A_ROW):
        taken.append(more)
        yield more


def _unguard(field: str) -> str:
    return field[1:] if field.startswith("'") and GUARDED.match(field) else field


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _column(name: str) -> str:
    name = name.strip().lower()
    return "email" if name == "e-mail" else name


def _check_header(names: list[str]) -> None:
    mend = f"The first line must name the columns, like: {','.join(COLUMNS)} (only email is required)."
    if "email" not in names:
        found = ", ".join(name[:40] for name in names[:10] if name.isprintable() and name) or "nothing we can read"
        raise Refused(f"The first line has no column “email”. It has: {found}.", mend)
    twice = [column for column in COLUMNS if names.count(column) > 1]
    if twice:
        raise Refused(f"The first line names the column “{twice[0]}” twice.", mend)


def _encoding(file: IO[bytes]) -> str:
    """The encoding of the whole file, tried to its end, so that no half of it is ever taken. Leaves it at its start."""
    start = file.read(4)
    if start.startswith(WORKBOOKS):
        raise Refused("The file is a spreadsheet workbook, not CSV.", f"Open it and save it as {CSV_UTF8}.")
    encoding = _guess(start)
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    file.seek(0)
    try:
        while chunk := file.read(CHUNK):
            line += decoder.decode(chunk).count("\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        line += error.object[: error.start].count(b"\n")
        raise Refused(
            f"The file is not UTF-8 text: line {line} has a byte that cannot be read.",
            f"Save it as {CSV_UTF8} in your spreadsheet, or convert it: iconv -f WINDOWS-1252 -t UTF-8 OLD.csv > NEW.csv "
            "(WINDOWS-1251 if it was written in Cyrillic).",
        ) from error
    file.seek(0)
    return encoding


def _guess(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start[1:2] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if start[:1] == b"\0" else "utf-8-sig"
