"""E-mail addresses: validating, normalising, hashing. Never DNS.

Python's own `parseaddr` truncates silently at control characters, so validation is done here, by
`email-validator` (RFC 5321 syntax, IDNA) after our own refusal of controls.
"""

import hmac
import re
import unicodedata
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

MAX_CHARACTERS = 320
HASH_OCTETS = 16
# RFC 5321's dot-string, at most 64 octets: the local part nearly everybody has, and no more than email-validator takes.
PLAIN_LOCAL = re.compile(r"(?=.{1,64}\Z)[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
PLAIN_DOMAIN = re.compile(r"[\w.-]{1,180}", re.ASCII)
# Letters, digits and single hyphens inside of labels, a top level of letters: nothing IDNA (RFC 5891) has a say in.
LETTERS_AND_DIGITS = re.compile(r"(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,63}")
MAX_LABEL = 63


class BadAddress(ValueError):  # noqa: N818
    """Not an address mail can be sent to. The message says why, in English; `why` is for who says it in other words."""

    class Why(Enum):
        """What is wrong with it."""

        MISSING = "missing"
        TOO_LONG = "too long"
        CONTROLS = "controls"
        NO_AT = "no at"
        INVALID = "invalid"

    def __init__(self, message: str, why: Why = Why.INVALID) -> None:
        super().__init__(message)
        self.why = why


class EmailAddress(NamedTuple):
    """A valid address. `value` is what is shown and sent to; `key` is what is compared and hashed."""

    value: str
    key: str


def parse(text: str) -> EmailAddress:
    """Validate `text` (surrounding spaces are forgiven). Raises BadAddress."""
    text = text.strip(" \t\u00a0")
    local, _, domain = text.rpartition("@")
    if PLAIN_LOCAL.fullmatch(local) and PLAIN_DOMAIN.fullmatch(domain):
        shown, ascii_domain = _domain(domain)
    else:
        local, shown, ascii_domain = _validate(text)
    # RFC 5321 lets local parts differ by case; no mail provider of weight does, and people mix them freely.
    return EmailAddress(value=f"{local}@{shown}", key=f"{local.casefold()}@{ascii_domain}")


def _validate(text: str) -> tuple[str, str, str]:
    """Local part, domain as shown, domain as A-labels."""
    if not text:
        raise BadAddress("No e-mail address was given.", BadAddress.Why.MISSING)
    if len(text) > MAX_CHARACTERS:
        raise BadAddress("This is too long to be an e-mail address.", BadAddress.Why.TOO_LONG)
    if any(unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp", "Cs"} for character in text):
        raise BadAddress("An e-mail address cannot contain line breaks or control characters.", BadAddress.Why.CONTROLS)
    if "@" not in text:
        raise BadAddress("This is not a valid e-mail address. It must have an @-sign.", BadAddress.Why.NO_AT)
    try:
        result = validate_email(text, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError as error:
        raise BadAddress(f"This is not a valid e-mail address. {error}") from error
    return result.local_part, result.domain, result.ascii_domain.lower()


@lru_cache(maxsize=10_000)
def _domain(domain: str) -> tuple[str, str]:
    """A list of thousands has few domains: each is validated once."""
    plain = domain.lower()
    if LETTERS_AND_DIGITS.fullmatch(plain) and _is_ordinary(plain):
        return plain, plain
    _, shown, ascii_domain = _validate(f"x@{domain}")
    return shown, ascii_domain


def _is_ordinary(domain: str) -> bool:
    """Whether no rule but that of the form applies: no label too long, none of the names set aside (RFC 6761)."""
    labels = domain.split(".")
    endings = {".".join(labels[place:]) for place in range(len(labels))}
    return max(map(len, labels)) <= MAX_LABEL and endings.isdisjoint(SPECIAL_USE_DOMAIN_NAMES)


def keyed_hash(key: str, channel: str, address_key: str) -> bytes:
    """The hash under which the ledger knows an address after its owner is deleted (HMAC-SHA256, 16 octets)."""
    mac = _begun(key).copy()  # the key is worked in once, not for every address
    mac.update(f"{channel}\0{address_key}".encode())
    return mac.digest()[:HASH_OCTETS]


@lru_cache(maxsize=4)
def _begun(key: str) -> hmac.HMAC:
    return hmac.new(key.encode(), digestmod="sha256")


def key_check(key: str) -> str:
    """What a database keeps of the address key it was made with: enough to tell another key, nothing to find it by."""
    return hmac.digest(key.encode(), b"tocsin address key check", "sha256")[:8].hex()


def masked(value: str) -> str:
    """An address as it may be shown to whoever holds a forwarded link: m•••@example.org."""
    local, _, domain = value.rpartition("@")
    return f"{local[:1]}•••@{domain}"
