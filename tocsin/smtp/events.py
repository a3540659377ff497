"""What a `Client` reports, and the two ways a conversation goes wrong."""

from typing import NamedTuple

from tocsin.smtp.replies import Reply
from tocsin.smtp.state import Verb


class LocalProtocolError(Exception):
    """We were about to say something SMTP does not allow. No bytes were made."""


class RemoteProtocolError(Exception):
    """The server said something that is not SMTP. The connection is of no more use."""


class Answered(NamedTuple):
    """The server answered the oldest command that was waiting. The greeting answers Verb.GREETING."""

    verb: Verb
    reply: Reply


class Dismissed(NamedTuple):
    """A 421 that nobody asked for: the server is closing the connection (RFC 5321 section 3.8)."""

    reply: Reply


Event = Answered | Dismissed
