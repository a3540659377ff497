"""The client's side of one SMTP connection: commands to bytes, bytes to events.

Replies answer commands strictly first in, first out, so what awaits an answer is kept in a queue. For now one command
at a time may wait; pipelining (RFC 2920) is a matter of letting more of them in.
"""

from collections import deque

from tocsin.smtp.commands import Command, Mail
from tocsin.smtp.events import Answered, Dismissed, Event, LocalProtocolError, RemoteProtocolError
from tocsin.smtp.replies import BadReply, Reply, ReplyParser
from tocsin.smtp.state import ANSWERED, SENDABLE, Phase, Verb

CLOSING = 421


class Client:
    """One connection. `phase` tells where it stands, `extensions` what the server offered (upper-case keyword: rest)."""

    def __init__(self) -> None:
        self.phase = Phase.CONNECTED
        self.extensions: dict[str, str] = {}
        self._parser = ReplyParser()
        self._awaiting: deque[Verb] = deque([Verb.GREETING])

    @property
    def mechanisms(self) -> frozenset[str]:
        """The AUTH mechanisms on offer, upper case."""
        return frozenset(self.extensions.get("AUTH", "").upper().split())

    @property
    def size_limit(self) -> int | None:
        """The largest message the server takes, in octets, if it said so (RFC 1870; 0 means no limit)."""
        text = self.extensions.get("SIZE", "")
        return int(text) or None if text.isascii() and text.isdigit() and len(text) <= 20 else None

    def may_send(self, verb: Verb) -> bool:
        """Whether a command of this kind may be sent now."""
        return not self._awaiting and verb in SENDABLE[self.phase]

    def send(self, command: Command) -> bytes:
        """The bytes of `command`, whose reply is awaited from now on. Raises LocalProtocolError."""
        if not self.may_send(command.verb):
            waiting = f" while {self._awaiting[0].value} is unanswered" if self._awaiting else ""
            raise LocalProtocolError(f"{command.verb.value} cannot be sent when {self.phase.value}{waiting}")
        if isinstance(command, Mail):
            self._check_offered(command)
        data = command.encode()
        self._awaiting.append(command.verb)
        return data

    def receive_data(self, data: bytes) -> None:
        """Take bytes as they came. Between STARTTLS and `secured` they are dropped: nobody vouches for them."""
        if self.phase not in {Phase.SECURING, Phase.CLOSED}:
            self._parser.feed(data)

    def next_event(self) -> Event | None:
        """The next event, or None if more bytes are needed. Raises RemoteProtocolError."""
        if self.phase in {Phase.SECURING, Phase.CLOSED}:
            return None
        try:
            reply = self._parser.next_reply()
            return self._event(reply) if reply else None
        except (BadReply, RemoteProtocolError) as error:
            self.phase = Phase.CLOSED
            raise RemoteProtocolError(str(error)) from error

    def secured(self) -> None:
        """TLS is up: what the server said before is forgotten, EHLO is due again (RFC 3207 section 4.2)."""
        if self.phase is not Phase.SECURING:
            raise LocalProtocolError("TLS was not agreed on")
        self.extensions = {}
        self.phase = Phase.GREETED

    def _event(self, reply: Reply) -> Event:
        if not self._awaiting:
            if reply.code != CLOSING:
                raise RemoteProtocolError(f"a reply that nobody asked for: {reply.words}")
            self.phase = Phase.CLOSED
            return Dismissed(reply)
        verb = self._awaiting.popleft()
        self.phase = self._phase_after(verb, reply)
        if self.phase is Phase.SECURING:
            self._parser = ReplyParser()
        if verb is Verb.EHLO and self.phase is Phase.READY:
            self.extensions = _extensions(reply)
        return Answered(verb, reply)

    def _phase_after(self, verb: Verb, reply: Reply) -> Phase:
        if reply.code == CLOSING:
            return Phase.CLOSED
        if (verb, reply.verdict) not in ANSWERED:
            raise RemoteProtocolError(f"{verb.value} cannot be answered with {reply.words}")
        return ANSWERED[verb, reply.verdict] or self.phase

    def _check_offered(self, mail: Mail) -> None:
        if mail.size is not None and "SIZE" not in self.extensions:
            raise LocalProtocolError("the server does not offer SIZE")
        if mail.utf8 and "SMTPUTF8" not in self.extensions:
            raise LocalProtocolError("the server does not offer SMTPUTF8")


def _extensions(reply: Reply) -> dict[str, str]:
    """What EHLO's reply offers. The first line is the server's name."""
    offered: dict[str, str] = {}
    for line in reply.lines[1:]:
        keyword, _, rest = line.strip().partition(" ")
        offered.setdefault(keyword.upper(), rest.strip())
    return offered
