"""E-mail addresses: validating, normalising, hashing. Never DNS.

Python's own `parseaddr` truncates silently at control characters, so validation is done here, by
`email-validator` (RFC 5321 syntax, IDNA) after our own refusal of controls.
"""

import hmac
import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

MAX_CHARACTERS = 320
HASH_OCTETS = 16


class BadAddress(ValueError):  # noqa: N818
    """Not an address mail can be sent to. The message says why, in words for a reader."""


@dataclass(frozen=True)
class EmailAddress:
    """A valid address. `value` is what is shown and sent to; `key` is what is compared and hashed."""

    value: str
    key: str


def parse(text: str) -> EmailAddress:
    """Validate `text` (surrounding spaces are forgiven). Raises BadAddress."""
    text = text.strip()
    if not text:
        raise BadAddress("No e-mail address was given.")
    if len(text) > MAX_CHARACTERS:
        raise BadAddress("This is too long to be an e-mail address.")
    if any(unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp", "Cs"} for character in text):
        raise BadAddress("An e-mail address cannot contain line breaks or control characters.")
    try:
        result = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise BadAddress(f"This is not a valid e-mail address. {error}") from error
    local = result.local_part
    domain = result.ascii_domain.lower()
    # RFC 5321 lets local parts differ by case; no mail provider of weight does, and people mix them freely.
    return EmailAddress(value=f"{local}@{result.domain}", key=f"{local.casefold()}@{domain}")


def keyed_hash(key: str, channel: str, address_key: str) -> bytes:
    """The hash under which the ledger knows an address after its owner is deleted (HMAC-SHA256, 16 octets)."""
    message = f"{channel}\0{address_key}".encode()
    return hmac.digest(key.encode(), message, "sha256")[:HASH_OCTETS]


def key_check(key: str) -> str:
    """What a database keeps of the address key it was made with: enough to tell another key, nothing to find it by."""
    return hmac.digest(key.encode(), b"tocsin address key check", "sha256")[:8].hex()
