"""The lines of a text of any size and shape, in bounded memory. Knows nothing of columns."""

from collections.abc import Iterator
from typing import IO, Final

MAX_LINE: Final = 32_000
PIECE: Final = 1 << 20
ENDINGS: Final = ("\n", "\r")


class Lines:
    """Lines with their numbers, the last ones of which can be given back. An over-long line comes cut to MAX_LINE."""

    def __init__(self, text: IO[str]) -> None:
        """`text`: opened with newline="", so that LF, CRLF and CR all end a line and stay at its end."""
        self._text = text
        self._returned: list[str] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._returned:
            line = self._returned.pop()
        else:
            line = self._text.readline(MAX_LINE)
            if not line:
                raise StopIteration
            if is_cut(line):
                self._skip_the_rest()
        self.number += 1
        return line

    def give_back(self, lines: list[str]) -> None:
        """Let `lines`, the last ones given, be given again."""
        self._returned.extend(reversed(lines))
        self.number -= len(lines)

    def _skip_the_rest(self) -> None:
        rest = self._text.readline(PIECE)
        while rest and not rest.endswith(ENDINGS):
            rest = self._text.readline(PIECE)


def is_cut(line: str) -> bool:
    """Whether there was more on this line."""
    return len(line) >= MAX_LINE and not line.endswith(ENDINGS)
