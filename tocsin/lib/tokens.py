"""Signed tokens for mailed links: bound to a purpose, optionally dated, verified against rotated keys.

A token is base64url(payload || date || tag). The tag is the first 16 octets of HMAC-SHA256 over the
purpose, the payload and the date (RFC 2104; truncation as RFC 2104 section 5 allows). Without an age
limit the date is left out, so the same facts always give the same token: a resent mail is byte-identical.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

TAG_OCTETS = 16
DATE_OCTETS = 4


class BadToken(Exception):  # noqa: N818
    """The token was not made by us for this purpose, or was altered."""


class ExpiredToken(BadToken):
    """The token is ours, but too old."""


class Signer:
    """Signs and verifies with a list of keys: the first signs, all verify, so keys can be rotated."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys or not all(keys):
            raise ValueError("signing needs at least one non-empty key")
        self._keys = [hashlib.sha256(b"tocsin.tokens\0" + key.encode()).digest() for key in keys]

    def sign(self, purpose: str, payload: bytes, *, now: int | None = None) -> str:
        """A URL-safe token for `payload`. Give `now` (seconds since the epoch) if the token is to expire."""
        date = b"" if now is None else now.to_bytes(DATE_OCTETS, "big")
        tag = _tag(self._keys[0], purpose, payload, date)
        return urlsafe_b64encode(payload + date + tag).rstrip(b"=").decode("ascii")

    def verify(self, purpose: str, token: str, *, max_age: int | None = None, now: int | None = None) -> bytes:
        """The payload of `token`. With `max_age` (seconds) the token must carry a date; `now` is required then.

        Raises BadToken or ExpiredToken.
        """
        dated = max_age is not None
        raw = _decode(token)
        tail = TAG_OCTETS + (DATE_OCTETS if dated else 0)
        if len(raw) < tail:
            raise BadToken("too short")
        payload, date, tag = raw[:-tail], raw[len(raw) - tail : -TAG_OCTETS], raw[-TAG_OCTETS:]
        if not any(hmac.compare_digest(tag, _tag(key, purpose, payload, date)) for key in self._keys):
            raise BadToken("signature does not match")
        if max_age is not None:
            if now is None:
                raise ValueError("a token with an age limit needs the time")
            if now - int.from_bytes(date, "big") > max_age:
                raise ExpiredToken("expired")
        return payload


def _tag(key: bytes, purpose: str, payload: bytes, date: bytes) -> bytes:
    kind = b"dated" if date else b"plain"
    message = b"\0".join((purpose.encode(), kind, len(payload).to_bytes(4, "big") + payload + date))
    return hmac.digest(key, message, "sha256")[:TAG_OCTETS]


def _decode(token: str) -> bytes:
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (ValueError, UnicodeEncodeError) as error:
        raise BadToken("not a token") from error
    if urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") != token:
        raise BadToken("not a token")  # base64 has several spellings of one value; we accept our own only
    return raw
