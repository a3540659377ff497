"""Letters through one ready connection: letters in, bytes out; bytes in, endings out.

Every letter ends exactly once. As what rests on two facts: which complete replies came, and whether octets of its body
left, that is, whether `data_to_send` handed them out.
"""

from collections import deque
from enum import Enum
from typing import Generic

from tocsin.smtp import envelope
from tocsin.smtp.client import Client
from tocsin.smtp.events import LocalProtocolError, RemoteProtocolError
from tocsin.smtp.letters import End, Ending, L, Passage
from tocsin.smtp.replies import Reply
from tocsin.smtp.state import Phase, Verb

SLICE = 262_144
"""Octets handed out at a time, unless one command is longer."""

RSET, MAIL, RCPT, DATA, BODY, BDAT = Verb.RSET, Verb.MAIL, Verb.RCPT, Verb.DATA, Verb.BODY, Verb.BDAT
DATA_LINE = b"DATA\r\n"
LINE = {RSET: b"RSET\r\n", DATA: DATA_LINE, Verb.QUIT: b"QUIT\r\n"}
THEN = {RSET: MAIL, MAIL: RCPT, RCPT: DATA}
ROUTINE = frozenset({RSET, MAIL, RCPT})
"""In a group, what follows them is on its way already: their good answers change nothing."""
DOT = b".\r\n"


class Way(Enum):
    """How letters are carried, by what the server offers."""

    LOCKSTEP = "lockstep"  # one command at a time
    PIPELINED = "pipelined"  # RFC 2920: MAIL, RCPT and DATA in one go, right behind the previous letter's dot
    CHUNKED = "chunked"  # RFC 3030 too: whole letters, several in a row


LOCKSTEP, CHUNKED = Way.LOCKSTEP, Way.CHUNKED
CLOSED, TAKEN = Phase.CLOSED, End.TAKEN


class Transfer(Generic[L]):
    """Carries letters over a client that is READY.

    `broken` says why the connection is of no more use, "" while it is. `spent`: the server refuses us, not a
    recipient, so no more letters are to be begun. `pending`: what waits in `data_to_send`. `due`: the letter whose body
    the server waits for. `names`: whether it keeps envelope ids. `answered`: whether the last bytes completed a reply.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.way = _way(client)
        self.broken = ""
        self.spent = False
        self.pending: deque[bytes | memoryview] = deque()
        self.due: L | None = None
        self.names = "DSN" in client.extensions
        self.answered = False
        self._routine = frozenset() if self.way is LOCKSTEP else ROUTINE
        self._utf8 = "SMTPUTF8" in client.extensions
        self._sizes = "SIZE" in client.extensions
        self._limit = client.size_limit
        self._passages: deque[Passage[L]] = deque()
        self._open: Passage[L] | None = None  # its envelope is said, its body is not
        self._reset = False  # a transaction may be open that must not be used
        self._made = 0  # octets, for this connection
        self._left = 0

    @property
    def in_flight(self) -> int:
        """How many letters are on their way."""
        return len(self._passages)

    @property
    def octets(self) -> int:
        """How large the letters on their way are together."""
        return sum(len(passage.body) for passage in self._passages)

    @property
    def wants(self) -> bool:
        """Whether another letter may be begun, now or right behind the body that is due."""
        if self.spent or self.broken:
            return False
        return not self._passages if self.way is LOCKSTEP else self._open is None or self.due is not None

    def prepare(self, letter: L, envelope_id: str = "") -> Passage[L]:
        """Make a letter's lines. Raises LocalProtocolError, saying why, if it cannot be carried here."""
        return_path, recipient, body = letter.return_path, letter.recipient, letter.body
        utf8 = not (recipient.isascii() and return_path.isascii())
        if utf8 and not self._utf8:
            raise LocalProtocolError("the relay does not take addresses with non-ASCII characters (SMTPUTF8)")
        size = len(body) if self._sizes else None
        if self._limit and len(body) > self._limit:
            raise LocalProtocolError(f"the relay takes no message over {self._limit} octets, this one has {len(body)}")
        if not letter.proven:
            envelope.check_content(body)
        return Passage(
            letter,
            envelope.mail(return_path, size, utf8=utf8, envelope_id=envelope_id if self.names else ""),
            envelope.rcpt(recipient, utf8=utf8, notify=self.names),
            body,
        )

    def begin(self, passage: Passage[L]) -> None:
        """Say a letter's envelope; when CHUNKED, all of it. A RSET goes before wherever a transaction may be open."""
        if self.way is CHUNKED:
            self.client.expect(RSET, MAIL, RCPT, BDAT)
            self._make(b"RSET\r\n%b%bBDAT %d LAST\r\n" % (passage.mail, passage.rcpt, len(passage.body)))
            self._make_body(passage)
        else:
            reset, self._reset, self._open = self._reset, False, passage
            if self.way is LOCKSTEP:
                self._say(passage, RSET if reset else MAIL)
            elif reset:
                self._say(passage, RSET, MAIL, RCPT, DATA)
            else:
                self._say(passage, MAIL, RCPT, DATA)
        self._passages.append(passage)

    def give_body(self, ahead: Passage[L] | None = None) -> None:
        """Say the body that is due, and the dot; right behind it, with PIPELINING, the envelope of the next letter."""
        passage = self._open
        if passage is None or self.due is None:
            raise LocalProtocolError("no body is due")
        if ahead is None:
            self.client.expect(BODY)
            self._make_body(passage, DOT)
        else:
            self.client.expect(BODY, MAIL, RCPT, DATA)
            self._make_body(passage, DOT, ahead.mail + ahead.rcpt + DATA_LINE)
            self._passages.append(ahead)
        self._open, self.due = ahead, None

    def quit(self) -> bool:
        """Say goodbye. False if that is not possible now."""
        if self.broken or not self.client.may_send(Verb.QUIT):
            return False
        self.client.expect(Verb.QUIT)
        self._make(LINE[Verb.QUIT])
        return True

    def data_to_send(self) -> list[bytes | memoryview]:
        """The next bytes to write, in pieces; none when there are none. They count as left from now on."""
        if self._made - self._left > SLICE:
            data = self._slice()
            self._left += sum(map(len, data))
        else:
            data = list(self.pending)
            self.pending.clear()
            self._left = self._made
        return data

    def receive_data(self, data: bytes) -> list[Ending[L]]:
        """Take bytes as they came: the letters that ended by them, in order. Look at `broken` afterwards."""
        if endings := self._receive_turn(data):
            self.answered = True
            return endings
        client, reply = self.client, None
        awaited = len(client.awaiting)
        try:
            for verb, reply in client.receive_data(data, self._routine):
                self._hear(verb, reply, endings)
                if self.broken:
                    break
        except RemoteProtocolError as error:
            endings += self.over(str(error))
        self.answered = reply is not None or len(client.awaiting) != awaited
        return endings

    def _receive_turn(self, data: bytes) -> list[Ending[L]]:
        """What nearly all of a busy connection is: a letter taken, the next envelope accepted, its body asked for.

        An empty list, and nothing is taken, if it is anything else.
        """
        if len(self._passages) != 2 or (ahead := self._open) is None:
            return []
        passage = self._passages[0]
        if passage.refusal or passage.ends_at > self._left or not (replies := self.client.receive_hoped(data)):
            return []
        self._passages.popleft()
        self.due = ahead.letter
        return [Ending(passage.letter, TAKEN, BODY, replies[0].words, replies[0].code)]

    def over(self, words: str, *, dismissed: bool = False) -> list[Ending[L]]:
        """The connection is over, and with it every letter on its way.

        `dismissed`: by a 421, so that of what is behind it nothing was taken (RFC 5321 section 3.8).
        """
        self.broken = self.broken or words or "closed"
        verb = self.client.awaiting[0] if self.client.awaiting else DATA
        endings = [self._stranded(passage, verb, words, dismissed=dismissed) for passage in self._passages]
        self._passages.clear()
        self.pending.clear()
        self._open = self.due = None
        return endings

    def _stranded(self, passage: Passage[L], verb: Verb, words: str, *, dismissed: bool) -> Ending[L]:
        left = passage.body_at is not None and passage.body_at < self._left
        if passage.refusal and (dismissed or passage.turned_away or passage.refusal.verb is not RSET or not left):
            return passage.refusal
        if dismissed:
            return Ending(passage.letter, End.BEHIND, verb, words)
        if left:
            return Ending(passage.letter, End.UNKNOWN, BODY, words)
        first = passage is self._passages[0]
        return Ending(passage.letter, End.BROKEN if first else End.BEHIND, verb, words)

    def _hear(self, verb: Verb | None, reply: Reply, endings: list[Ending[L]]) -> None:
        if self._passages:
            passage = self._passages[0]
            if reply.code >= 400:
                self._note(passage, verb or DATA, reply)
            if verb is BODY or verb is BDAT:
                self._answer_for(passage, reply, endings)
            elif verb is DATA:
                self._leave(passage, reply, endings)
            elif verb and self.way is LOCKSTEP:
                self._step(passage, verb, reply, endings)
        if self.client.phase is CLOSED:
            endings += self.over(reply.words, dismissed=True)

    def _note(self, passage: Passage[L], verb: Verb, reply: Reply) -> None:
        """A no, at any point of a letter's way."""
        passage.refusal = passage.refusal or Ending(passage.letter, End.REFUSED, verb, reply.words, reply.code)
        passage.turned_away = passage.turned_away or verb is RCPT
        self.spent = self.spent or verb is MAIL or verb is RSET

    def _step(self, passage: Passage[L], verb: Verb, reply: Reply, endings: list[Ending[L]]) -> None:
        """RSET, MAIL or RCPT was answered, and the next command waits for that."""
        if reply.code < 400:
            self._say(passage, THEN[verb])
        else:
            self._drop_open(endings)

    def _leave(self, passage: Passage[L], reply: Reply, endings: list[Ending[L]]) -> None:
        """DATA was answered. After a 354 something must be said, and to a letter that was refused it is a lone dot."""
        if reply.code >= 400:
            self._drop_open(endings)
        elif passage.refusal is None:
            self.due = passage.letter
        elif not passage.turned_away:  # its sender was refused: even a lone dot would send somebody something
            raise RemoteProtocolError(f"asked for a message that was refused: {reply.words}")
        else:
            self.client.expect(BODY)
            self._make(DOT)
            self._open, self._reset = None, True

    def _answer_for(self, passage: Passage[L], reply: Reply, endings: list[Ending[L]]) -> None:
        """A body, a chunk or a lone dot was answered."""
        self._passages.popleft()
        good = reply.code < 400
        early = passage.ends_at > self._left
        words = f"answered before the whole message was sent: {reply.words}" if early else reply.words
        if good and early:
            endings.append(Ending(passage.letter, End.UNKNOWN, BODY, words))
        elif good and not passage.turned_away:
            endings.append(Ending(passage.letter, TAKEN, BODY, words, reply.code))
        elif passage.refusal:
            endings.append(passage.refusal)
        if early:
            endings += self.over(words)

    def _drop_open(self, endings: list[Ending[L]]) -> None:
        if refusal := self._passages.popleft().refusal:
            endings.append(refusal)
        self._open, self.due, self._reset = None, None, True

    def _say(self, passage: Passage[L], *verbs: Verb) -> None:
        self.client.expect(*verbs)
        for verb in verbs:
            self._make(passage.mail if verb is MAIL else passage.rcpt if verb is RCPT else LINE[verb])

    def _make_body(self, passage: Passage[L], dot: bytes = b"", behind: bytes = b"") -> None:
        body = passage.body
        passage.body_at = self._made
        passage.ends_at = passage.body_at + len(body) + len(dot)
        self._made = passage.ends_at + len(behind)
        self.pending.append(body)
        if dot:
            self.pending.append(dot + behind)

    def _make(self, line: bytes) -> None:
        self.pending.append(line)
        self._made += len(line)

    def _slice(self) -> list[bytes | memoryview]:
        """As many whole pieces as a slice holds, or a slice of the first."""
        pieces, size = [], 0
        while size + len(self.pending[0]) <= SLICE:
            size += len(self.pending[0])
            pieces.append(self.pending.popleft())
        if pieces:
            return pieces
        first = memoryview(self.pending.popleft())
        self.pending.appendleft(first[SLICE:])
        return [first[:SLICE]]


def _way(client: Client) -> Way:
    if "PIPELINING" not in client.extensions:
        return Way.LOCKSTEP
    return Way.CHUNKED if "CHUNKING" in client.extensions else Way.PIPELINED
