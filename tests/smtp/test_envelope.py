"""No address and no content, however made, smuggles a second command or an early end of the message."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.smtp.test_commands import hostile
from tocsin.smtp import envelope
from tocsin.smtp.events import LocalProtocolError


@given(hostile, st.booleans())
@example("a@b.example>\r\nRCPT TO:<c@d.example", False)
@example("a@b.example\nDATA", True)
@example("a@b.example> SIZE=1", False)
@example('"a\r\n"@b.example', False)
def test_a_path_makes_one_line_or_nothing(text: str, utf8: bool) -> None:
    for make in (lambda: envelope.mail(text, 100, utf8=utf8), lambda: envelope.rcpt(text, utf8=utf8, notify=True)):
        try:
            line = make()
        except LocalProtocolError:
            continue
        assert line.endswith(b"\r\n")
        assert line.count(b"\n") == line.count(b"\r") == 1
        assert line.count(b">") == 1 or '"' in text
        assert len(line) <= 548
        assert utf8 or line.isascii()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (envelope.mail(""), b"MAIL FROM:<>\r\n"),
        (envelope.mail("a@b.example"), b"MAIL FROM:<a@b.example>\r\n"),
        (envelope.mail("a@b.example", 12), b"MAIL FROM:<a@b.example> SIZE=12\r\n"),
        (envelope.mail("a@b.example", 12, utf8=True), b"MAIL FROM:<a@b.example> SIZE=12 SMTPUTF8\r\n"),
        (envelope.mail("a@b.example", envelope_id="7-x"), b"MAIL FROM:<a@b.example> RET=HDRS ENVID=7-x\r\n"),
        (envelope.rcpt("o'hara+news@b.example"), b"RCPT TO:<o'hara+news@b.example>\r\n"),
        (envelope.rcpt('"o hara"@b.example'), b'RCPT TO:<"o hara"@b.example>\r\n'),
        (envelope.rcpt("a@[IPv6:::1]"), b"RCPT TO:<a@[IPv6:::1]>\r\n"),
        (envelope.rcpt("a@b.example", notify=True), b"RCPT TO:<a@b.example> NOTIFY=FAILURE\r\n"),
        (envelope.rcpt("анна@b.example", utf8=True), "RCPT TO:<анна@b.example>\r\n".encode()),
    ],
)
def test_how_it_is_said(line: bytes, said: bytes) -> None:
    assert line == said


@pytest.mark.parametrize("envelope_id", ["a b", "a\r\nQUIT", "é", "x" * 101, "a>", "+41"])
def test_what_is_no_envelope_id_is_refused(envelope_id: str) -> None:
    with pytest.raises(LocalProtocolError):
        envelope.mail("a@b.example", envelope_id=envelope_id)


@given(st.text("ab.-_+= \r\n>", max_size=8))
def test_an_envelope_id_makes_one_line_or_nothing(text: str) -> None:
    try:
        line = envelope.mail("a@b.example", envelope_id=text)
    except LocalProtocolError:
        return
    assert line.count(b"\r") == line.count(b"\n") == line.count(b">") == 1


@pytest.mark.parametrize(
    "address",
    ["", "a", "@b.example", "a@", "a@b..example", ".a@b.example", "a.@b.example", "a b@c.example", "a@b.example.",
     "<a@b.example>", "a@пример.рф", "a" * 65 + "@b.example", "a@" + "b." * 130 + "example", "анна@b.example"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(LocalProtocolError):
        envelope.rcpt(address)


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(LocalProtocolError):
        envelope.mail("a@b.example", -1)


@pytest.mark.parametrize(
    "content",
    [b"a", b"a\n", b"a\r", b"a\r\r\n", b"a\r\n\n", b"\r\n.\r\n", b".\r\n", b"a\r\n.b\r\n", b"a\n.\r\n", b"\xe9\r\n",
     b"x" * 999 + b"\r\n"],
)  # fmt: skip
def test_a_body_that_could_be_read_two_ways_is_refused(content: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        envelope.check_content(content)


@given(st.lists(st.binary(max_size=8) | st.sampled_from([b"\r\n", b".", b"\n", b"\r"]), max_size=12).map(b"".join))
def test_a_body_ends_at_its_last_line_and_nowhere_else(content: bytes) -> None:
    try:
        envelope.check_content(content)
    except LocalProtocolError:
        return
    data = content + b".\r\n"
    lines = data.split(b"\r\n")
    assert lines.pop() == b""
    assert lines.pop() == b"."
    assert not any(line.startswith(b".") or b"\r" in line or b"\n" in line for line in lines)
