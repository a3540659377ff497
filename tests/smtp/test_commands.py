"""No argument, however made, smuggles a second command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.smtp.commands import Auth, AuthAnswer, Command, Ehlo, Helo, Quit, StartTls
from tocsin.smtp.events import LocalProtocolError

hostile = st.text(st.sampled_from('ab@.<> \r\n\0\t"\\[]:é\x85\u2028\ud800')) | st.text(max_size=300)


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
        (Ehlo("[127.0.0.1]"), b"EHLO [127.0.0.1]\r\n"),
        (Helo("a.example"), b"HELO a.example\r\n"),
        (StartTls(), b"STARTTLS\r\n"),
        (Auth("LOGIN"), b"AUTH LOGIN\r\n"),
        (Auth("PLAIN", ""), b"AUTH PLAIN =\r\n"),
        (AuthAnswer(""), b"\r\n"),
        (Quit(), b"QUIT\r\n"),
    ],
)
def test_how_it_is_said(command: Command, line: bytes) -> None:
    assert command.encode() == line
