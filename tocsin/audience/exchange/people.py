"""From a row to a person who can be taken in, or the reason why not. No database.

One of these runs for every row of a file, a million times: what nearly every row has is quick, the rest is careful.
"""

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from itertools import islice
from operator import itemgetter
from typing import Final, NamedTuple
from zoneinfo import available_timezones

from django.utils.translation import gettext as _

from tocsin.audience.exchange import rhythms, wishes
from tocsin.audience.exchange.columns import Column, Standing, folded
from tocsin.audience.exchange.reading import Form
from tocsin.audience.exchange.rhythms import Rhythm
from tocsin.audience.exchange.rows import BadRow, Row
from tocsin.audience.exchange.sources import ANY, TOCSIN, Values
from tocsin.audience.models import Channel
from tocsin.audience.names import BadName, clean_name
from tocsin.lib import addresses, homographs
from tocsin.lib.mailboxes import is_disposable

# A spreadsheet takes a cell that begins so for a formula and runs it: it gets an apostrophe in front when we write it,
# and loses one when we read it.
FORMULA: Final = re.compile(r"'*[=+\-@]")
GUARDED: Final = re.compile(r"'+[=+\-@]")
NAME_AND_ADDRESS: Final = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]+)>")
EPOCH: Final = re.compile(r"\d{9,10}")
NO_DATE: Final = re.compile(r"0[0 :-]*")
DETAIL_CHARACTERS: Final = 90
DATE_CHARACTERS: Final = 25
VARIANTS: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))  # RFC 9562 section 4.1
RANDOM_OCTETS: Final = 14
AT_ONCE: Final = 10_000
ABSENT: Final = -1  # rows have an empty field at their end
SIMPLE: Final = frozenset({Column.EMAIL, Column.NAME, Column.TOPICS, Column.CADENCE})
SAYS_NOTHING: Final = (Standing.SUBSCRIBED.value, "", "", 0, "", "", "")


Person = tuple[int, bytes, str, str, str, int, int, int, str, str, int, str, str, str]
"""One good row, in what SQLite's driver takes as it is: each None, bool or member of an Enum would cost it a microsecond.

Line, hash, public id, address, name; 1 if the mailbox is disposable, else 0; the numbers of what is wanted, of where they
stand; language and time zone; the number of when they are told; the end of a break, in UTC; the other program's own words
about the consent; the IP address it was given from, if it is known and the publication records it. '' for what is not there.
"""


class BadPerson(ValueError):  # noqa: N818 - reads as a fact
    """This row cannot be taken. The message says why."""


BAD: Final = (addresses.BadAddress, BadName, wishes.BadWish, rhythms.BadRhythm, BadPerson)


@dataclass(frozen=True)
class Terms:
    """What holds for everybody in a file whose row says nothing else.

    `topics` and `cadence` as in the columns; `standing`: where all of them stand, whatever their rows say.
    """

    topics: str = ""
    cadence: str = ""
    standing: Standing | None = None


class Checked(NamedTuple):
    """Some rows, up to line `line` of the file: the good and the bad, in its order, and what these are the first to want.

    `wished`: number, followable id, cadence. `rhythms`: number, then the columns of one.
    """

    line: int
    people: list[Person]
    bad: list[BadRow]
    wished: list[tuple[int, int, str]]
    rhythms: list[tuple[int | None, ...]]


class Checker:
    """Turns the rows of one file into people."""

    def __init__(
        self,
        form: Form,
        terms: Terms,
        menu: Mapping[str, int],
        address_key: str,
        languages: Collection[str],
        *,
        keep_ip: bool = False,
    ) -> None:
        """`menu`: token -> followable id; `languages`: those known here; `keep_ip`: whether the publication records them."""
        self._terms, self._menu, self._address_key, self._languages = terms, menu, address_key, frozenset(languages)
        self._keep_ip = keep_ip
        self._known: dict[tuple[str, str], int] = {}
        self._known_rhythms = {("",) * len(rhythms.COLUMNS): 0}
        self._wished: list[tuple[int, int, str]] = []
        self._rhythms: list[tuple[int | None, ...]] = [(0, *Rhythm())]
        self._is_ours, self._now = form.source is TOCSIN, datetime.now(UTC)
        self._standings = form.standings if terms.standing is None else ()
        self._at = {column: form.places.get(column, ABSENT) for column in Column}
        self._email, self._name, self._topics, self._cadence = (
            self._at[column] for column in (Column.EMAIL, Column.NAME, Column.TOPICS, Column.CADENCE)
        )
        self._rhythm_fields = itemgetter(*(self._at[column] for column in rhythms.COLUMNS))
        self._is_simple = form.places.keys() <= SIMPLE and not form.standings and terms.standing is None

    def check(self, rows: Iterator[Row | BadRow]) -> Iterator[Checked]:
        """A person for every good row, and what is bad about the others; some thousand at once."""
        while some := list(islice(rows, AT_ONCE)):
            yield self._checked(some)
            self._wished, self._rhythms = [], []

    def _checked(self, rows: Sequence[Row | BadRow]) -> Checked:
        people: list[Person] = []
        bad: list[BadRow] = []
        for row in rows:
            if isinstance(row, BadRow):
                bad.append(row)
                continue
            try:
                people.append(self._person(row))
            except BAD as error:
                bad.append(BadRow(row.line, str(error)))
        return Checked(rows[-1].line, people, bad, self._wished, self._rhythms)

    def _person(self, row: Row) -> Person:
        line, fields = row
        email, name = self._address(fields)
        address_hash = addresses.keyed_hash(self._address_key, Channel.EMAIL.value, email.key)
        wish = self._wish(fields)
        about = SAYS_NOTHING if self._is_simple else self._about(fields)
        return line, address_hash, _public_id(address_hash), email.value, name, int(is_disposable(email)), wish, *about

    def _address(self, fields: list[str]) -> tuple[addresses.EmailAddress, str]:
        text, name = _text(fields[self._email]), _text(fields[self._name])
        if not name and not self._is_simple:
            name = f"{_text(fields[self._at[Column.FIRST_NAME]])} {_text(fields[self._at[Column.LAST_NAME]])}"
        if text.endswith(">") and (both := NAME_AND_ADDRESS.fullmatch(text)):
            text, name = both["address"].strip(), name.strip() or both["name"].strip(' "')
        email = addresses.parse(text)
        if not email.value.isascii() and (pretence := homographs.pretence(email.value)):
            raise BadPerson(_("This address may pretend to be another: {pretence}.").format(pretence=pretence))
        return email, clean_name(name) if name and name.casefold() != text.casefold() else ""

    def _wish(self, fields: list[str]) -> int:
        written = fields[self._topics], fields[self._cadence]
        known = self._known.get(written)
        if known is None:
            topics, cadence = _text(written[0]) or self._terms.topics, _text(written[1]) or self._terms.cadence
            choices = wishes.parse(topics, cadence, self._menu)
            known = self._known[written] = len(self._known)
            self._wished += [(known, followable, pace) for followable, pace in choices.items()]
        return known

    def _rhythm(self, fields: list[str]) -> int:
        written = self._rhythm_fields(fields)
        known = self._known_rhythms.get(written)
        if known is None:
            rhythm = rhythms.parse([_text(field) for field in written])
            known = self._known_rhythms[written] = len(self._known_rhythms)
            self._rhythms.append((known, *rhythm))
        return known

    def _about(self, fields: list[str]) -> tuple[int, str, str, int, str, str, str]:
        """Standing, language, time zone, rhythm, end of the break, details and IP address."""
        return (
            self._standing(fields).value,
            self._language(_text(fields[self._at[Column.LANGUAGE]])),
            self._zone(_text(fields[self._at[Column.TIME_ZONE]])),
            self._rhythm(fields),
            self._break(_text(fields[self._at[Column.PAUSED_UNTIL]])),
            self._details(fields),
            _ip(_text(fields[self._at[Column.IP]])) if self._keep_ip else "",
        )

    def _break(self, text: str) -> str:
        """When the break they take ends; nothing if it is over."""
        until = rhythms.parse_moment(text)
        return f"{until:%Y-%m-%d %H:%M:%S}" if until and until > self._now else ""

    def _language(self, text: str) -> str:
        """The language, if it is known here. Other programs know more of them; in a file of ours that is a mistake."""
        language = text[:2].lower()
        if language in self._languages:
            return language
        if text and self._is_ours:
            known = ", ".join(sorted(self._languages))
            raise BadPerson(
                _("“{text}” is no language known here; known: {known}.").format(text=text[:40], known=known)
            )
        return ""

    def _zone(self, text: str) -> str:
        """The time zone, if it is one; as `_language`."""
        if not text or text in _zones():
            return text
        if self._is_ours:
            raise BadPerson(_("“{text}” is no time zone; write it like Europe/Berlin.").format(text=text[:40]))
        return ""

    def _standing(self, fields: list[str]) -> Standing:
        if self._terms.standing is not None:
            return self._terms.standing
        standing = max((_said(fields[place], values) for place, values in self._standings), default=Standing.SUBSCRIBED)
        # Who asked for one category only may be given that one.
        return Standing.SUBSCRIBED if standing is Standing.PART and self._terms.topics else standing

    def _details(self, fields: list[str]) -> str:
        """When and how the other program says they agreed: one printable line."""
        signed_up = _date(_text(fields[self._at[Column.SIGNED_UP_AT]]))
        confirmed = _date(_text(fields[self._at[Column.CONFIRMED_AT]]))
        parts = (
            f"signed up {signed_up}" if signed_up else "",
            f"confirmed {confirmed}" if confirmed else "",
            _text(fields[self._at[Column.CONSENT]]),
        )
        return "".join(filter(str.isprintable, ", ".join(filter(None, parts))))[:DETAIL_CHARACTERS]


def _text(field: str) -> str:
    field = field.strip()
    return unguarded(field) if field[:1] == "'" else field


def unguarded(field: str) -> str:
    """A field without the apostrophe that keeps spreadsheets from running it."""
    return field[1:] if GUARDED.match(field) else field


def guarded(field: str) -> str:
    """A field no spreadsheet takes for a formula; `unguarded` gives it back."""
    return f"'{field}" if FORMULA.match(field) else field


def _said(text: str, values: Values) -> Standing:
    value = folded(text)
    if not value:
        return values.get("", Standing.SUBSCRIBED)
    standing = values.get(value, values.get(ANY))
    if standing is None:
        known = ", ".join(value for value in values if value not in {"", ANY})
        raise BadPerson(
            _("“{text}” is no status known here; known: {known}.").format(text=text.strip()[:40], known=known)
        )
    return standing


def _public_id(address_hash: bytes) -> str:
    """A random UUID (version 4) but for its first 12 bits, which are those of the address' hash.

    People are written in the order of that hash: so both indexes grow in one place at a time, instead of all over.
    """
    random = os.urandom(RANDOM_OCTETS).hex()
    return f"{address_hash.hex()[:3]}{random[:9]}4{random[9:12]}{VARIANTS[random[12]]}{random[13:]}"


def _ip(text: str) -> str:
    try:
        return str(ip_address(text.partition("%")[0])) if text else ""  # PostgreSQL knows no zones
    except ValueError:
        return ""


def _date(text: str) -> str:
    """A date as it stands; seconds since 1970 as one that can be read; nothing for a date of zeros."""
    if not text or NO_DATE.fullmatch(text):
        return ""
    if EPOCH.fullmatch(text):
        return f"{datetime.fromtimestamp(int(text), UTC):%Y-%m-%d %H:%M}"
    return text[:DATE_CHARACTERS]


@lru_cache(maxsize=1)
def _zones() -> set[str]:
    return available_timezones()
