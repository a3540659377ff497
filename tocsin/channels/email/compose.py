"""From a `Message` to an `Edition`: what everybody gets is encoded here, once; what is personal becomes a slot.

A slot is always at the start of a wire line that has room for its value, so splicing it in changes nothing else. That
an edition is in the one wire form (`wireform.py`) is proven here, with a stand-in's values in its slots. The same
bytes then go out by DATA or BDAT, can be signed, and are the same again on a resend.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote as percent_quote

from tocsin.channels.email import content, headers, wireform
from tocsin.channels.email.edition import Edition, Field, Piece
from tocsin.courier.channel import CannotCompose, Recipient
from tocsin.courier.message import Mark, Message
from tocsin.lib.links import Links
from tocsin.lib.mac import Mac

MAX_URL = 900
BOUNDARIES = "tocsin.email.boundary"
STAND_IN = Recipient(1, "reader@example.org", "A Reader", bytes(16), 0)
_LANGUAGE = re.compile(r"[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True)
class Composer:
    """What composing needs to know of this installation.

    `key` makes Message-IDs and boundaries. It is never rotated (links' keys are), so a resend keeps its Message-ID.
    """

    site_host: str
    links: Links
    key: bytes

    def compose(self, edition_id: int, message: Message) -> Edition:
        """Encode what everybody gets. Raises CannotCompose."""
        sender = headers.wire_address("sender's", message.sender_email)
        boundary = f"=_{Mac(self.key, BOUNDARIES).tag(b'%d' % edition_id).hex()}"
        head, body = [*self._head(message, sender)], [*content.of(message, boundary, self.links)]
        edition = Edition(sender, head, body, self.links, self.key)
        if fault := wireform.fault(edition.address(STAND_IN).body):
            raise CannotCompose(f"The message {fault}.")
        return edition

    @property
    def _list_domain(self) -> str:
        return "localhost" if self.site_host.startswith("[") else self.site_host  # RFC 2919 section 2

    def _head(self, message: Message, sender: str) -> Iterator[Piece]:
        yield headers.address_field("From", message.sender_name, sender)
        yield Field.TO
        if message.reply_to:
            yield headers.address_field("Reply-To", "", headers.wire_address("Reply-To", message.reply_to))
        yield headers.text_field("Subject", message.subject)
        yield Field.DATE
        yield b"Message-ID: <"
        yield Field.MESSAGE_ID
        yield f"@{self.site_host}>\r\n".encode("ascii")
        if message.bulk:
            yield headers.list_id_field(message.list_name, f"news.{self._list_domain}")
            yield Field.UNSUBSCRIBE
            yield Mark.UNSUBSCRIBE
            yield Field.ONE_CLICK
        if message.automatic:
            yield headers.field("Auto-Submitted", "auto-generated")
        if archived_at := _header_url(message.archived_at):
            yield headers.field("Archived-At", f"<{archived_at}>")
        if message.language:
            yield headers.field("Content-Language", _language(message.language))
        yield headers.field("MIME-Version", "1.0")


def _header_url(url: str) -> str:
    """A URL fit for a header field, or "": a very long one (slugs may be) is no reason not to tell."""
    quoted = percent_quote(url, safe="!#$%&'()*+,/:;=?@[]~")
    return quoted if len(quoted) <= MAX_URL else ""


def _language(language: str) -> str:
    if not _LANGUAGE.fullmatch(language):
        raise CannotCompose("The message's language is not a language tag.")
    return language
