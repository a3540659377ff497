"""The personal links in mail: made when a message is addressed, read when the site is asked.

A link names a subscriber by public id and is signed for one purpose. `manage` and `unsubscribe` never expire
(a mail stays in an inbox for years); the others do. `data` is mailed on request; `erase` only stands on the page that
`data` opens.
"""

from dataclasses import dataclass
from uuid import UUID

from tocsin.lib.tokens import BadToken, ExpiredToken, Signer, Stamp

DAY = 86_400
CONFIRM_AGE = 7 * DAY
DATA_AGE = ERASE_AGE = DAY // 24
FOLDERS = {
    "manage": "reader",
    "unsubscribe": "unsubscribe",
    "confirm": "confirm",
    "data": "your-data",
    "erase": "erase",
}
MAX_AGES = {"confirm": CONFIRM_AGE, "data": DATA_AGE, "erase": ERASE_AGE}


class ExpiredLink(BadToken):
    """The link is ours, but too old. `person`: whom it was mailed to."""

    def __init__(self, person: UUID) -> None:
        super().__init__("expired")
        self.person = person


@dataclass(frozen=True)
class Links:
    """Makes and reads personal links below `site_url`. A link is the `start` of its purpose, the person's token and a slash."""

    site_url: str
    signer: Signer

    def manage(self, person: UUID) -> str:
        """The reader's own page."""
        return self._link("manage", person)

    def unsubscribe(self, person: UUID) -> str:
        """One-click unsubscribing (RFC 8058)."""
        return self._link("unsubscribe", person)

    def confirm(self, person: UUID, now: int) -> str:
        """Confirming an address; good for CONFIRM_AGE seconds from `now` (seconds since the epoch)."""
        return self._link("confirm", person, now)

    def data(self, person: UUID, now: int) -> str:
        """What is kept about somebody; good for DATA_AGE seconds from `now`."""
        return self._link("data", person, now)

    def erase(self, person: UUID, now: int) -> str:
        """Deleting all data; good for ERASE_AGE seconds from `now`."""
        return self._link("erase", person, now)

    def start(self, purpose: str) -> str:
        """What everybody's link of one of the purposes begins with."""
        return f"{self.site_url}/{FOLDERS[purpose]}/"

    def stamp(self, purpose: str) -> Stamp:
        """What makes the token of one of the purposes out of the 16 octets of a public id."""
        return self.signer.stamp(purpose, dated=purpose in MAX_AGES)

    def read(self, purpose: str, token: str, now: int) -> UUID:
        """The public id in a token of one of the purposes. Raises BadToken or ExpiredLink."""
        try:
            return _person(self.signer.verify(purpose, token, max_age=MAX_AGES.get(purpose), now=now))
        except ExpiredToken as expired:
            raise ExpiredLink(_person(expired.payload)) from expired

    def _link(self, purpose: str, person: UUID, now: int = 0) -> str:
        return f"{self.start(purpose)}{self.stamp(purpose).token(person.bytes, now).decode('ascii')}/"


def _person(payload: bytes) -> UUID:
    if len(payload) != 16:
        raise BadToken("not a person")
    return UUID(bytes=payload)
