"""What a client says before and after its letters (those are made by `envelope.py`).

A command that exists is safe to send: every argument was checked when it was made, and nothing here can smuggle a second
command. What could is refused with LocalProtocolError before any bytes are made.
"""

from base64 import b64encode
from dataclasses import dataclass, field
from typing import ClassVar

from tocsin.smtp.envelope import check_host
from tocsin.smtp.events import LocalProtocolError
from tocsin.smtp.state import Verb

MAX_COMMAND = 512
"""Octets with CRLF, RFC 5321 section 4.5.3.1.4."""
MAX_AUTH = 12288
"""RFC 4954 section 4."""


@dataclass(frozen=True)
class Ehlo:
    """Introduce ourselves and ask for extensions. `host`: our domain or address literal."""

    host: str
    verb: ClassVar[Verb] = Verb.EHLO

    def __post_init__(self) -> None:
        check_host(self.host)

    def encode(self) -> bytes:
        return _line("EHLO", self.host)


@dataclass(frozen=True)
class Helo:
    """Introduce ourselves to a server that does not know EHLO."""

    host: str
    verb: ClassVar[Verb] = Verb.HELO

    def __post_init__(self) -> None:
        check_host(self.host)

    def encode(self) -> bytes:
        return _line("HELO", self.host)


@dataclass(frozen=True)
class StartTls:
    """Ask to go on in TLS (RFC 3207)."""

    verb: ClassVar[Verb] = Verb.STARTTLS

    def encode(self) -> bytes:
        return _line("STARTTLS")


@dataclass(frozen=True)
class Auth:
    """Begin to log in (RFC 4954), with an initial response if the mechanism has one. `auth.py` knows what follows."""

    mechanism: str
    secret: str | None = field(default=None, repr=False)
    verb: ClassVar[Verb] = Verb.AUTH

    def __post_init__(self) -> None:
        self.encode()

    def encode(self) -> bytes:
        response = [] if self.secret is None else [_base64(self.secret) or "="]
        return _line("AUTH", self.mechanism, *response, limit=MAX_AUTH)


@dataclass(frozen=True)
class AuthAnswer:
    """The answer to a 334; "" is an empty line."""

    secret: str = field(repr=False)
    verb: ClassVar[Verb] = Verb.AUTH_ANSWER

    def __post_init__(self) -> None:
        self.encode()

    def encode(self) -> bytes:
        return _line(_base64(self.secret), limit=MAX_AUTH)


@dataclass(frozen=True)
class Quit:
    """Say goodbye."""

    verb: ClassVar[Verb] = Verb.QUIT

    def encode(self) -> bytes:
        return _line("QUIT")


Command = Ehlo | Helo | StartTls | Auth | AuthAnswer | Quit


def _line(*words: str, limit: int = MAX_COMMAND) -> bytes:
    """One command line. The last gate: whatever was checked before, no control character passes here."""
    text = " ".join(words)
    if any(character < " " or "\x7f" <= character <= "\x9f" for character in text):
        raise LocalProtocolError("a command cannot contain control characters")
    line = _octets(text) + b"\r\n"
    if len(line) > limit:
        raise LocalProtocolError(f"a command cannot be longer than {limit} octets")
    return line


def _base64(secret: str) -> str:
    return b64encode(_octets(secret)).decode("ascii")


def _octets(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise LocalProtocolError("what is sent must be valid Unicode") from error
