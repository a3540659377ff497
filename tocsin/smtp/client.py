"""The client's side of one SMTP connection: commands to bytes, bytes to events.

Replies answer commands strictly first in, first out, so what awaits an answer is kept in a queue. One command at a
time may wait; several where the server offers PIPELINING and the tables allow it (`state.py`, rule 5).
"""

from collections import deque

from tocsin.smtp.commands import Command, Mail
from tocsin.smtp.events import Answered, Dismissed, Event, LocalProtocolError, RemoteProtocolError
from tocsin.smtp.replies import BadReply, Reply, ReplyParser
from tocsin.smtp.state import ANSWERED, SENDABLE, Phase, Verb, hoped

CLOSING = 421


class Client:
    """One connection. `phase` tells where it stands, `extensions` what the server offered (upper-case keyword: rest).

    `awaiting` are the commands that are not answered yet, oldest first; `heard` counts the replies.
    """

    def __init__(self) -> None:
        self.phase = Phase.CONNECTED
        self.extensions: dict[str, str] = {}
        self.awaiting: deque[Verb] = deque([Verb.GREETING])
        self.heard = 0
        self._hope: Phase | None = None  # the phase if everything awaited is answered well
        self._parser = ReplyParser()

    @property
    def mechanisms(self) -> frozenset[str]:
        """The AUTH mechanisms on offer, upper case."""
        return frozenset(self.extensions.get("AUTH", "").upper().split())

    @property
    def size_limit(self) -> int | None:
        """The largest message the server takes, in octets, if it said so (RFC 1870; 0 means no limit)."""
        text = self.extensions.get("SIZE", "")
        return int(text) or None if text.isascii() and text.isdigit() and len(text) <= 20 else None

    def may_send(self, *verbs: Verb) -> bool:
        """Whether commands of these kinds may be sent now, one right behind the other."""
        if len(verbs) == 1 and not self.awaiting:
            return verbs[0] in SENDABLE[self.phase]
        start = self._hope if self.awaiting else self.phase
        return start is not None and "PIPELINING" in self.extensions and hoped(start, verbs) is not None

    def expect(self, *verbs: Verb) -> None:
        """Commands of these kinds are sent now, and their replies awaited. Raises LocalProtocolError."""
        if not self.may_send(*verbs):
            waiting = f" while {self.awaiting[0].value} is unanswered" if self.awaiting else ""
            said = ", ".join(verb.value for verb in verbs)
            raise LocalProtocolError(f"{said} cannot be sent when {self.phase.value}{waiting}")
        start = self._hope if self.awaiting else self.phase
        self._hope = Phase.READY if verbs == (Verb.BODY,) else hoped(start, verbs) if start else None
        self.awaiting.extend(verbs)

    def send(self, command: Command) -> bytes:
        """The bytes of `command`, whose reply is awaited from now on. Raises LocalProtocolError."""
        if isinstance(command, Mail):
            self._check_offered(command)
        data = command.encode()
        self.expect(command.verb)
        return data

    def receive_data(self, data: bytes) -> None:
        """Take bytes as they came. Between STARTTLS and `secured` they are dropped: nobody vouches for them."""
        if self.phase is not Phase.SECURING and self.phase is not Phase.CLOSED:
            self._parser.feed(data)

    def next_event(self) -> Event | None:
        """The next event, or None if more bytes are needed. Raises RemoteProtocolError."""
        if self.phase is Phase.SECURING or self.phase is Phase.CLOSED:
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
        self.heard += 1
        if not self.awaiting:
            if reply.code != CLOSING:
                raise RemoteProtocolError(f"a reply that nobody asked for: {reply.words}")
            self.phase = Phase.CLOSED
            return Dismissed(reply)
        verb = self.awaiting.popleft()
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
