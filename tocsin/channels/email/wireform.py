"""The one wire form, as a check: what a finished message must be so that every server reads it the same.

Seven bits, CRLF and no other line end, no line that begins with a dot (nothing to stuff, nothing to unstuff) or with
`From ` (some mail stores alter it), header lines of at most 998 octets (RFC 5322 section 2.1.1), body lines of at most
76 (RFC 2045 section 6.7) that do not end in white space.
"""

from collections.abc import Iterator

MAX_HEADER_LINE = 998
MAX_BODY_LINE = 76


def fault(message: bytes) -> str:
    """What is wrong with a finished message, or ""."""
    return next(_faults(message), "")


def _faults(message: bytes) -> Iterator[str]:
    ends = message.count(b"\r\n")
    head, _, body = message.partition(b"\r\n\r\n")
    lines = message.split(b"\r\n")
    if not message.isascii():
        yield "has bytes that are not ASCII"
    if not message.endswith(b"\r\n") or message.count(b"\r") != ends or message.count(b"\n") != ends:
        yield "has line ends other than CRLF"
    if any(line.startswith((b".", b"From ")) for line in lines):
        yield "has a line that begins with a dot or with “From ”"
    if any(len(line) > MAX_HEADER_LINE for line in head.split(b"\r\n")):
        yield "has a header line that is too long"
    if any(len(line) > MAX_BODY_LINE or line.endswith((b" ", b"\t")) for line in body.split(b"\r\n")):
        yield "has a body line that is too long or ends in white space"
