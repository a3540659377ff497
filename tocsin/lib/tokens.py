"""Signed tokens for mailed links: bound to a purpose, optionally dated, verified against rotated keys.

A token is base64url(payload || date || tag), the tag made by `lib.mac`. Without an age limit the date is left out, so
the same facts always give the same token: a resent mail is byte-identical.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Sequence

from tocsin.lib.mac import TAG_OCTETS, Mac

DATE_OCTETS = 4
_URL_SAFE = bytes.maketrans(b"+/", b"-_")  # RFC 4648 section 5


class BadToken(Exception):  # noqa: N818
    """The token was not made by us for this purpose, or was altered."""


class ExpiredToken(BadToken):
    """The token is ours, but too old. `payload`: what it says all the same."""

    def __init__(self, payload: bytes) -> None:
        super().__init__("expired")
        self.payload = payload


class Stamp:
    """Makes tokens for one purpose: `dated` ones, which expire, or ones that never do."""

    __slots__ = ("_begin", "_dated")

    def __init__(self, mac: Mac, *, dated: bool) -> None:
        self._begin = mac.begin
        self._dated = dated

    def token(self, payload: bytes, now: int) -> bytes:
        """A token for `payload`, in the ASCII of URLs. `now`: seconds since the epoch."""
        signed = payload + now.to_bytes(DATE_OCTETS, "big") if self._dated else payload
        tag = self._begin()
        tag.update(signed)
        return b2a_base64(signed + tag.digest(), newline=False).translate(_URL_SAFE).rstrip(b"=")


class Signer:
    """Signs and verifies with a list of keys: the first signs, all verify, so keys can be rotated."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys or not all(keys):
            raise ValueError("signing needs at least one non-empty key")
        self._keys = [hashlib.sha256(b"tocsin.tokens\0" + key.encode()).digest() for key in keys]

    def stamp(self, purpose: str, *, dated: bool) -> Stamp:
        """What makes tokens for a purpose, with the key of today."""
        return Stamp(_mac(self._keys[0], purpose, dated=dated), dated=dated)

    def verify(self, purpose: str, token: str, *, max_age: int | None = None, now: int | None = None) -> bytes:
        """The payload of `token`. With `max_age` (seconds) the token must carry a date; `now` is required then.

        Raises BadToken or ExpiredToken.
        """
        dated = max_age is not None
        raw = _decode(token)
        tail = TAG_OCTETS + (DATE_OCTETS if dated else 0)
        if len(raw) < tail:
            raise BadToken("too short")
        signed, tag = raw[:-TAG_OCTETS], raw[-TAG_OCTETS:]
        if not any(hmac.compare_digest(tag, _mac(key, purpose, dated=dated).tag(signed)) for key in self._keys):
            raise BadToken("signature does not match")
        if max_age is not None:
            if now is None:
                raise ValueError("a token with an age limit needs the time")
            if now - int.from_bytes(signed[-DATE_OCTETS:], "big") > max_age:
                raise ExpiredToken(raw[:-tail])
        return raw[:-tail]


def _mac(key: bytes, purpose: str, *, dated: bool) -> Mac:
    """Tokens with a date and tokens without are two purposes: neither can be read as the other."""
    return Mac(key, f"{purpose}, dated" if dated else purpose)


def _encode(raw: bytes) -> bytes:
    return b2a_base64(raw, newline=False).translate(_URL_SAFE).rstrip(b"=")


def _decode(token: str) -> bytes:
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (ValueError, UnicodeEncodeError) as error:
        raise BadToken("not a token") from error
    if _encode(raw).decode("ascii") != token:
        raise BadToken("not a token")  # base64 has several spellings of one value; we accept our own only
    return raw
