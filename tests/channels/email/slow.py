"""The slow composer: one message for one reader, by the standard library's `EmailMessage`, with nothing clever about it."""

import html
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from uuid import UUID

from tocsin.courier.channel import Recipient
from tocsin.courier.message import Mark, Message
from tocsin.lib.links import Links


def compose(message: Message, recipient: Recipient, links: Links) -> EmailMessage:
    """What the reader is meant to get. Message-ID and boundary are anybody's choice and left out."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = Address(message.sender_name, addr_spec=message.sender_email)
    mail["To"] = Address(recipient.name, addr_spec=recipient.address)
    mail["Subject"] = message.subject
    mail["Date"] = datetime.fromtimestamp(recipient.started_us // 1_000_000, tz=UTC)
    personal = _links(links, recipient)
    if message.bulk:
        mail["List-Unsubscribe"] = f"<{personal[Mark.UNSUBSCRIBE]}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(_filled(message.text, personal), cte="base64")
    if message.html:
        escaped = {mark: html.escape(url) for mark, url in personal.items()}
        mail.add_alternative(_filled(message.html, escaped), subtype="html", cte="base64")
    return mail


def _links(links: Links, recipient: Recipient) -> dict[Mark, str]:
    assert recipient.public_id
    person, now = UUID(bytes=recipient.public_id), recipient.started_us // 1_000_000
    return {
        Mark.MANAGE: links.manage(person),
        Mark.UNSUBSCRIBE: links.unsubscribe(person),
        Mark.CONFIRM: links.confirm(person, now),
        Mark.DATA: links.data(person, now),
    }


def _filled(text: str, personal: dict[Mark, str]) -> str:
    for mark, url in personal.items():
        text = text.replace(mark, url)
    return text
