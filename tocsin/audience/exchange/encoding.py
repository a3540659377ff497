"""Which encoding the bytes of a text file are in, found by reading all of it once. Reads bytes, knows nothing of CSV.

UTF-8 and UTF-16 can be told by their form. Of the one-octet encodings only the look of the letters tells: Cyrillic words
are whole runs of octets above 127, Western ones have single accents between plain letters. That is a guess, and is shown
as one.
"""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import IO, Final

from tocsin.lib.errors import Refused

CHUNK: Final = 1 << 18
NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "utf-8": "UTF-8",
        "utf-16": "UTF-16",
        "windows-1251": "Windows-1251",
        "windows-1252": "Windows-1252",
        "latin-1": "Latin-1",
    }
)
"""What can be chosen, and how it is called."""

WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods; .xls
HIGH: Final = bytes(range(0x80, 0x100))
MAX_NULS: Final = 0.01
"""The share of NUL octets in what is still taken for a text with a few broken rows."""

NOT_WINDOWS_1252: Final = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
IN_WORDS: Final = re.compile(rb"[\xa8\xb8\xc0-\xff]{2,}")  # letters of Windows-1251, two or more side by side
BROKEN: Final = re.compile("[\udc80-\udcff]+")


@dataclass(frozen=True)
class Encoding:
    """How bytes become text. `codec` is Python's; octets that are broken in it become characters of `DAMAGE`."""

    name: str
    codec: str
    errors: str
    guessed: bool = False


DAMAGE: Final = re.compile("[\udc80-\udcff\ufffd]")
"""In a line read with an `Encoding`: an octet that could not be read."""

UTF_8: Final = Encoding("utf-8", "utf-8-sig", "surrogateescape")


def chosen(name: str, file: IO[bytes]) -> Encoding:
    """The encoding somebody says a file has, one of NAMES."""
    if name == "utf-8":
        return UTF_8
    if name == "utf-16":
        return Encoding(name, _utf_16(_start(file)) or "utf-16-le", "replace")
    return Encoding(name, name, "replace")


def recognise(file: IO[bytes]) -> Encoding:
    """The encoding of a seekable file; leaves it at its start. Raises Refused if it is no text at all."""
    start = _start(file)
    if start.startswith(WORKBOOKS):
        raise Refused("The file is a spreadsheet workbook, not CSV.", "Open it and save it as “CSV UTF-8”.")
    if utf_16 := _utf_16(start):
        return Encoding("utf-16", utf_16, "replace")
    marks = _Marks()
    while chunk := file.read(CHUNK):
        marks.look_at(chunk)
    marks.end()
    file.seek(0)
    return marks.verdict()


def _start(file: IO[bytes]) -> bytes:
    file.seek(0)
    start = file.read(4)
    file.seek(0)
    return start


def _utf_16(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start[1:2] == b"\0" and start[:1] != b"\0":
        return "utf-16-le"
    return "utf-16-be" if start[:1] == b"\0" and start[1:2] not in {b"", b"\0"} else ""


class _Marks:
    """What tells encodings apart, gathered piece by piece."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._size = self._nuls = self._high = self._broken = self._in_words = 0
        self._not_1252 = False

    def look_at(self, chunk: bytes) -> None:
        self._size += len(chunk)
        self._nuls += chunk.count(0)
        text = self._decoder.decode(chunk)
        if chunk.isascii():
            return
        self._high += len(chunk) - len(chunk.translate(None, HIGH))
        self._broken += len(text) - len(BROKEN.sub("", text))
        self._in_words += sum(map(len, IN_WORDS.findall(chunk)))
        self._not_1252 = self._not_1252 or NOT_WINDOWS_1252.search(chunk) is not None

    def end(self) -> None:
        self._broken += len(self._decoder.decode(b"", final=True))

    def verdict(self) -> Encoding:
        if self._nuls > MAX_NULS * self._size:
            raise Refused(
                "The file is not text.",
                "Save it as “CSV UTF-8” in your spreadsheet. If it is text, say in which encoding.",
            )
        if self._broken * 2 < self._high or not self._broken:
            return UTF_8  # by accident other text hardly ever has its form: a few broken octets are broken rows
        if self._in_words * 2 > self._high:
            return Encoding("windows-1251", "windows-1251", "replace", guessed=True)
        western = "latin-1" if self._not_1252 else "windows-1252"
        return Encoding(western, western, "replace", guessed=True)
