"""Files as programs and spreadsheets really write them, and files that are broken."""

import io
import resource

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.audience.exchange import exporting, reading
from tocsin.audience.exchange.people import unguarded
from tocsin.audience.exchange.reading import Choices
from tocsin.audience.exchange.rows import BadRow, Row
from tocsin.lib.errors import Refused


def table(text: str | bytes, **choices: object) -> reading.Table:
    return reading.read(io.BytesIO(text.encode() if isinstance(text, str) else text), Choices(**choices))


def rows(text: str | bytes, **choices: object) -> list[tuple[int, list[str]] | BadRow]:
    return [row if isinstance(row, BadRow) else (row.line, row.fields[:-1]) for row in table(text, **choices).rows]


TWO = [
    (2, ["mira@example.org", "Míra", "parks|roads", "daily"]),
    (3, ["taras@example.org", "Тарас", "", ""]),
]
TEXT = "email,name,topics,cadence\r\nmira@example.org,Míra,parks|roads,daily\r\ntaras@example.org,Тарас,,\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_a_file_is_recognised_whatever_wrote_it(encoding, delimiter, ending):
    assert rows(TEXT.replace(",", delimiter).replace("\r\n", ending).encode(encoding)) == TWO


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Тарас Шевченко", "windows-1251"),
        ("Єва", "windows-1251"),
        ("Zoë Müller-Lüdenscheidt", "windows-1252"),
        ("Frère Jacques – “Œuvre”", "windows-1252"),
    ],
)
def test_an_encoding_that_cannot_be_told_is_guessed_by_the_look_of_its_words(name, encoding):
    content = f"email;name\nmira@example.org;{name}\n".encode(encoding)
    form = table(content).form
    assert (form.encoding.name, form.encoding.guessed) == (encoding, True)
    assert rows(content) == [(2, ["mira@example.org", name])]


def test_the_encoding_can_be_said():
    content = "email,name\nmira@example.org,Ян\n".encode("windows-1251")
    assert rows(content, encoding="windows-1252") == [(2, ["mira@example.org", "ßí"])]
    assert not table(content, encoding="windows-1252").form.encoding.guessed


def test_line_endings_may_be_mixed():
    assert rows("email\r\na@example.org\nb@example.org\rc@example.org\r\n") == [
        (2, ["a@example.org"]),
        (3, ["b@example.org"]),
        (4, ["c@example.org"]),
    ]


def test_a_pipe_separates_too_unless_it_only_joins_topics():
    assert rows("email|name\na@example.org|A\n") == [(2, ["a@example.org", "A"])]
    assert rows("email,topics\na@example.org,b|c|d|e\n") == [(2, ["a@example.org", "b|c|d|e"])]


def test_excels_own_first_line_is_understood():
    assert rows("sep=;\nemail;name\na@example.org;A, B\n") == [(3, ["a@example.org", "A, B"])]


def test_the_delimiter_can_be_said():
    assert rows("email name\na@example.org A\n", delimiter=" ") == [(2, ["a@example.org", "A"])]


def test_columns_come_in_any_order_and_strange_ones_are_named():
    form = table("Phone,NAME, E-Mail \n123,Mira,mira@example.org\n").form
    assert form.ignored == ("Phone",)
    assert form.meanings == (("NAME", "name"), ("E-Mail", "email"))


def test_columns_can_be_said():
    text = "email,contact,note\nwork@example.org,mira@example.org,x\n"
    assert table(text, columns={"email": "Contact", "name": "note"}).form.meanings == (
        ("contact", "email"),
        ("note", "name"),
    )
    assert table("email,name\n", columns={"name": ""}).form.ignored == ("name",)
    with pytest.raises(Refused, match="no column “mail address”") as refused:
        table(text, columns={"email": "mail address"})
    assert "contact" in refused.value.mend


def test_a_file_that_names_no_columns_is_a_list_of_addresses():
    assert rows("a@example.org\nb@example.org") == [(1, ["a@example.org"]), (2, ["b@example.org"])]
    assert table("Mira,a@example.org\n").form.meanings == (("name", "name"), ("email", "email"))


def test_short_rows_empty_rows_and_a_missing_last_line_end_are_fine():
    assert rows("email,name\n\na@example.org\n,\n  \nb@example.org,B,") == [
        (3, ["a@example.org", ""]),
        (6, ["b@example.org", "B"]),
    ]


def test_quoted_fields_may_hold_delimiters_quotes_and_line_breaks():
    assert rows('email,name,notes\na@example.org,"Smith, ""Bob""","one\r\ntwo"\nb@example.org,B,\n') == [
        (2, ["a@example.org", 'Smith, "Bob"', "one\r\ntwo"]),
        (4, ["b@example.org", "B", ""]),
    ]


def test_quotes_may_be_escaped_as_mailpoet_does():
    assert rows('"Email","First name"\n"a@example.org","Bob \\"the\\" Smith"\n') == [
        (2, ["a@example.org", 'Bob "the" Smith']),
    ]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b'a@example.org,"A', "quotation mark is opened and not closed"),
        (b'a@example.org,"A"x', "expected after"),
        (b"a@example.org,A,B", "3 fields under 2 headings"),
        (b"a@example.org," + b"x" * 40_000, "longer than 32000 characters"),
        ("Ä@example.org,Ä".encode() + b"\xe9", "another encoding"),
    ],
)
def test_a_broken_row_is_one_bad_row(broken, reason):
    first, *others = rows(b"email,name\n" + broken + "\nb@example.org,Ü\nc@example.org,\n".encode())
    assert isinstance(first, BadRow)
    assert first.line == 2
    assert reason in first.reason
    assert others == [(3, ["b@example.org", "Ü"]), (4, ["c@example.org", ""])]


def test_a_quote_left_open_does_not_swallow_a_long_file():
    many = "".join(f"r{n}@example.org,R\n" for n in range(1000))
    first, *others = rows(f'email,name\na@example.org,"A\n{many}')
    assert first == BadRow(2, "a quotation mark is opened and not closed")
    assert [line for line, _ in others] == list(range(3, 1003))


def test_an_over_long_line_behind_an_open_quote_is_given_back_whole():
    found = rows(f'email,name\na@example.org,"A\n{"x" * 40_000}\nb@example.org,B\n')
    assert [row.line for row in found[:2]] == [2, 3]
    assert found[2:] == [(4, ["b@example.org", "B"])]


def test_a_lone_quote_inside_a_field_is_a_character():
    assert rows('email,name\na@example.org,5" pipe\nb@example.org,B\n') == [
        (2, ["a@example.org", '5" pipe']),
        (3, ["b@example.org", "B"]),
    ]


class Endless(io.RawIOBase):
    """A file of one header, one line of `size` octets, and one more row: made as it is read."""

    def __init__(self, size: int) -> None:
        self._parts = (b"email,name\n", size, b"\na@example.org,A\n")
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        assert whence == 0
        self._at = offset
        return offset

    def readinto(self, buffer: memoryview) -> int:
        head, size, tail = self._parts
        end = len(head) + size
        if self._at < len(head):
            piece = head[self._at :]
        elif self._at < end:
            piece = b"x" * min(len(buffer), end - self._at)
        else:
            piece = tail[self._at - end :]
        piece = piece[: len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def test_fifty_megabytes_on_one_line_take_no_memory():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    first, second = reading.read(io.BufferedReader(Endless(50_000_000))).rows
    assert isinstance(first, BadRow)
    assert second == Row(3, ["a@example.org", "A", ""])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no column"),
        (b"\n\n", "no column"),
        (b"name\nMira\n", "no column"),
        (b"a@example.org,b@example.org\n", "no column"),
        (b"email,Email\na@example.org,b@example.org\n", "twice"),
        (b"PK\x03\x04\x14\x00", "workbook"),
        (b"\xff\xfe", "no column"),
        (bytes(range(1, 256)), "no column"),
        (b"email,name\n" + b"\0" * 100, "not text"),
        (b"x" * 50_000, "longer than"),
    ],
)
def test_what_is_no_file_of_subscribers_is_refused_with_the_mend(content, words):
    with pytest.raises(Refused, match=words) as refused:
        rows(content)
    assert refused.value.mend


def test_a_byte_that_cannot_be_read_is_one_bad_row_wherever_it_is():
    content = (
        "email,name\ntaras@example.org,Тарас\n".encode() + b"a@example.org,A\n" * 100_000 + b"b@example.org,B\xe9\n"
    )
    *_, last = rows(content)
    assert last == BadRow(100_003, "a letter cannot be read: it is in another encoding than the rest of the file")


PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).map(str.strip)


@given(st.lists(st.tuples(PLAIN.filter(bool), PLAIN, PLAIN, PLAIN), max_size=5))
def test_what_is_written_is_read_back(written):
    file = io.StringIO()
    assert exporting.write(written, exporting.SHORT, file) == len(written)
    assert [tuple(map(unguarded, fields)) for _, fields in rows(file.getvalue())] == written


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "'=1", "''=1"])
def test_no_spreadsheet_takes_a_name_for_a_formula(formula):
    file = io.StringIO()
    exporting.write([("a@example.org", formula, "", "")], exporting.SHORT, file)
    assert file.getvalue().splitlines()[1] == f"a@example.org,'{formula},,"
    assert unguarded(rows(file.getvalue())[0][1][1]) == formula


@given(st.binary(max_size=300).map(b"email,name\n".__add__))
def test_no_bytes_make_it_stumble(content):
    try:
        found = rows(content)
    except Refused:
        return
    assert all(isinstance(row, tuple | BadRow) for row in found)


def test_a_heading_that_is_broken_can_be_kept_and_shown():
    form = table(b"email,Stra\xdfe\nm\xc3\xadra@example.org,x\n").form
    assert all(part.isprintable() and part.encode() for part in form.headings)
