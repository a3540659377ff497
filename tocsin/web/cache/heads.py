"""Reads the head of a request if it is a simple one, which a ready answer may be sent to. Pure.

Simple is what browsers, feed readers and crawlers send: one Host that is ours, no body, no session, no condition but
If-None-Match or If-Modified-Since. Everything else, and everything that is not exactly as RFC 9112 writes it, is for the
full parser: this one never interprets a doubtful byte.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tocsin.web.cache.tally import is_a_reader
from tocsin.web.compression import Coding, preferred

LONGEST: Final = 4_096
REMEMBERED: Final = 1_024
"""Browsers repeat themselves: a head seen before is not read again."""

FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
"""RFC 9110, 5.5 and 5.6.2. No CR or LF can be inside, and a folded line (obs-fold) begins with a space."""

NOT_SIMPLE: Final = frozenset(
    {
        b"authorization",
        b"content-length",
        b"expect",
        b"if-match",
        b"if-unmodified-since",
        b"proxy-authorization",
        b"transfer-encoding",
        b"upgrade",
        b"x-http-method-override",
    }
)
ONCE: Final = frozenset({b"host", b"if-none-match", b"if-modified-since", b"accept-encoding", b"x-forwarded-proto"})
SESSION: Final = b"sessionid="


@dataclass(frozen=True, slots=True)
class Head:
    """What a simple request says about itself."""

    coding: Coding
    secure: bool
    none_match: bytes
    modified_since: bytes
    is_a_readers: bool


class Reader:
    """Reads heads for a site known by `hosts`; `behind_tls`: whether a proxy says how the reader came."""

    def __init__(self, hosts: frozenset[bytes], *, behind_tls: bool) -> None:
        self._hosts = hosts
        self._behind_tls = behind_tls
        self.read = lru_cache(REMEMBERED)(self._read)

    def _read(self, block: bytes) -> Head | None:
        """The head in `block`, from the CRLF of the request line to the empty line; None if it is not simple."""
        if len(block) > LONGEST or not block.startswith(b"\r\n") or not block.endswith(b"\r\n\r\n"):
            return None
        fields: dict[bytes, bytes] = {}
        for line in block[2:-4].split(b"\r\n"):
            matched = FIELD.fullmatch(line)
            if matched is None:
                return None
            name, value = matched[1].lower(), matched[2].strip(b" \t")
            if name in NOT_SIMPLE or (name in ONCE and name in fields) or not _is_plain(name, value):
                return None
            fields[name] = value
        return self._head(fields)

    def _head(self, fields: dict[bytes, bytes]) -> Head | None:
        none_match = fields.get(b"if-none-match", b"")
        if fields.get(b"host", b"").lower() not in self._hosts or none_match == b"*":
            return None
        return Head(
            coding=preferred(fields.get(b"accept-encoding", b"").decode("latin-1")),
            secure=self._behind_tls and fields.get(b"x-forwarded-proto") == b"https",
            none_match=none_match,
            modified_since=b"" if none_match else fields.get(b"if-modified-since", b""),
            is_a_readers=is_a_reader(fields),
        )


def _is_plain(name: bytes, value: bytes) -> bool:
    if name == b"cookie":
        return SESSION not in value
    return name != b"connection" or value.lower() == b"keep-alive"
