"""No argument, however made, smuggles a second command or an early end of the message."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.smtp.commands import Auth, AuthAnswer, Body, Ehlo, Helo, Mail, Quit, Rcpt
from tocsin.smtp.events import LocalProtocolError

hostile = st.text(st.sampled_from('ab@.<> \r\n\0\t"\\[]:é\x85\u2028\ud800')) | st.text(max_size=300)


@given(hostile, st.booleans())
@example("a@b.example>\r\nRCPT TO:<c@d.example", False)
@example("a@b.example\nDATA", True)
@example("a@b.example> SIZE=1", False)
@example('"a\r\n"@b.example', False)
def test_a_path_makes_one_line_or_nothing(text: str, utf8: bool) -> None:
    for make in (lambda: Mail(text, 100, utf8), lambda: Rcpt(text, utf8)):
        try:
            line = make().encode()
        except LocalProtocolError:
            continue
        assert line.endswith(b"\r\n")
        assert line.count(b"\n") == line.count(b"\r") == 1
        assert line.count(b">") == 1 or '"' in text
        assert len(line) <= 548
        assert utf8 or line.isascii()


@given(hostile)
def test_a_host_name_makes_one_line_or_nothing(text: str) -> None:
    for make in (Ehlo, Helo):
        try:
            line = make(text).encode()
        except LocalProtocolError:
            continue
        assert line.isascii()
        assert line.count(b"\n") == line.count(b"\r") == 1
        assert line.count(b" ") == 1


@given(hostile, hostile)
def test_credentials_make_one_line_or_nothing(user: str, password: str) -> None:
    for make in (lambda: Auth("PLAIN", user), lambda: AuthAnswer(password)):
        try:
            line = make().encode()
        except LocalProtocolError:
            continue
        assert line.isascii()
        assert line.count(b"\n") == line.count(b"\r") == 1


def test_a_password_shows_in_no_repr() -> None:
    assert "secret" not in repr(Auth("PLAIN", "secret")) + repr(AuthAnswer("secret"))


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (Mail(""), b"MAIL FROM:<>\r\n"),
        (Mail("a@b.example"), b"MAIL FROM:<a@b.example>\r\n"),
        (Mail("a@b.example", 12), b"MAIL FROM:<a@b.example> SIZE=12\r\n"),
        (Mail("a@b.example", 12, utf8=True), b"MAIL FROM:<a@b.example> SIZE=12 SMTPUTF8\r\n"),
        (Rcpt("o'hara+news@b.example"), b"RCPT TO:<o'hara+news@b.example>\r\n"),
        (Rcpt('"o hara"@b.example'), b'RCPT TO:<"o hara"@b.example>\r\n'),
        (Rcpt("a@[IPv6:::1]"), b"RCPT TO:<a@[IPv6:::1]>\r\n"),
        (Rcpt("анна@b.example", utf8=True), "RCPT TO:<анна@b.example>\r\n".encode()),
        (Ehlo("[127.0.0.1]"), b"EHLO [127.0.0.1]\r\n"),
        (Quit(), b"QUIT\r\n"),
        (Body(b""), b".\r\n"),
        (Body(b"a\r\n"), b"a\r\n.\r\n"),
    ],
)
def test_how_it_is_said(command: Mail | Rcpt | Ehlo | Quit | Body, line: bytes) -> None:
    assert command.encode() == line


@pytest.mark.parametrize(
    "address",
    ["", "a", "@b.example", "a@", "a@b..example", ".a@b.example", "a.@b.example", "a b@c.example", "a@b.example.",
     "<a@b.example>", "a@пример.рф", "a" * 65 + "@b.example", "a@" + "b." * 130 + "example", "анна@b.example"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(LocalProtocolError):
        Rcpt(address)


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(LocalProtocolError):
        Mail("a@b.example", -1)


@pytest.mark.parametrize(
    "content",
    [b"a", b"a\n", b"a\r", b"a\r\r\n", b"a\r\n\n", b"\r\n.\r\n", b".\r\n", b"a\r\n.b\r\n", b"a\n.\r\n", b"\xe9\r\n",
     b"x" * 999 + b"\r\n"],
)  # fmt: skip
def test_a_body_that_could_be_read_two_ways_is_refused(content: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        Body(content)


@given(st.lists(st.binary(max_size=8) | st.sampled_from([b"\r\n", b".", b"\n", b"\r"]), max_size=12).map(b"".join))
def test_a_body_ends_at_its_last_line_and_nowhere_else(content: bytes) -> None:
    try:
        data = Body(content).encode()
    except LocalProtocolError:
        return
    lines = data.split(b"\r\n")
    assert lines.pop() == b""
    assert lines.pop() == b"."
    assert not any(line.startswith(b".") or b"\r" in line or b"\n" in line for line in lines)
