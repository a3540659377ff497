"""What is said to log in, mechanism by mechanism."""

import hmac
from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.smtp.auth import MECHANISMS, USUAL, Exchange
from tocsin.smtp.events import LocalProtocolError, RemoteProtocolError
from tocsin.smtp.replies import Reply


def asked(text: bytes) -> Reply:
    return Reply(334, (b64encode(text).decode(),))


def said(exchange: Exchange, *challenges: Reply) -> list[bytes]:
    lines = [next(exchange).encode()]
    lines += [exchange.send(challenge).encode() for challenge in challenges]
    with pytest.raises(StopIteration):
        exchange.send(asked(b"and?"))
    return lines


def test_plain_says_both_at_once() -> None:
    assert said(MECHANISMS["PLAIN"]("user", "pass")) == [b"AUTH PLAIN AHVzZXIAcGFzcw==\r\n"]


def test_login_is_asked_twice() -> None:
    lines = said(MECHANISMS["LOGIN"]("user", "pass"), asked(b"Username:"), asked(b"Password:"))
    assert lines == [b"AUTH LOGIN\r\n", b"dXNlcg==\r\n", b"cGFzcw==\r\n"]


def test_cram_md5_says_what_rfc_2195_says() -> None:
    challenge = asked(b"<1896.697170952@postoffice.reston.mci.net>")
    _, line = said(MECHANISMS["CRAM-MD5"]("tim", "tanstaaftanstaaf"), challenge)
    assert b64decode(line) == b"tim b913a602c7eda7a495b4e6e7334d3890"


def test_xoauth2_answers_the_error_with_an_empty_line() -> None:
    first, answer = said(MECHANISMS["XOAUTH2"]("user@a.example", "token"), asked(b'{"status":"401"}'))
    assert b64decode(first.split()[2]) == b"user=user@a.example\1auth=Bearer token\1\1"
    assert answer == b"\r\n"


@pytest.mark.parametrize("challenge", ["not base64!", "é", "YQ"])
def test_a_challenge_that_cannot_be_read_is_the_servers_fault(challenge: str) -> None:
    exchange = MECHANISMS["CRAM-MD5"]("user", "pass")
    next(exchange)
    with pytest.raises(RemoteProtocolError):
        exchange.send(Reply(334, (challenge,)))


@pytest.mark.parametrize(("mechanism", "divider"), [("PLAIN", "\0"), ("XOAUTH2", "\1")])
def test_what_divides_credentials_is_in_none(mechanism: str, divider: str) -> None:
    with pytest.raises(LocalProtocolError):
        next(MECHANISMS[mechanism]("user", f"pass{divider}word"))


def test_a_token_is_no_password() -> None:
    assert set(MECHANISMS) - set(USUAL) == {"XOAUTH2"}


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(sorted(MECHANISMS)))
def test_each_answer_is_one_line(user: str, password: str, mechanism: str) -> None:
    exchange = MECHANISMS[mechanism](user, password)
    try:
        lines = [next(exchange).encode()]
        lines.append(exchange.send(asked(b"<1@a.example>")).encode())
        lines.append(exchange.send(asked(b"more")).encode())
    except (LocalProtocolError, StopIteration):
        return
    for line in lines:
        assert line.endswith(b"\r\n")
        assert line.count(b"\r") == line.count(b"\n") == 1
        assert line.isascii()


@given(st.text(max_size=30), st.binary(max_size=60))
def test_cram_md5_never_shows_the_password(password: str, challenge: bytes) -> None:
    exchange = MECHANISMS["CRAM-MD5"]("user", password)
    next(exchange)
    shown = b64decode(exchange.send(asked(challenge)).encode()).split()[1]
    assert shown.decode() == hmac.new(password.encode(), challenge, "md5").hexdigest()
