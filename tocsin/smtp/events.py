"""What a `Client` reports, and the two ways a conversation goes wrong."""

from tocsin.smtp.replies import Reply
from tocsin.smtp.state import Verb


class LocalProtocolError(Exception):
    """We were about to say something SMTP does not allow. No bytes were made."""


class RemoteProtocolError(Exception):
    """The server said something that is not SMTP. The connection is of no more use."""


Event = tuple[Verb | None, Reply]
"""The oldest command that was waiting, and its answer; the greeting answers Verb.GREETING.

None: nobody asked. Such a reply is a 421, the server is closing the connection (RFC 5321 section 3.8).
"""
