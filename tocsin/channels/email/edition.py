"""One composed edition, addressed to one recipient after the other: the part of composing that runs for every mail.

What is the same for everybody lies there as bytes; what is personal is a slot between them. Each value is in the wire
form by itself: names and addresses are checked by `headers`, and the token of a personal link is letters, digits,
hyphens and underscores. So the finished bytes need no second look.
"""

from binascii import hexlify
from collections.abc import Iterator, Sequence
from email.utils import format_datetime
from enum import StrEnum
from functools import lru_cache
from operator import itemgetter

from tocsin.channels.email import headers
from tocsin.courier.channel import CannotCompose, Parcel, Recipient
from tocsin.courier.message import Mark
from tocsin.lib.clock import SECOND, to_datetime
from tocsin.lib.links import Links
from tocsin.lib.mac import Mac

PURPOSES = {mark: mark.name.lower() for mark in Mark}
MESSAGE_NAMES = "tocsin.email.message"
ONE_CLICK = b"/>\r\n" + headers.field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")


class Field(StrEnum):
    """A slot in the header. A slot in the body is the `Mark` of a personal link, whose token goes there.

    List-Unsubscribe is three slots, the token between its two ends, since a mail to no subscriber has none of them.
    """

    TO = "To"
    DATE = "Date"
    MESSAGE_ID = "Message-ID"
    UNSUBSCRIBE = "List-Unsubscribe"
    ONE_CLICK = "List-Unsubscribe-Post"


Slot = Field | Mark
Piece = bytes | Slot


class Edition:
    """One edition, ready to be addressed. Implements `courier.channel.Composed`.

    `head` and `body` are bytes and slots. `links` make what is personal, `key` names messages.
    """

    def __init__(self, sender: str, head: Sequence[Piece], body: Sequence[Piece], links: Links, key: bytes) -> None:
        self._sender = sender
        self._in_body = {piece for piece in body if isinstance(piece, Mark)}
        self._pieces = list(_merged([*head, *body]))
        slots = [piece for piece in [*head, *body] if not isinstance(piece, bytes)]
        marks = [mark for mark in Mark if mark in slots]
        values = [*Field, *marks]
        self._pick = itemgetter(*(values.index(slot) for slot in slots))
        self._name = Mac(key, MESSAGE_NAMES)
        self._list_unsubscribe = (b"List-Unsubscribe: <" + links.start("unsubscribe").encode(), ONE_CLICK)
        self._stamps = [links.stamp(PURPOSES[mark]) for mark in marks]

    def address(self, recipient: Recipient) -> Parcel:
        """The finished message for one recipient. Raises CannotCompose."""
        delivery, address, name, person, started_us = recipient
        to = headers.wire_address("reader's", address)
        second = started_us // SECOND
        values = [headers.address_field("To", name, to), _date_field(second), hexlify(self._name.tag(b"%d" % delivery))]
        if person is None:
            values += self._without_links()
        else:
            values += self._list_unsubscribe
            for stamp in self._stamps:
                values.append(stamp.token(person, second))
        pieces = self._pieces.copy()
        pieces[1::2] = self._pick(values)
        return Parcel(delivery, self._sender, to, b"".join(pieces), proven=True)

    def _without_links(self) -> list[bytes]:
        """What stands for the links of a reader who is no subscriber: nothing, if the message can do without."""
        if self._in_body:
            names = ", ".join(sorted(PURPOSES[mark] for mark in self._in_body))
            raise CannotCompose(f"The message has a personal link ({names}), but its reader is no subscriber.")
        return [b"", b"", b""]


@lru_cache(maxsize=256)
def _date_field(second: int) -> bytes:
    """Thousands of mails leave within a second; a resend has the Date of its first attempt."""
    return headers.field("Date", format_datetime(to_datetime(second * SECOND)))


def _merged(pieces: Sequence[Piece]) -> Iterator[bytes]:
    """Neighbouring bytes joined, and nothing for each slot: every second one, from the second on, is a slot's place."""
    run: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, bytes):
            run.append(piece)
            continue
        yield b"".join(run)
        yield b""
        run = []
    yield b"".join(run)
