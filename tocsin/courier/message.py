"""What is told, as plain data: made by the desk and the site, stored in an edition, composed by a channel.

Personal values are not in a message but *marks*: control characters around a name, which no cleaned text can
contain. A channel replaces each mark with the recipient's own link.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self


class Mark(StrEnum):
    """A place for a personal value, the same in text and HTML. Each is a whole URL."""

    MANAGE = "\x02manage\x03"
    UNSUBSCRIBE = "\x02unsubscribe\x03"
    CONFIRM = "\x02confirm\x03"
    DATA = "\x02data\x03"


@dataclass(frozen=True)
class Message:
    """One message, addressed to nobody yet. `html` may be empty for plain staff mail.

    `bulk`: it carries List-Id, List-Unsubscribe and List-Unsubscribe-Post (RFC 2919, 2369, 8058).
    `automatic`: it answers something a person did and carries Auto-Submitted: auto-generated (RFC 3834).
    `to_address`: set only for staff mail, whose reader is not a subscriber; such an edition has one delivery.
    `archived_at`: the post's public address (RFC 5064).
    """

    subject: str
    text: str
    html: str
    sender_name: str
    sender_email: str
    reply_to: str = ""
    language: str = "en"
    list_name: str = ""
    bulk: bool = False
    automatic: bool = False
    archived_at: str = ""
    to_address: str = ""

    def to_json(self) -> dict[str, Any]:
        """As stored in an edition."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any] | str) -> Self:
        """From an edition; accepts the decoded object or its JSON text (SQLite hands out text)."""
        return cls(**(json.loads(stored) if isinstance(stored, str) else stored))
