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
RSET_LINE, DATA_LINE = b"RSET\r\n", b"DATA\r\n"
LINE = {RSET: RSET_LINE, DATA: DATA_LINE, Verb.QUIT: b"QUIT\r\n"}
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
    recipient, so no more letters are to be begun.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.way = _way(client)
        self.broken = ""
        self.spent = False
        self._routine = frozenset() if self.way is LOCKSTEP else ROUTINE
        self._utf8 = "SMTPUTF8" in client.extensions
        self._sizes = "SIZE" in client.extensions
        self._limit = client.size_limit
        self._notices = "DSN" in client.extensions
        self._passages: deque[Passage[L]] = deque()
        self._open: Passage[L] | None = None  # its envelope is said, its body is not
        self._due = False  # the 354 of `_open` has come
        self._reset = False  # a transaction may be open that must not be used
        self._out: deque[bytes | memoryview] = deque()
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
    def pending(self) -> bool:
        """Whether bytes wait in `data_to_send`."""
        return bool(self._out)

    @property
    def due(self) -> L | None:
        """The letter whose body the server waits for."""
        return self._open.letter if self._open and self._due else None

    @property
    def wants(self) -> bool:
        """Whether another letter may be begun, now or right behind the body that is due."""
        if self.spent or self.broken:
            return False
        return not self._passages if self.way is LOCKSTEP else self._due or self._open is None

    def prepare(self, letter: L, envelope_id: str = "") -> Passage[L]:
        """Make a letter's lines. Raises LocalProtocolError, saying why, if it cannot be carried here."""
        utf8 = not (letter.recipient.isascii() and letter.return_path.isascii())
        if utf8 and not self._utf8:
            raise LocalProtocolError("the relay does not take addresses with non-ASCII characters (SMTPUTF8)")
        body = letter.body
        size = len(body) if self._sizes else None
        if self._limit and len(body) > self._limit:
            raise LocalProtocolError(f"the relay takes no message over {self._limit} octets, this one has {len(body)}")
        if not letter.proven:
            envelope.check_content(body)
        return Passage(
            letter,
            envelope.mail(letter.return_path, size, utf8=utf8, envelope_id=envelope_id if self._notices else ""),
            envelope.rcpt(letter.recipient, utf8=utf8, notify=self._notices),
            body,
        )

    def begin(self, passage: Passage[L]) -> None:
        """Say a letter's envelope; when CHUNKED, all of it. A RSET goes before wherever a transaction may be open."""
        if self.way is CHUNKED:
            self.client.expect(RSET, MAIL, RCPT, BDAT)
            self._make(RSET_LINE, passage.mail, passage.rcpt, b"BDAT %d LAST\r\n" % len(passage.body))
            self._make_body(passage)
        else:
            reset, self._reset, self._open = self._reset, False, passage
            if self.way is LOCKSTEP:
                self._say(passage, RSET if reset else MAIL)
            elif reset:
                self._say(passage, RSET, MAIL, RCPT, DATA)
            else:
                self.client.expect(MAIL, RCPT, DATA)
                self._make(passage.mail, passage.rcpt, DATA_LINE)
        self._passages.append(passage)

    def give_body(self) -> None:
        """Say the body that is due, and the dot."""
        if self._open is None or not self._due:
            raise LocalProtocolError("no body is due")
        self.client.expect(BODY)
        self._make_body(self._open, DOT)
        self._open, self._due = None, False

    def quit(self) -> bool:
        """Say goodbye. False if that is not possible now."""
        if self.broken or not self.client.may_send(Verb.QUIT):
            return False
        self.client.expect(Verb.QUIT)
        self._make(LINE[Verb.QUIT])
        return True

    def data_to_send(self) -> bytes | memoryview:
        """The next bytes to write, empty when there are none. They count as left from now on."""
        data: bytes | memoryview
        if self._made - self._left > SLICE:
            data = self._slice()
            self._left += len(data)
        else:
            data = b"".join(self._out)
            self._out.clear()
            self._left = self._made
        return data

    def receive_data(self, data: bytes) -> list[Ending[L]]:
        """Take bytes as they came: the letters that ended by them, in order. Look at `broken` afterwards."""
        endings: list[Ending[L]] = []
        routine = self._routine
        try:
            for verb, reply in self.client.receive_data(data):
                if reply.code >= 400 or verb not in routine:
                    self._hear(verb, reply, endings)
                    if self.broken:
                        break
        except RemoteProtocolError as error:
            endings += self.over(str(error))
        return endings

    def over(self, words: str, *, dismissed: bool = False) -> list[Ending[L]]:
        """The connection is over, and with it every letter on its way.

        `dismissed`: by a 421, so that of what is behind it nothing was taken (RFC 5321 section 3.8).
        """
        self.broken = self.broken or words or "closed"
        verb = self.client.awaiting[0] if self.client.awaiting else DATA
        endings = [self._stranded(passage, verb, words, dismissed=dismissed) for passage in self._passages]
        self._passages.clear()
        self._out.clear()
        self._open, self._due = None, False
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
            self._due = True
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
        self._open, self._due, self._reset = None, False, True

    def _say(self, passage: Passage[L], *verbs: Verb) -> None:
        self.client.expect(*verbs)
        for verb in verbs:
            self._make(passage.mail if verb is MAIL else passage.rcpt if verb is RCPT else LINE[verb])

    def _make_body(self, passage: Passage[L], *end: bytes) -> None:
        passage.body_at = self._made
        self._make(passage.body, *end)
        passage.ends_at = self._made

    def _make(self, *pieces: bytes) -> None:
        self._out.extend(pieces)
        self._made += sum(map(len, pieces))

    def _slice(self) -> bytes | memoryview:
        """As many whole pieces as a slice holds, or a slice of the first."""
        pieces, size = [], 0
        while size + len(self._out[0]) <= SLICE:
            size += len(self._out[0])
            pieces.append(self._out.popleft())
        if pieces:
            return b"".join(pieces)
        first = memoryview(self._out.popleft())
        self._out.appendleft(first[SLICE:])
        return first[:SLICE]


def _way(client: Client) -> Way:
    if "PIPELINING" not in client.extensions:
        return Way.LOCKSTEP
    return Way.CHUNKED if "CHUNKING" in client.extensions else Way.PIPELINED
