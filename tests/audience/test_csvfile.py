"""Files as spreadsheets really write them, and files that are broken."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.audience import csvfile
from tocsin.audience.csvfile import BadRow, Row
from tocsin.lib.errors import Refused


def rows(text: str | bytes) -> list[Row | BadRow]:
    return list(csvfile.read(io.BytesIO(text.encode() if isinstance(text, str) else text)).rows)


TWO = [Row(2, "mira@example.org", "Míra", "parks|roads", "daily"), Row(3, "taras@example.org", "Тарас", "", "")]
TEXT = "email,name,topics,cadence\r\nmira@example.org,Míra,parks|roads,daily\r\ntaras@example.org,Тарас,,\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_a_file_is_recognised_whatever_wrote_it(encoding, delimiter, ending):
    assert rows(TEXT.replace(",", delimiter).replace("\r\n", ending).encode(encoding)) == TWO


def test_columns_come_in_any_order_and_strange_ones_are_named():
    table = csvfile.read(io.BytesIO(b"Phone,NAME, E-Mail \n123,Mira,mira@example.org\n"))
    assert table.ignored == ("phone",)
    assert list(table.rows) == [Row(2, "mira@example.org", "Mira", "", "")]


def test_short_rows_empty_rows_and_a_missing_last_line_end_are_fine():
    assert rows("email,name\n\na@example.org\n,\n  \nb@example.org,B,") == [
        Row(3, "a@example.org", "", "", ""),
        Row(6, "b@example.org", "B", "", ""),
    ]


def test_quoted_fields_may_hold_delimiters_quotes_and_line_breaks():
    assert rows('email,name,notes\na@example.org,"Smith, ""Bob""","one\r\ntwo"\nb@example.org,B,\n') == [
        Row(2, "a@example.org", 'Smith, "Bob"', "", ""),
        Row(4, "b@example.org", "B", "", ""),
    ]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ('a@example.org,"A', "quotation mark is opened and not closed"),
        ('a@example.org,"A"x', "expected after"),
        ("a@example.org,A,B", "3 fields under 2 headings"),
        (f"a@example.org,{'x' * 20_000}", "longer than 10000 characters"),
    ],
)
def test_a_broken_row_is_one_bad_row(broken, reason):
    first, *others = rows(f"email,name\n{broken}\nb@example.org,B\nc@example.org,\n")
    assert isinstance(first, BadRow)
    assert first.line == 2
    assert reason in first.reason
    assert others == [Row(3, "b@example.org", "B", "", ""), Row(4, "c@example.org", "", "", "")]


def test_a_quote_left_open_does_not_swallow_a_long_file():
    many = "".join(f"r{n}@example.org,R\n" for n in range(1000))
    first, *others = rows(f'email,name\na@example.org,"A\n{many}')
    assert first == BadRow(2, "a quotation mark is opened and not closed")
    assert [row.line for row in others] == list(range(3, 1003))


def test_a_lone_quote_inside_a_field_is_a_character():
    assert rows('email,name\na@example.org,5" pipe\nb@example.org,B\n') == [
        Row(2, "a@example.org", '5" pipe', "", ""),
        Row(3, "b@example.org", "B", "", ""),
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no column"),
        (b"\n\n", "no column"),
        (b"mira@example.org\n", "no column"),
        (b"name\nMira\n", "no column"),
        (b"email,Email\na@example.org,b@example.org\n", "twice"),
        ("email,name\na@example.org,Míra\n".encode("windows-1252"), "line 2"),
        ("email,name\n\na@example.org,Тарас\n".encode("windows-1251"), "line 3"),
        (b"PK\x03\x04\x14\x00", "workbook"),
        (b"\xff\xfee", "not UTF-8"),
        (bytes(range(256)), "not UTF-8"),
    ],
)
def test_what_is_no_file_of_subscribers_is_refused_with_the_mend(content, words):
    with pytest.raises(Refused, match=words) as refused:
        rows(content)
    assert refused.value.mend


def test_a_byte_that_cannot_be_read_is_found_wherever_it_is():
    content = b"email\n" + b"a@example.org\n" * 200_000 + b"\xe9@example.org\n"
    with pytest.raises(Refused, match="line 200002"):
        rows(content)


PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).map(str.strip)


@given(st.lists(st.tuples(PLAIN.filter(bool), PLAIN, PLAIN, PLAIN), max_size=5))
def test_what_is_written_is_read_back(written):
    file = io.StringIO()
    csvfile.write(written, file)
    assert [tuple(row[1:]) for row in rows(file.getvalue())] == written


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "'=1", "''=1"])
def test_no_spreadsheet_takes_a_name_for_a_formula(formula):
    file = io.StringIO()
    csvfile.write([("a@example.org", formula, "", "")], file)
    assert file.getvalue().splitlines()[1] == f"a@example.org,'{formula},,"
    assert rows(file.getvalue())[0][2] == formula


@given(st.binary(max_size=300).map(b"email,name\n".__add__))
def test_no_bytes_make_it_stumble(content):
    try:
        found = rows(content)
    except Refused:
        return
    assert all(isinstance(row, Row | BadRow) and row.line >= 2 for row in found)
