"""Header fields in the one wire form: ASCII, CRLF, folded; other characters as encoded words (RFC 2047).

Nothing gets past `_checked`: a value with a line break or any other control character raises CannotCompose.
"""

import ipaddress
import re
from binascii import b2a_base64

import idna

from tocsin.courier.channel import CannotCompose
from tocsin.lib import addresses

MAX_LINE = 76
MAX_WORD_OCTETS = 39
"""Of UTF-8 in one encoded word: 64 characters as =?utf-8?B?...?=, which fit behind a field's name (RFC 2047 section 2)."""
MAX_MAILBOX = MAX_LINE - len("Reply-To:  <>")
"""A plain name and its address that are no longer than this together fit on one line."""
MAX_TOKEN = 60
"""A longer run of ASCII without a space is encoded, so that it can be folded."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ATOMS = re.compile(rf"{_ATOM}(?: {_ATOM})*")
_is_plain_name = re.compile(r"[A-Za-z0-9'-]+(?: [A-Za-z0-9'-]+)*").fullmatch
_WORD = rf"[!-~]{{1,{MAX_TOKEN}}}"
_WORDS = re.compile(rf"{_WORD}(?: {_WORD})*")
_USUAL_LABEL = r"[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*"
_is_usual_address = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_USUAL_LABEL}(?:\.{_USUAL_LABEL})+").fullmatch
"""Of at most 64 characters: neither the local part nor a label can then be too long (RFC 5321 section 4.5.3.1)."""


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
    if address.isascii() and len(display_name) + len(address) <= MAX_MAILBOX:  # what most people have, quickly
        if not display_name:
            return f"{name}: {address}\r\n".encode("ascii")
        if _is_plain_name(display_name):
            return f"{name}: {display_name} <{address}>\r\n".encode("ascii")
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
    if len(text) <= 64 and _is_usual_address(text):
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
    return text.split(" ") if _is_simple(text) else _encoded_words(text)


def _phrase_words(name: str) -> list[str]:
    if not name:
        return []
    if not _is_simple(name):
        return _encoded_words(name)
    if _ATOMS.fullmatch(name):
        return name.split(" ")
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'.split(" ")


def _is_simple(text: str) -> bool:
    """Whether text reads the same unencoded, folded at its spaces: folding loses spaces at the ends and doubled ones."""
    return text.isascii() and "=?" not in text and _WORDS.fullmatch(text) is not None


def _encoded_words(text: str) -> list[str]:
    """Encoded words that never cut a character in two. Between them readers drop the white space."""
    octets, start, words = text.encode(), 0, []
    while len(octets) - start > MAX_WORD_OCTETS:
        end = start + MAX_WORD_OCTETS
        while octets[end] & 0b1100_0000 == 0b1000_0000:  # the middle of a character (RFC 3629 section 3)
            end -= 1
        words.append(_encoded_word(octets[start:end]))
        start = end
    return [*words, _encoded_word(octets[start:])]


def _encoded_word(octets: bytes) -> str:
    return f"=?utf-8?B?{b2a_base64(octets, newline=False).decode('ascii')}?="


def _fold(name: str, words: list[str]) -> bytes:
    line = " ".join((f"{name}:", *words))
    return f"{line if len(line) <= MAX_LINE else _folded(name, words)}\r\n".encode("ascii")


def _folded(name: str, words: list[str]) -> str:
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > MAX_LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines)
