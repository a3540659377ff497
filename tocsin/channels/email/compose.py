"""From a `Message` to the bytes on the wire: composed once per edition, spliced per recipient.

What is the same for everybody is encoded once into segments; what is personal is a slot between them, always at the
start of a wire line and followed by its end, so a splice is one `b"".join`. The same recipient always gets the same
bytes, so a resend is byte-identical. There is one wire form (7-bit, CRLF, quoted-printable, no line that begins with
a dot): the same bytes can go out by DATA or BDAT and be signed.
"""

import hmac
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import format_datetime
from enum import Enum
from urllib.parse import quote as percent_quote
from uuid import UUID

from tocsin.channels.email import headers
from tocsin.channels.email.quoted import SOFT_BREAK, quote
from tocsin.courier.channel import CannotCompose, Parcel, Recipient
from tocsin.courier.message import Mark, Message
from tocsin.lib.clock import SECOND, to_datetime
from tocsin.lib.links import Links

MAX_URL = 900
_MARK = re.compile("(\x02[^\x02\x03]*\x03)")
_LANGUAGE = re.compile(r"[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8})*")


class Header(Enum):
    """Header fields that differ from recipient to recipient."""

    TO = "To"
    DATE = "Date"
    MESSAGE_ID = "Message-ID"
    LIST_UNSUBSCRIBE = "List-Unsubscribe"


@dataclass(frozen=True)
class Link:
    """A personal link in the body."""

    mark: Mark
    in_html: bool


Slot = Header | Link
Piece = bytes | Slot


@dataclass(frozen=True)
class Composer:
    """What composing needs to know of this installation.

    `key` makes Message-IDs and boundaries. It is never rotated (links' keys are), so a resend keeps its Message-ID.
    """

    site_host: str
    links: Links
    key: bytes

    def compose(self, edition_id: int, message: Message) -> "Edition":
        """Encode what everybody gets. Raises CannotCompose."""
        sender = headers.wire_address("sender's", message.sender_email)
        boundary = f"=_{self.keyed('boundary', edition_id)}"
        pieces = tuple(_merged([*self._head(message, sender), *_content(message, boundary)]))
        return Edition(self, sender, pieces, frozenset(piece for piece in pieces if not isinstance(piece, bytes)))

    def keyed(self, purpose: str, number: int) -> str:
        """A stable name for a number that neither tells it nor can be guessed (128 bits of HMAC-SHA256)."""
        return hmac.digest(self.key, f"tocsin.email.{purpose}\0{number}".encode(), "sha256")[:16].hex()

    @property
    def _list_domain(self) -> str:
        return "localhost" if self.site_host.startswith("[") else self.site_host  # RFC 2919 section 2

    def _head(self, message: Message, sender: str) -> Iterator[Piece]:
        yield headers.address_field("From", message.sender_name, sender)
        yield Header.TO
        if message.reply_to:
            yield headers.address_field("Reply-To", "", headers.wire_address("Reply-To", message.reply_to))
        yield headers.text_field("Subject", message.subject)
        yield Header.DATE
        yield Header.MESSAGE_ID
        if message.bulk:
            yield headers.list_id_field(message.list_name, f"news.{self._list_domain}")
            yield Header.LIST_UNSUBSCRIBE
        if message.automatic:
            yield headers.field("Auto-Submitted", "auto-generated")
        if archived_at := _header_url(message.archived_at):
            yield headers.field("Archived-At", f"<{archived_at}>")
        if message.language:
            yield headers.field("Content-Language", _language(message.language))
        yield headers.field("MIME-Version", "1.0")


@dataclass(frozen=True)
class Edition:
    """One edition, ready to be addressed. Implements `courier.channel.Composed`."""

    composer: Composer
    sender: str
    pieces: tuple[Piece, ...]
    slots: frozenset[Slot]

    def address(self, recipient: Recipient) -> Parcel:
        """The finished message for one recipient. Raises CannotCompose."""
        to = headers.wire_address("reader's", recipient.address)
        personal = {slot: self._fill(slot, recipient, to) for slot in self.slots}
        body = b"".join(piece if isinstance(piece, bytes) else personal[piece] for piece in self.pieces)
        return Parcel(recipient.delivery_id, return_path=self.sender, recipient=to, body=body)

    def _fill(self, slot: Slot, recipient: Recipient, to: str) -> bytes:
        if isinstance(slot, Link):
            url = self._link(slot.mark, recipient)
            return quote(html.escape(url) if slot.in_html else url, ends_line=False)
        match slot:
            case Header.TO:
                return headers.address_field("To", recipient.name, to)
            case Header.DATE:
                return headers.field("Date", format_datetime(to_datetime(recipient.started_us)))
            case Header.MESSAGE_ID:
                name = self.composer.keyed("message", recipient.delivery_id)
                return headers.field("Message-ID", f"<{name}@{self.composer.site_host}>")
            case Header.LIST_UNSUBSCRIBE:
                return self._list_unsubscribe(recipient)

    def _list_unsubscribe(self, recipient: Recipient) -> bytes:
        if recipient.public_id is None:
            return b""
        url = self.composer.links.unsubscribe(recipient.public_id)
        return headers.field("List-Unsubscribe", f"<{url}>") + headers.field(
            "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
        )

    def _link(self, mark: Mark, recipient: Recipient) -> str:
        if recipient.public_id is None:
            raise CannotCompose(
                f"The message has a personal link ({mark.name.lower()}), but its reader is no subscriber."
            )
        return _personal_link(self.composer.links, mark, recipient.public_id, recipient.started_us // SECOND)


def _personal_link(links: Links, mark: Mark, person: UUID, now: int) -> str:
    match mark:
        case Mark.MANAGE:
            return links.manage(person)
        case Mark.UNSUBSCRIBE:
            return links.unsubscribe(person)
        case Mark.CONFIRM:
            return links.confirm(person, now)
        case Mark.ERASE:
            return links.erase(person, now)


def _content(message: Message, boundary: str) -> Iterator[Piece]:
    """The Content headers, the empty line and the body."""
    if not message.html:
        yield from _part("plain", message.text)
        return
    yield f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'.encode()
    for kind, text in (("plain", message.text), ("html", message.html)):
        yield f"--{boundary}\r\n".encode()
        yield from _part(kind, text)
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _part(kind: str, text: str) -> Iterator[Piece]:
    yield f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'.encode()
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    for line in lines:
        yield from _quoted_line(line, in_html=kind == "html")
        yield b"\r\n"


def _quoted_line(line: str, *, in_html: bool) -> Iterator[Piece]:
    """One line of a body, each personal link on wire lines of its own."""
    fragments = [fragment for fragment in _MARK.split(line) if fragment]
    for number, fragment in enumerate(fragments, 1):
        last = number == len(fragments)
        yield Link(_mark(fragment), in_html) if "\x02" in fragment or "\x03" in fragment else _quoted(fragment, last)
        if not last:
            yield SOFT_BREAK


def _quoted(text: str, ends_line: bool) -> bytes:
    try:
        return quote(text, ends_line=ends_line)
    except UnicodeEncodeError as error:
        raise CannotCompose("The message contains half a character (a lone surrogate).") from error


def _mark(text: str) -> Mark:
    try:
        return Mark(text)
    except ValueError as error:
        raise CannotCompose(f"The message contains a mark that means nothing: {text!r}.") from error


def _header_url(url: str) -> str:
    """A URL fit for a header field, or "": a very long one (slugs may be) is no reason not to tell."""
    quoted = percent_quote(url, safe="!#$%&'()*+,/:;=?@[]~")
    return quoted if len(quoted) <= MAX_URL else ""


def _language(language: str) -> str:
    if not _LANGUAGE.fullmatch(language):
        raise CannotCompose("The message's language is not a language tag.")
    return language


def _merged(pieces: list[Piece]) -> Iterator[Piece]:
    """The same pieces with neighbouring bytes joined."""
    run: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            run.append(piece)
            continue
        yield b"".join(run)
        run = []
        yield piece
    yield b"".join(run)
