"""The client's side of one SMTP connection: commands to bytes, bytes to events.

Replies answer commands strictly first in, first out, so what awaits an answer is kept in a queue. One command at a
time may wait; several where the server offers PIPELINING and the tables allow it (`state.py`, rule 5).
"""

from collections import deque
from collections.abc import Iterator

from tocsin.smtp.commands import Command
from tocsin.smtp.events import Event, LocalProtocolError, RemoteProtocolError
from tocsin.smtp.replies import BadReply, Reply, ReplyParser
from tocsin.smtp.state import ANSWERED, Phase, Verb, reached

CLOSING = 421
AFTER: dict[tuple[Verb | None, int], Phase | None] = {
    (verb, verdict.value): phase for (verb, verdict), phase in ANSWERED.items()
}
SECURING, CLOSED = Phase.SECURING, Phase.CLOSED  # looking up a member of an Enum is slow, and done for every reply
OF_THE_CONNECTION = frozenset({Verb.EHLO, Verb.STARTTLS})


class Client:
    """One connection. `phase` tells where it stands, `extensions` what the server offered (upper-case keyword: rest).

    `awaiting` are the commands that are not answered yet, oldest first; `heard` counts the replies.
    """

    def __init__(self) -> None:
        self.phase = Phase.CONNECTED
        self.extensions: dict[str, str] = {}
        self.awaiting: deque[Verb] = deque([Verb.GREETING])
        self.heard = 0
        self._hope = Phase.UNWANTED  # the phase that can be counted on behind what is awaited
        self._pipelining = False
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
        return self._reached(verbs) is not None

    def expect(self, *verbs: Verb) -> None:
        """Commands of these kinds are sent now, and their replies awaited. Raises LocalProtocolError."""
        hope = self._reached(verbs)
        if hope is None:
            waiting = f" while {self.awaiting[0].value} is unanswered" if self.awaiting else ""
            said = ", ".join(verb.value for verb in verbs)
            raise LocalProtocolError(f"{said} cannot be sent when {self.phase.value}{waiting}")
        self._hope = hope
        self.awaiting.extend(verbs)

    def send(self, command: Command) -> bytes:
        """The bytes of `command`, whose reply is awaited from now on. Raises LocalProtocolError."""
        data = command.encode()
        self.expect(command.verb)
        return data

    def receive_data(self, data: bytes) -> Iterator[Event]:
        """Take bytes as they came; the events they complete, the phase moving on with each. Raises RemoteProtocolError.

        Between STARTTLS and `secured` bytes are dropped, for nobody vouches for them, and so are those behind the end.
        """
        if self.phase is SECURING or self.phase is CLOSED:
            return
        awaiting = self.awaiting
        try:
            for reply in self._parser.receive_data(data):
                self.heard += 1
                verb = awaiting.popleft() if awaiting else None
                after = AFTER.get((verb, reply.code // 100))
                if after is None or reply.code == CLOSING:
                    after = self._unusual(verb, reply)
                self.phase = after
                if verb in OF_THE_CONNECTION:
                    self._take_in(verb, reply)
                yield verb, reply
                if after is SECURING or after is CLOSED:
                    return
        except (BadReply, RemoteProtocolError) as error:
            self.phase = CLOSED
            raise RemoteProtocolError(str(error)) from error

    def secured(self) -> None:
        """TLS is up: what the server said before is forgotten, EHLO is due again (RFC 3207 section 4.2)."""
        if self.phase is not SECURING:
            raise LocalProtocolError("TLS was not agreed on")
        self.extensions, self._pipelining = {}, False
        self.phase = Phase.GREETED

    def _reached(self, verbs: tuple[Verb, ...]) -> Phase | None:
        """The phase that can be counted on behind `verbs`; None if they may not be sent now."""
        behind = bool(self.awaiting)
        return reached(self._hope if behind else self.phase, verbs, behind, self._pipelining)

    def _unusual(self, verb: Verb | None, reply: Reply) -> Phase:
        if reply.code == CLOSING:
            return CLOSED
        if verb is None:
            raise RemoteProtocolError(f"a reply that nobody asked for: {reply.words}")
        if (verb, reply.verdict) not in ANSWERED:
            raise RemoteProtocolError(f"{verb.value} cannot be answered with {reply.words}")
        return self.phase

    def _take_in(self, verb: Verb, reply: Reply) -> None:
        """What EHLO and STARTTLS change."""
        if self.phase is SECURING:
            self._parser = ReplyParser()
        elif verb is Verb.EHLO and self.phase is Phase.READY:
            self.extensions = _extensions(reply)
            self._pipelining = "PIPELINING" in self.extensions


def _extensions(reply: Reply) -> dict[str, str]:
    """What EHLO's reply offers. The first line is the server's name."""
    offered: dict[str, str] = {}
    for line in reply.lines[1:]:
        keyword, _, rest = line.strip().partition(" ")
        offered.setdefault(keyword.upper(), rest.strip())
    return offered
