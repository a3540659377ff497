"""Quoted-printable (RFC 2045 section 6.7) in the one wire form: ASCII, CRLF, lines of at most 76 characters.

A line on the wire never begins with a dot (`=2E`), so no relay needs to stuff or unstuff it, nor with `From `, which
some mail stores alter. Nothing written here contains `=_`, so a boundary that does can never occur in content.
"""

import re
from collections.abc import Iterator

SOFT_BREAK = b"=\r\n"
MAX_LINE = 76

_UNSAFE = re.compile(rb"[^ \t!-<>-~]")
_ESCAPES = {bytes([octet]): b"=%02X" % octet for octet in range(256)}
_RISKY_STARTS = (b".", b"From ")


def quote(text: str, *, ends_line: bool) -> bytes:
    """One line of text, without its line end, as one or more lines on the wire joined by soft breaks.

    `ends_line`: a hard line break follows, so a space or tab at the end must be escaped; otherwise a soft one does.
    """
    octets = _UNSAFE.sub(lambda found: _ESCAPES[found[0]], text.encode())
    if ends_line and octets.endswith((b" ", b"\t")):
        octets = octets[:-1] + _ESCAPES[octets[-1:]]
    return SOFT_BREAK.join(_wire_lines(octets, last_room=MAX_LINE if ends_line else MAX_LINE - 1))


def _wire_lines(octets: bytes, last_room: int) -> Iterator[bytes]:
    start = 0
    while True:
        escaped = octets.startswith(_RISKY_STARTS, start)
        first = _ESCAPES[octets[start : start + 1]] if escaped else b""
        start += escaped
        if len(octets) - start <= last_room - len(first):
            yield first + octets[start:]
            return
        end = _before_escape(octets, start + MAX_LINE - 1 - len(first))
        yield first + octets[start:end]
        start = end


def _before_escape(octets: bytes, end: int) -> int:
    """The last place up to `end` that does not cut an escape (`=XX`) in two."""
    cut = octets.rfind(b"=", end - 2, end)
    return end if cut < 0 else cut
