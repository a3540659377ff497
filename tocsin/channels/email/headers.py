"""Header fields in the one wire form: ASCII, CRLF, folded; other characters as encoded words (RFC 2047).

Nothing gets past `_checked`: a value with a line break or any other control character raises CannotCompose.
"""

import ipaddress
import re
from base64 import b64encode
from collections.abc import Iterator

import idna

from tocsin.courier.channel import CannotCompose
from tocsin.lib import addresses

MAX_LINE = 76
MAX_WORD_OCTETS = 39
"""Of UTF-8 in one encoded word: 64 characters as =?utf-8?B?...?=, which fit behind a field's name (RFC 2047 section 2)."""
MAX_TOKEN = 60
"""A longer run of ASCII without a space is encoded, so that it can be folded."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ATOMS = re.compile(rf"{_ATOM}(?: {_ATOM})*")
_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_PLAIN_ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")
MAX_ADDRESS = 254


def field(name: str, value: str) -> bytes:
    """A field whose value is already in header syntax: ASCII, folded at spaces where the lines would be too long."""
    return _fold(name, _checked(name, value).split(" "))


def text_field(name: str, text: str) -> bytes:
    """A field of free text, such as Subject."""
    return _fold(name, _text_words(_checked(name, text)))


def address_field(name: str, display_name: str, address: str) -> bytes:
    """A field with one mailbox. `address` is in its wire form (`wire_address`).

    A local part outside ASCII cannot stand in a 7-bit header: it is shown as the name of an empty group, as RFC 6857
    section 3.1.8 has it; where the mail goes is up to the envelope.
    """
    if not address.isascii():
        local, _, domain = address.rpartition("@")
        shown = f"{display_name} {local}@{idna.decode(domain)}".strip()
        return _fold(name, [*_encoded_words(_checked(name, shown)), ":;"])
    phrase = _phrase_words(_checked(name, display_name))
    return _fold(name, [*phrase, f"<{address}>"] if phrase else [address])


def list_id_field(display_name: str, host: str) -> bytes:
    """List-Id (RFC 2919)."""
    return _fold("List-Id", [*_phrase_words(_checked("List-Id", display_name)), f"<{host}>"])


def wire_address(whose: str, text: str) -> str:
    """An address as it is sent to: the domain as A-labels, the local part as it is. Raises CannotCompose."""
    if len(text) <= MAX_ADDRESS and _PLAIN_ADDRESS.fullmatch(text):
        return text
    try:
        parsed = addresses.parse(text)
    except addresses.BadAddress as error:
        raise CannotCompose(f"The {whose} address cannot be used. {error}") from error
    return f"{parsed.value.rpartition('@')[0]}@{parsed.key.rpartition('@')[2]}"


def wire_host(host: str) -> str:
    """A host name as A-labels, or an IP address as an address literal (RFC 5321 section 4.1.3)."""
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    return f"[{host}]" if version == 4 else f"[IPv6:{host}]"


def _checked(name: str, value: str) -> str:
    if _CONTROL.search(value):
        raise CannotCompose(f"{name} contains a line break or another control character.")
    return value


def _text_words(text: str) -> list[str]:
    if not text:
        return []
    return text.split(" ") if _is_simple(text) else list(_encoded_words(text))


def _phrase_words(name: str) -> list[str]:
    if not name:
        return []
    if not _is_simple(name):
        return list(_encoded_words(name))
    if _ATOMS.fullmatch(name):
        return name.split(" ")
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'.split(" ")


def _is_simple(text: str) -> bool:
    """Whether text reads the same unencoded, folded at its spaces: folding loses spaces at the ends and doubled ones."""
    return text.isascii() and "=?" not in text and all(0 < len(word) <= MAX_TOKEN for word in text.split(" "))


def _encoded_words(text: str) -> Iterator[str]:
    """Encoded words that never cut a character in two. Between them readers drop the white space."""
    chunk = b""
    for character in text:
        octets = character.encode()
        if len(chunk) + len(octets) > MAX_WORD_OCTETS:
            yield _encoded_word(chunk)
            chunk = b""
        chunk += octets
    yield _encoded_word(chunk)


def _encoded_word(octets: bytes) -> str:
    return f"=?utf-8?B?{b64encode(octets).decode('ascii')}?="


def _fold(name: str, words: list[str]) -> bytes:
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > MAX_LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines).encode("ascii") + b"\r\n"
