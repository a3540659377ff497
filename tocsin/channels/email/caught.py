"""The demo's caught mail, as files: one `.eml` per message in `STATE/inbox`, its envelope in two headers on top.

Written by `sink.py`, read by the site's inbox pages. The id of a mail sorts by the time it was caught.
"""

import re
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path

from tocsin.lib import config
from tocsin.lib.errors import Refused

ENVELOPE_FROM = "X-Tocsin-Envelope-From"
ENVELOPE_TO = "X-Tocsin-Envelope-To"
POLICY = SMTPUTF8.clone(max_line_length=0)
_ID = re.compile(r"[0-9]{20}-[0-9a-f]{8}", re.ASCII)


class NoSuchMail(Refused):
    """No mail of that id was caught, or it was cleared away since."""


@dataclass(frozen=True)
class Summary:
    """One caught mail as a list shows it."""

    id: str
    caught_at: datetime
    sender: str
    recipient: str
    subject: str


def inbox() -> Path:
    """Where this installation's caught mail lies."""
    return config.current().state_dir / "inbox"


def mails(folder: Path | None = None, limit: int = 100) -> list[Summary]:
    """The newest `limit` mails, newest first."""
    names = _ids(folder or inbox())[-limit:]
    found = []
    for name in reversed(names):
        with suppress(NoSuchMail):  # cleared away while we read
            found.append(_summary(name, load(name, folder)))
    return found


def load(mail_id: str, folder: Path | None = None) -> EmailMessage:
    """One caught mail, its envelope in the headers ENVELOPE_FROM and ENVELOPE_TO. Raises NoSuchMail."""
    return message_from_bytes(source(mail_id, folder), EmailMessage, policy=POLICY)


def source(mail_id: str, folder: Path | None = None) -> bytes:
    """The bytes of one caught mail as they were handed over, below the two envelope headers. Raises NoSuchMail."""
    if not _ID.fullmatch(mail_id):
        raise NoSuchMail("There is no such mail.")
    try:
        return ((folder or inbox()) / f"{mail_id}.eml").read_bytes()
    except FileNotFoundError:
        raise NoSuchMail("There is no such mail; the oldest are cleared away.") from None


def keep(content: bytes, sender: str, recipients: Sequence[str], folder: Path) -> str:
    """Write one mail, whole or not at all; its id. `sender` may be empty (RFC 5321's null reverse-path)."""
    mail_id = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
    envelope = f"{ENVELOPE_FROM}: <{sender}>\r\n{ENVELOPE_TO}: {', '.join(recipients)}\r\n"
    unfinished = folder / f"{mail_id}.part"
    unfinished.write_bytes(envelope.encode() + content)
    unfinished.rename(folder / f"{mail_id}.eml")
    return mail_id


def clear(folder: Path, newest: int) -> None:
    """Delete all but the `newest` mails."""
    for name in _ids(folder)[:-newest]:
        (folder / f"{name}.eml").unlink(missing_ok=True)


def _ids(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.eml") if _ID.fullmatch(path.stem))


def _summary(mail_id: str, mail: EmailMessage) -> Summary:
    return Summary(
        id=mail_id,
        caught_at=datetime.fromtimestamp(int(mail_id[:20]) / 1e9, tz=UTC),
        sender=str(mail["From"] or mail[ENVELOPE_FROM] or ""),
        recipient=str(mail[ENVELOPE_TO] or ""),
        subject=str(mail["Subject"] or ""),
    )
