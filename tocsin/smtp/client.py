"""The client's side of one SMTP connection: commands to bytes, bytes to events.

Replies answer commands strictly first in, first out, so what awaits an answer is kept in a queue. One command at a
time may wait; several where the server offers PIPELINING and the tables allow it (`state.py`, rule 5).
"""

from collections import deque
from collections.abc import Container, Iterator
from functools import cache, lru_cache

from tocsin.smtp.commands import Command
from tocsin.smtp.events import Event, LocalProtocolError, RemoteProtocolError
from tocsin.smtp.replies import BadReply, Reply, ReplyParser
from tocsin.smtp.state import ANSWERED, HOPED, Phase, Verb, Verdict, reached

CLOSING = 421
REFUSALS = 400
"""Codes from here on say no, for now or for good."""
EHLO = Verb.EHLO  # looking up a member of an Enum is slow, and done for every reply
DEAF = frozenset({Phase.SECURING, Phase.CLOSED})
"""Where nothing that comes means anything."""


class Client:
    """One connection. `phase` tells where it stands, `extensions` what the server offered (upper-case keyword: rest).

    `awaiting` are the commands that are not answered yet, oldest first.
    """

    def __init__(self) -> None:
        self.phase = Phase.CONNECTED
        self.extensions: dict[str, str] = {}
        self.awaiting: deque[Verb] = deque([Verb.GREETING])
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
        awaiting = bool(self.awaiting)
        return reached(self._hope if awaiting else self.phase, verbs, awaiting, self._pipelining) is not None

    def expect(self, *verbs: Verb) -> None:
        """Commands of these kinds are sent now, and their replies awaited. Raises LocalProtocolError."""
        awaiting = self.awaiting
        hope = reached(self._hope if awaiting else self.phase, verbs, bool(awaiting), self._pipelining)
        if hope is None:
            waiting = f" while {awaiting[0].value} is unanswered" if awaiting else ""
            said = ", ".join(verb.value for verb in verbs)
            raise LocalProtocolError(f"{said} cannot be sent when {self.phase.value}{waiting}")
        self._hope = hope
        awaiting.extend(verbs)

    def send(self, command: Command) -> bytes:
        """The bytes of `command`, whose reply is awaited from now on. Raises LocalProtocolError."""
        data = command.encode()
        self.expect(command.verb)
        return data

    def receive_data(self, data: bytes, routine: Container[Verb | None] = ()) -> Iterator[Event]:
        """Take bytes as they came; the events they complete, the phase moving on with each. Raises RemoteProtocolError.

        Good answers to commands that are `routine` are no events.
        Between STARTTLS and `secured` bytes are dropped, for nobody vouches for them, and so are those behind the end.
        """
        if self.phase in DEAF:
            return
        awaiting = self.awaiting
        try:
            for reply in self._parser.receive_data(data):
                verb = awaiting.popleft() if awaiting else None
                phase = _phase_behind(verb, reply.code)
                self.phase = phase = phase or self._unmoved(verb, reply)
                if verb in routine and reply.code < REFUSALS:
                    continue
                if verb is EHLO and phase is Phase.READY:
                    self._take_in(reply)
                yield verb, reply
                if phase in DEAF:
                    return
        except (BadReply, RemoteProtocolError) as error:
            self.phase = Phase.CLOSED
            raise RemoteProtocolError(str(error)) from error

    def receive_hoped(self, data: bytes) -> list[Reply]:
        """The replies in `data` if they answer all that is awaited, and as was counted on when it was sent.

        Otherwise an empty list, and nothing is taken: those bytes are for `receive_data`.
        """
        if not self.awaiting or self.phase in DEAF or data.count(b"\n") != len(self.awaiting):
            return []
        replies = self._parser.receive_whole(data)
        if not _as_hoped(tuple(self.awaiting), tuple([reply.code for reply in replies])):
            return []
        self.phase = self._hope
        self.awaiting.clear()
        return replies

    def secured(self) -> None:
        """TLS is up: what the server said before is forgotten, EHLO is due again (RFC 3207 section 4.2)."""
        if self.phase is not Phase.SECURING:
            raise LocalProtocolError("TLS was not agreed on")
        self.extensions, self._pipelining, self._parser = {}, False, ReplyParser()
        self.phase = Phase.GREETED

    def _unmoved(self, verb: Verb | None, reply: Reply) -> Phase:
        if verb is None:
            raise RemoteProtocolError(f"a reply that nobody asked for: {reply.words}")
        if (verb, reply.verdict) not in ANSWERED:
            raise RemoteProtocolError(f"{verb.value} cannot be answered with {reply.words}")
        return self.phase

    def _take_in(self, reply: Reply) -> None:
        """What EHLO's reply offers."""
        self.extensions = _extensions(reply)
        self._pipelining = "PIPELINING" in self.extensions


@cache
def _phase_behind(verb: Verb | None, code: int) -> Phase | None:
    """Where a reply leads by the tables; None when it does not move the phase, or must not be. 421 closes (rule 3)."""
    if code == CLOSING:
        return Phase.CLOSED
    return ANSWERED.get((verb, Verdict(code // 100))) if verb else None


@lru_cache(64)
def _as_hoped(verbs: tuple[Verb, ...], codes: tuple[int, ...]) -> bool:
    """Whether all answers are a yes that leads where `reached` counted on. (After a body a no leads there, too.)"""
    return len(verbs) == len(codes) and all(
        code < REFUSALS and verb in HOPED and _phase_behind(verb, code) is HOPED[verb]
        for verb, code in zip(verbs, codes, strict=True)
    )


def _extensions(reply: Reply) -> dict[str, str]:
    """What EHLO's reply offers. The first line is the server's name."""
    offered: dict[str, str] = {}
    for line in reply.lines[1:]:
        keyword, _, rest = line.strip().partition(" ")
        offered.setdefault(keyword.upper(), rest.strip())
    return offered
