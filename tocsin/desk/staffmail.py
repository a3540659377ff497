"""Staff mail (password resets, the watchdog) goes through the same relays, as dispatches of its own kind."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class DispatchBackend(BaseEmailBackend):
    """Django's e-mail backend over the courier."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Plan one dispatch per message."""
        raise NotImplementedError
