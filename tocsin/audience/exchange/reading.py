"""Recognising a file of people: its encoding, its delimiter, the program that wrote it, what its columns mean.

Everything recognised is shown to whoever imports, and everything can be said otherwise (`Choices`).
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import IO, Final

from tocsin.audience.exchange import encoding, sources
from tocsin.audience.exchange.columns import Column, folded
from tocsin.audience.exchange.encoding import DAMAGE, Encoding
from tocsin.audience.exchange.lines import MAX_LINE, Lines, is_cut
from tocsin.audience.exchange.rows import DELIMITERS, BadRow, Row, rows
from tocsin.audience.exchange.sources import EASYBLOG, EASYBLOG_TYPES, PLAIN, SOURCES, WORDS, Source, Values
from tocsin.lib import addresses
from tocsin.lib.errors import Refused

EXCELS_OWN: Final = re.compile(r'"?sep=(.)"?\s*')  # a first line Excel writes and reads, no row
HEADER: Final = (
    "The first line must name the columns, like: email,name,topics,cadence (only email is required). "
    "Or say which column is which."
)
SHOWN: Final = 10
HEADING_CHARACTERS: Final = 60


@dataclass(frozen=True)
class Choices:
    """What somebody says of a file instead of letting it be recognised. '' and {}: recognise it.

    `columns`: our column -> the file's heading, '' for none.
    """

    encoding: str = ""
    delimiter: str = ""
    source: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Form:
    """What a file is. `places`: where each column we understand stands; `standings`: which fields say where somebody stands."""

    encoding: Encoding
    delimiter: str
    source: Source
    headings: tuple[str, ...]
    places: Mapping[Column, int]
    standings: tuple[tuple[int, Values], ...]
    named: bool = True

    @property
    def ignored(self) -> tuple[str, ...]:
        """The headings that mean nothing to us."""
        used = {*self.places.values(), *(place for place, _ in self.standings)}
        return tuple(heading for place, heading in enumerate(self.headings) if heading and place not in used)

    @property
    def meanings(self) -> tuple[tuple[str, str], ...]:
        """Heading and what it means here, in the order of the file."""
        said = {place: column.replace("_", " ") for column, place in self.places.items()}
        said.update({place: "status" for place, _ in self.standings})
        return tuple((self.headings[place], said[place]) for place in sorted(said))


@dataclass(frozen=True)
class Table:
    """A recognised file and its rows, to be read once."""

    form: Form
    rows: Iterator[Row | BadRow]


def read(file: IO[bytes], choices: Choices = Choices()) -> Table:
    """Recognise a seekable file, which is closed when its rows are. Raises Refused if it is no file of people."""
    found = encoding.chosen(choices.encoding, file) if choices.encoding else encoding.recognise(file)
    lines = Lines(io.TextIOWrapper(file, encoding=found.codec, errors=found.errors, newline=""))
    line, delimiter = _first_line(lines, choices.delimiter)
    fields = _cut(line, delimiter)
    unnamed = _headings_of_unnamed(fields)
    if unnamed:
        lines.give_back([line])
    form = _form(unnamed or tuple(fields), found, delimiter, choices)
    return Table(replace(form, named=not unnamed), rows(lines, delimiter, len(form.headings)))


def _first_line(lines: Lines, chosen: str) -> tuple[str, str]:
    """The first line that has anything on it, and the delimiter of the file."""
    line = next((line for line in lines if line.strip()), "")
    said = EXCELS_OWN.fullmatch(line)
    if said:
        line = next((line for line in lines if line.strip()), "")
    if is_cut(line):
        raise Refused(f"The first line is longer than {MAX_LINE} characters: this is no CSV file of people.", HEADER)
    # A heading is kept and shown; what was broken in it is no text that a database or a page could take.
    line = DAMAGE.sub("\N{REPLACEMENT CHARACTER}", line).replace("\0", "")
    return line, chosen or (said[1] if said else max(DELIMITERS, key=lambda delimiter: _known(_cut(line, delimiter))))


def _known(fields: Sequence[str]) -> tuple[int, int]:
    """How many of these headings mean something, and how many there are."""
    return sum(folded(heading) in _every_heading() for heading in fields), len(fields)


@cache
def _every_heading() -> frozenset[str]:
    return frozenset().union(*({*source.columns, *source.standings} for source in SOURCES.values()))


def _cut(line: str, delimiter: str) -> list[str]:
    return [heading.strip() for heading in next(csv.reader([line], delimiter=delimiter), [])]


def _headings_of_unnamed(first: Sequence[str]) -> tuple[str, ...]:
    """The headings to think of when the first row is a person already; () when it has headings."""
    found = [place for place, text in enumerate(first) if _is_address(text)]
    if len(found) != 1:
        return ()
    if len(first) == len(EASYBLOG.unnamed) and first[2] in EASYBLOG_TYPES:
        return EASYBLOG.unnamed
    others = {1: (), 2: ("name",)}.get(len(first), tuple(f"column {number}" for number in range(1, len(first))))
    return (*others[: found[0]], "email", *others[found[0] :])


def _is_address(text: str) -> bool:
    try:
        addresses.parse(text)
    except addresses.BadAddress:
        return False
    return True


def _form(headings: tuple[str, ...], found: Encoding, delimiter: str, choices: Choices) -> Form:
    plain = [folded(heading) for heading in headings]
    source = SOURCES[choices.source] if choices.source else sources.recognise(plain)
    places = _places(plain, source)
    standings = _standings(plain, source, places)
    for name, heading in choices.columns.items():
        column = Column(name)
        places.pop(column, None)
        if column is Column.STATUS:
            standings = []
        if heading:
            place = _place(heading, headings, plain)
            places = {other: where for other, where in places.items() if where != place}
            standings = [(where, values) for where, values in standings if where != place]
            places[column] = place
    status = places.pop(Column.STATUS, None)
    if status is not None:
        standings.append((status, WORDS))
    _check(headings, places)
    return Form(found, delimiter, source, headings, places, tuple(standings))


def _places(plain: Sequence[str], source: Source) -> dict[Column, int]:
    """The first heading of each meaning; what the program itself calls so goes before what anybody may call so."""
    places: dict[Column, int] = {}
    for names in (source.columns, PLAIN.columns):
        for place, heading in enumerate(plain):
            column = names.get(heading)
            if column and heading not in source.standings and place not in places.values():
                places.setdefault(column, place)
    for column, place in places.items():
        if plain.count(plain[place]) > 1:
            raise Refused(f"The first line names the column “{column.replace('_', ' ')}” twice.", HEADER)
    return places


def _standings(plain: Sequence[str], source: Source, places: Mapping[Column, int]) -> list[tuple[int, Values]]:
    return [
        (place, source.standings[heading])
        for place, heading in enumerate(plain)
        if heading in source.standings and place not in places.values()
    ]


def _place(heading: str, headings: Sequence[str], plain: Sequence[str]) -> int:
    if folded(heading) in plain:
        return plain.index(folded(heading))
    raise Refused(
        f"There is no column “{heading[:HEADING_CHARACTERS]}” in the file.", f"There are: {_listed(headings)}."
    )


def _check(headings: Sequence[str], places: Mapping[Column, int]) -> None:
    if Column.EMAIL not in places:
        raise Refused(f"The first line has no column “email”. It has: {_listed(headings)}.", HEADER)


def _listed(headings: Sequence[str]) -> str:
    readable = [heading[:HEADING_CHARACTERS] for heading in headings if heading and heading.isprintable()]
    return ", ".join(readable[:SHOWN]) or "nothing we can read"
