"""The personal links in mail: made when a message is addressed, read when the site is asked.

A link names a subscriber by public id and is signed for one purpose. `manage` and `unsubscribe` never expire
(a mail stays in an inbox for years); `confirm` and `erase` do.
"""

from dataclasses import dataclass
from uuid import UUID

from tocsin.lib.tokens import BadToken, Signer

DAY = 86_400
CONFIRM_AGE = 7 * DAY
ERASE_AGE = DAY // 24


@dataclass(frozen=True)
class Links:
    """Makes and reads personal links below `site_url`."""

    site_url: str
    signer: Signer

    def manage(self, person: UUID) -> str:
        """The reader's own page."""
        return f"{self.site_url}/reader/{self.signer.sign('manage', person.bytes)}/"

    def unsubscribe(self, person: UUID) -> str:
        """One-click unsubscribing (RFC 8058)."""
        return f"{self.site_url}/unsubscribe/{self.signer.sign('unsubscribe', person.bytes)}/"

    def confirm(self, person: UUID, now: int) -> str:
        """Confirming an address; good for CONFIRM_AGE seconds from `now` (seconds since the epoch)."""
        return f"{self.site_url}/confirm/{self.signer.sign('confirm', person.bytes, now=now)}/"

    def erase(self, person: UUID, now: int) -> str:
        """Deleting all data; good for ERASE_AGE seconds from `now`."""
        return f"{self.site_url}/erase/{self.signer.sign('erase', person.bytes, now=now)}/"

    def read(self, purpose: str, token: str, now: int) -> UUID:
        """The public id in a token of one of the four purposes. Raises BadToken or ExpiredToken."""
        max_age = {"confirm": CONFIRM_AGE, "erase": ERASE_AGE}.get(purpose)
        payload = self.signer.verify(purpose, token, max_age=max_age, now=now)
        if len(payload) != 16:
            raise BadToken("not a person")
        return UUID(bytes=payload)
