"""Replies of an SMTP server, cut out of a stream of bytes (RFC 5321 section 4.2).

Tolerant where a tired server is merely sloppy: a bare LF ends a line, a code may stand without text, odd bytes in
the text are shown as best they can be. Strict where sloppiness could shift which reply answers which command: every
line needs a code, the codes of one reply must agree, and lines and replies that never end are cut off.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from tocsin.smtp.state import Verdict

MAX_LINE_OCTETS = 4096
"""RFC 5321 section 4.5.3.1.5 asks for 512; real servers exceed it with URLs and quoted addresses."""
MAX_LINES = 128
WORDS = 500
TOO_LONG = f"a reply line is longer than {MAX_LINE_OCTETS} octets"

_CODES = {b"%d" % code: code for code in range(200, 600)}
_MARKS = {b"": False, b" ": False, b"-": True}  # what follows the code, and whether more lines do
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |$)")


class BadReply(ValueError):  # noqa: N818
    """The bytes are not an SMTP reply. The message says why."""


@dataclass(slots=True)
class Reply:
    """One complete reply. `lines` are the texts without codes, free of control characters.

    `words`: the whole reply on one line, e.g. `550 5.1.1 no such user`, at most WORDS characters.
    """

    code: int
    lines: tuple[str, ...]
    words: str = field(init=False)

    def __post_init__(self) -> None:
        self.words = self._on_one_line()

    @property
    def verdict(self) -> Verdict:
        """What the first digit says."""
        return Verdict(self.code // 100)

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code, e.g. `5.1.1` (RFC 3463), if it agrees with the code."""
        found = _ENHANCED.match(self.lines[0])
        return found[1] if found and found[1][0] == str(self.code)[0] else None

    def _on_one_line(self) -> str:
        text = self.lines[0]
        if len(self.lines) == 1 and "  " not in text and len(text) < WORDS - 3 and text == text.strip():
            return f"{self.code} {text}" if text else str(self.code)
        repeated = f"{self.enhanced} "
        rest = (line.removeprefix(repeated) for line in self.lines[1:])
        text = " ".join(" ".join((str(self.code), self.lines[0], *rest)).split())
        return text if len(text) <= WORDS else text[: WORDS - 1] + "…"


class ReplyParser:
    """Bytes in, replies out, whatever the chunks."""

    def __init__(self) -> None:
        self._rest = b""  # the beginning of a line
        self._code: int | None = None
        self._lines: list[str] = []

    def receive_data(self, data: bytes) -> Iterator[Reply]:
        """Take bytes as they came; the replies they complete. To be exhausted. Raises BadReply."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            if self._code is None and (reply := _complete(line)):
                yield reply
            elif self._take(line):
                yield self._taken()
        if len(self._rest) > MAX_LINE_OCTETS:
            raise BadReply(TOO_LONG)

    def receive_whole(self, data: bytes) -> list[Reply]:
        """The replies in `data` if it is whole replies of one line each; otherwise an empty list, and nothing is taken."""
        lines = data.split(b"\n")
        if lines.pop() or self._rest or self._code is not None:
            return []
        try:
            replies = [reply for line in lines if (reply := _complete(line))]
        except BadReply:
            return []
        return replies if len(replies) == len(lines) else []

    def _take(self, line: bytes) -> bool:
        """Add a line to the reply under way. True if it was the last."""
        code, more, text = _read(line)
        if self._code not in {None, code}:
            raise BadReply(f"the lines of one reply carry the codes {self._code} and {code}")
        self._code = code
        self._lines.append(text)
        if len(self._lines) > MAX_LINES:
            raise BadReply(f"a reply has more than {MAX_LINES} lines")
        return not more

    def _taken(self) -> Reply:
        reply = Reply(self._code or 0, tuple(self._lines))
        self._code, self._lines = None, []
        return reply


@lru_cache(64)
def _complete(line: bytes) -> Reply | None:
    """A reply of one line; None if there are more. A relay says few different things, over and over."""
    code, more, text = _read(line)
    return None if more else Reply(code, (text,))


def _read(line: bytes) -> tuple[int, bool, str]:
    """Code, whether more lines follow, and text."""
    if len(line) > MAX_LINE_OCTETS:
        raise BadReply(TOO_LONG)
    line = line.removesuffix(b"\r")
    code, mark = _CODES.get(line[:3]), line[3:4]
    if code is None or mark not in _MARKS:
        raise BadReply(f"not an SMTP reply: {_clean(line)[:80]!r}")
    return code, _MARKS[mark], _clean(line[4:])


def _clean(text: bytes) -> str:
    """Readable text of one line: UTF-8 where it is, no control characters."""
    decoded = text.decode("utf-8", "replace")
    if decoded.isprintable():
        return decoded
    return "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in decoded)
