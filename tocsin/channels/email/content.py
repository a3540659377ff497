"""The body of a message in the one wire form: its MIME headers, its text and HTML part, and the slots in them."""

import html
import re
from collections.abc import Iterator

from tocsin.channels.email.edition import PURPOSES, Piece
from tocsin.channels.email.quoted import SOFT_BREAK, quote
from tocsin.courier.channel import CannotCompose
from tocsin.courier.message import Mark, Message
from tocsin.lib.links import Links

_MARK = re.compile("(\x02[^\x02\x03]*\x03)")


def of(message: Message, boundary: str, links: Links) -> Iterator[Piece]:
    """The Content headers, the empty line and the body. Raises CannotCompose."""
    text = _part("plain", message.text, links)
    if not message.html:
        yield from text
        return
    yield f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'.encode()
    for part in (text, _part("html", message.html, links)):
        yield f"--{boundary}\r\n".encode()
        yield from part
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _part(kind: str, text: str, links: Links) -> Iterator[Piece]:
    yield f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'.encode()
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    for line in lines:
        yield from _quoted_line(line, links, in_html=kind == "html")
        yield b"\r\n"


def _quoted_line(line: str, links: Links, *, in_html: bool) -> Iterator[Piece]:
    """One line of a body, the token of each personal link at the start of a wire line."""
    fragments = [fragment for fragment in _MARK.split(line) if fragment]
    for number, fragment in enumerate(fragments, 1):
        last = number == len(fragments)
        if "\x02" in fragment or "\x03" in fragment:
            yield from _link(_mark(fragment), links, in_html=in_html)
        else:
            yield _quoted(fragment, ends_line=last)
        if not last:
            yield SOFT_BREAK


def _link(mark: Mark, links: Links, *, in_html: bool) -> Iterator[Piece]:
    start = links.start(PURPOSES[mark])
    yield _quoted(html.escape(start) if in_html else start, ends_line=False) + SOFT_BREAK
    yield mark
    yield b"/"


def _quoted(text: str, *, ends_line: bool) -> bytes:
    try:
        return quote(text, ends_line=ends_line)
    except UnicodeEncodeError as error:
        raise CannotCompose("The message contains half a character (a lone surrogate).") from error


def _mark(text: str) -> Mark:
    try:
        return Mark(text)
    except ValueError as error:
        raise CannotCompose(f"The message contains a mark that means nothing: {text!r}.") from error
