"""Logging in: what is said in each AUTH mechanism (RFC 4954), as generators that yield commands and are sent replies.

PLAIN and LOGIN show the password to the server, XOAUTH2 a token in its place, CRAM-MD5 neither.
"""

import binascii
import hmac
from base64 import b64decode
from collections.abc import Callable, Generator

from tocsin.smtp.commands import Auth, AuthAnswer
from tocsin.smtp.events import LocalProtocolError, RemoteProtocolError
from tocsin.smtp.replies import Reply

Exchange = Generator[Auth | AuthAnswer, Reply, None]


def _plain(user: str, password: str) -> Exchange:
    """RFC 4616."""
    if "\0" in user + password:
        raise LocalProtocolError("credentials cannot contain NUL")
    yield Auth("PLAIN", f"\0{user}\0{password}")


def _login(user: str, password: str) -> Exchange:
    """Never standardised; the server asks for user and password in turn."""
    yield Auth("LOGIN")
    yield AuthAnswer(user)
    yield AuthAnswer(password)


def _cram_md5(user: str, password: str) -> Exchange:
    """RFC 2195: a keyed digest of what the server sent."""
    challenge = yield Auth("CRAM-MD5")
    digest = hmac.new(password.encode(), _decoded(challenge), "md5").hexdigest()
    yield AuthAnswer(f"{user} {digest}")


def _xoauth2(user: str, token: str) -> Exchange:
    """Google's and Microsoft's. A refusal comes as a 334; after an empty answer the server says it in plain words."""
    if "\1" in user + token:
        raise LocalProtocolError("credentials cannot contain control characters")
    yield Auth("XOAUTH2", f"user={user}\1auth=Bearer {token}\1\1")
    yield AuthAnswer("")


MECHANISMS: dict[str, Callable[[str, str], Exchange]] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "CRAM-MD5": _cram_md5,
    "XOAUTH2": _xoauth2,
}
USUAL = ("PLAIN", "LOGIN", "CRAM-MD5")
"""What a password is used with, best first: servers that keep passwords hashed cannot do CRAM-MD5."""


def _decoded(challenge: Reply) -> bytes:
    try:
        return b64decode(challenge.lines[-1], validate=True)
    except (binascii.Error, ValueError) as error:
        raise RemoteProtocolError("the challenge is not base64") from error
