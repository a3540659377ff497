"""The lines that carry a message, and the form of its content. What is made here holds one command and nothing else.

Addresses, sizes and ids come from outside: no value, however made, smuggles a second command or an early end of the
message. Whatever could is refused with LocalProtocolError.
"""

import re
from functools import lru_cache

from tocsin.smtp.events import LocalProtocolError

MAX_LOCAL_PART = 64
MAX_PATH = 254
MAX_BODY_LINE = 998
MAX_ENVELOPE_ID = 100

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00A0-\U0010FFFF-]+"
_QUOTED = r'"(?:[ !#-\[\]-~]|\\[ -~])*"'
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?"
_LITERAL = r"\[[A-Za-z0-9:.]+\]"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*|{_LITERAL}")
_PATH = re.compile(rf"(?:{_ATOM}(?:\.{_ATOM})*|{_QUOTED})@(?:{_DOMAIN.pattern})")
_USUAL_LABEL = r"[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*"
_is_usual_path = re.compile(rf"[A-Za-z0-9+_-]+(?:\.[A-Za-z0-9+_-]+)*@{_USUAL_LABEL}(?:\.{_USUAL_LABEL})*").fullmatch
_ENVELOPE_ID = re.compile(r"[A-Za-z0-9._-]+")


def check_content(content: bytes) -> None:
    """Raises LocalProtocolError unless every server reads `content` the same, however it treats dots and line ends:

    ASCII, CRLF only, ending in CRLF, no line over 998 octets and none that begins with a dot (a composer writes it as
    =2E).
    """
    if fault := _fault(content):
        raise LocalProtocolError(f"the message {fault}")


def mail(sender: str, size: int | None = None, *, utf8: bool = False, envelope_id: str = "") -> bytes:
    """MAIL, which opens a transaction. `sender` is a bare address, "" for the null sender.

    `size` (octets) needs SIZE on offer, `utf8` SMTPUTF8, `envelope_id` DSN (RFC 3461): reports of failure then carry
    it, and not the whole message. Without `utf8` the sender must be ASCII.
    """
    line = _from(sender, utf8)
    if size is not None:
        if size < 0:
            raise LocalProtocolError("a message cannot have a negative size")
        line += b" SIZE=%d" % size
    if utf8:
        line += b" SMTPUTF8"
    if envelope_id:
        if len(envelope_id) > MAX_ENVELOPE_ID or not _ENVELOPE_ID.fullmatch(envelope_id):
            raise LocalProtocolError(
                "an envelope id is made of at most 100 letters, digits, dots, dashes and underscores"
            )
        line += b" RET=HDRS ENVID=" + envelope_id.encode()
    return line + b"\r\n"


def rcpt(recipient: str, *, utf8: bool = False, notify: bool = False) -> bytes:
    """RCPT, which names a recipient, a bare address. Non-ASCII only with `utf8`, and then MAIL must have said SMTPUTF8.

    `notify` needs DSN on offer: the sender hears of failures only, not of delays.
    """
    return b"RCPT TO:<%b%b" % (path(recipient, utf8=utf8), b"> NOTIFY=FAILURE\r\n" if notify else b">\r\n")


def path(address: str, *, utf8: bool) -> bytes:
    """The octets of a bare address. Raises LocalProtocolError if it is none, or not ASCII without `utf8`."""
    if len(address) <= MAX_LOCAL_PART and _is_usual_path(address):  # no part of it can be too long
        return address.encode("ascii")
    octets = address.encode("utf-8", "replace")
    if not _PATH.fullmatch(address):
        raise LocalProtocolError("an address is not local-part@domain")
    if len(octets) > MAX_PATH or octets.rindex(b"@") > MAX_LOCAL_PART:
        raise LocalProtocolError("an address is longer than SMTP allows")
    if not utf8 and not octets.isascii():
        raise LocalProtocolError("an address with non-ASCII characters needs SMTPUTF8")
    return octets


def check_host(host: str) -> None:
    """Raises LocalProtocolError unless `host` is a domain or an address literal."""
    if len(host) > MAX_PATH or not _DOMAIN.fullmatch(host):
        raise LocalProtocolError("the name we introduce ourselves by is neither a domain nor an address literal")


@lru_cache(8)
def _from(sender: str, utf8: bool) -> bytes:
    return b"MAIL FROM:<" + (path(sender, utf8=utf8) if sender else b"") + b">"


def _fault(content: bytes) -> str:
    """What is wrong with a message, or ""."""
    lines = content.count(b"\r\n")
    if not content.isascii():
        return "has bytes that are not ASCII"
    if content.count(b"\r") != lines or content.count(b"\n") != lines:
        return "has line ends other than CRLF"
    if content and not content.endswith(b"\r\n"):
        return "does not end in CRLF"
    if content.startswith(b".") or b"\n." in content:
        return "has a line that begins with a dot"
    if max(map(len, content.split(b"\r\n"))) > MAX_BODY_LINE:
        return f"has a line longer than {MAX_BODY_LINE} octets"
    return ""
