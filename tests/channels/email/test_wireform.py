"""What is not in the one wire form is named."""

import pytest

from tocsin.channels.email import wireform

GOOD = b"Subject: Hello\r\n\r\nDear reader\r\n"


def test_a_message_in_the_wire_form_has_no_fault() -> None:
    assert wireform.fault(GOOD) == ""
    assert wireform.fault(b"Subject: " + b"x" * 989 + b"\r\n\r\n" + b"x" * 76 + b"\r\n") == ""


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (GOOD + "é\r\n".encode(), "not ASCII"),
        (GOOD + b"unended", "line ends"),
        (GOOD + b"a\nb\r\n", "line ends"),
        (GOOD + b"a\rb\r\n", "line ends"),
        (GOOD + b".\r\n", "begins with a dot"),
        (GOOD + b".x\r\n", "begins with a dot"),
        (GOOD + b"From here\r\n", "From"),
        (b"Subject: " + b"x" * 990 + b"\r\n\r\n", "header line that is too long"),
        (GOOD + b"x" * 77 + b"\r\n", "body line that is too long"),
        (GOOD + b"x \r\n", "white space"),
        (GOOD + b"x\t\r\n", "white space"),
    ],
)
def test_each_fault_has_its_words(message: bytes, fault: str) -> None:
    assert fault in wireform.fault(message)
