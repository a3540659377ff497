"""Staff mail (password resets, the watchdog) goes through the same relays, as dispatches of its own kind."""

from collections.abc import Iterable, Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from tocsin.audience.queries import publication
from tocsin.courier import actions as courier
from tocsin.courier.message import Message
from tocsin.courier.models import Dispatch, Lane
from tocsin.lib.errors import TocsinError


@transaction.atomic
def write(subject: str, text: str, to: Iterable[str], *, html: str = "") -> list[Dispatch]:
    """Plan one staff mail to each address. Raises Refused for an address nobody can be reached at."""
    gazette = publication()
    subject = " ".join(subject.split())
    return [
        courier.tell_one(
            kind=Dispatch.Kind.STAFF,
            lane=Lane.TRANSACTIONAL,
            title=subject,
            address=None,
            message=Message(
                subject=subject,
                text=text,
                html=html,
                sender_name=gazette.sender_name or gazette.name,
                sender_email=gazette.sender_email,
                reply_to=gazette.reply_to,
                language=gazette.language,
                automatic=True,
                to_address=address,
            ),
        )
        for address in dict.fromkeys(to)
    ]


class DispatchBackend(BaseEmailBackend):
    """Django's e-mail backend over the courier. The publication is the sender, whatever `from_email` says."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Plan a dispatch for each recipient of each message; how many messages were planned."""
        planned = 0
        for email in email_messages:
            try:
                write(str(email.subject), str(email.body), email.recipients(), html=_html(email))
            except TocsinError:
                if not self.fail_silently:
                    raise
            else:
                planned += 1
        return planned


def _html(email: EmailMessage) -> str:
    alternatives = getattr(email, "alternatives", [])
    return next((str(content) for content, kind in alternatives if kind == "text/html"), "")
