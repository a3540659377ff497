"""A simple relay as an oracle: it obeys RFC 5321, 2920 and 3030 byte by byte, answers as a script says, and keeps what it took.

It has no room for tolerance: a command that is none, a body that nobody asked for or a message under another letter's
sender is an AssertionError.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from tocsin.smtp.client import Client
from tocsin.smtp.commands import Ehlo


class Act(Enum):
    """How one command is answered. What cannot be taken in its place is answered 503 whatever the script says."""

    YES = "yes"
    SLOWLY = "yes, in many lines"
    NOT_NOW = "4xx"
    NO = "5xx"
    GO_ON = "354 even if nobody would get the message"
    DISMISS = "421"
    DROP = "no answer, and gone"
    GARBAGE = "obeyed, and answered with garbage"
    ENDLESS = "obeyed, and answered without end"


OBEYED = {Act.YES, Act.SLOWLY, Act.GO_ON, Act.GARBAGE, Act.ENDLESS}
CODES = {"DATA": 354}


@dataclass
class Letter:
    """A letter that tells its number in every part, with a body full of what looks like commands."""

    number: int
    proven: bool = False

    @property
    def return_path(self) -> str:
        return f"sender{self.number}@a.example"

    @property
    def recipient(self) -> str:
        return f"reader{self.number}@b.example"

    @property
    def body(self) -> bytes:
        return (
            b"Number: %d\r\n\r\nQUIT\r\nRSET\r\nMAIL FROM:<x@y.example>\r\n354\r\n" % self.number
            + b"x\r\n" * self.number
        )


@dataclass
class ModelRelay:
    """`taken`: numbers of the letters it answered for with 2xx. `dismissed`: it ended with a 421.

    `keeps_refused`: whether a refused chunk leaves its transaction open, which RFC 3030 does not settle.
    """

    script: Iterator[Act]
    keeps_refused: bool = False
    taken: list[int] = field(default_factory=list)
    emptied: int = 0
    gone: bool = False
    dismissed: bool = False
    _buffer: bytes = b""
    _sender: int | None = None
    _reader: int | None = None
    _in_data: bool = False

    def receive(self, data: bytes) -> bytes:
        """Its answers, whole."""
        self._buffer += data
        answers = []
        while not self.gone and (answer := self._next()) is not None:
            answers.append(answer)
        return b"".join(answers)

    def _next(self) -> bytes | None:
        if self._in_data:
            return self._data()
        line, end, rest = self._buffer.partition(b"\r\n")
        if not end:
            return None
        if line.startswith(b"BDAT "):
            return self._chunk(int(line.split()[1]), rest)
        self._buffer = rest
        return self._command(line.decode())

    def _data(self) -> bytes | None:
        if self._buffer.startswith(b".\r\n"):
            content, rest = b"", self._buffer[3:]
        else:
            content, end, rest = self._buffer.partition(b"\r\n.\r\n")
            if not end:
                return None
            content += b"\r\n"
        self._buffer, self._in_data = rest, False
        return self._complete(content, "body")

    def _chunk(self, size: int, rest: bytes) -> bytes | None:
        if len(rest) < size:
            return None
        content, self._buffer = rest[:size], rest[size:]
        if self._reader is None:
            return b"503 5.5.1 nobody to send it to\r\n"
        return self._complete(content, "BDAT")

    def _complete(self, content: bytes, verb: str) -> bytes:
        act = self._act()
        sender, reader, self._reader = self._sender, self._reader, None
        if act in OBEYED or verb == "body" or not self.keeps_refused:
            self._sender = None
        if reader is None:
            assert not content, "a body for nobody"
            self.emptied += 1
            return self._say(act, 250)
        assert content == Letter(reader).body
        assert sender == reader, "a letter under another's sender"
        if act in OBEYED:
            self.taken.append(reader)
        return self._say(act, 250)

    def _command(self, line: str) -> bytes:
        verb, _, argument = line.partition(" ")
        number = int(found[1]) if (found := re.search(r"<(?:sender|reader)(\d+)@", argument)) else None
        act = self._act()
        if verb == "RSET" and act in {Act.NO, Act.NOT_NOW}:
            act = Act.YES  # "The receiver MUST send a 250" (RFC 5321 section 4.1.1.5)
        match verb:
            case "MAIL" if self._sender is not None:
                return b"503 5.5.1 nested\r\n"
            case "RCPT" if self._sender is None:
                return b"503 5.5.1 no sender\r\n"
            case "DATA" if self._reader is None and act is not Act.GO_ON:
                return b"554 5.5.1 no recipients\r\n"
            case "RSET" if act in OBEYED:
                self._sender = self._reader = None
            case "MAIL" if act in OBEYED:
                self._sender = number
            case "RCPT" if act in OBEYED:
                self._reader = number
            case "DATA" if act in OBEYED:
                self._in_data = True
            case _:
                assert verb in {"RSET", "MAIL", "RCPT", "DATA", "QUIT"}, line
        return self._say(act, CODES.get(verb, 250))

    def _act(self) -> Act:
        return next(self.script, Act.YES)

    def _say(self, act: Act, code: int) -> bytes:
        if act in {Act.DISMISS, Act.DROP}:
            self.gone, self.dismissed = True, act is Act.DISMISS
        first = b"%d-2.0.0 wait\r\n" % code
        others = {
            Act.SLOWLY: first * 9 + b"%d 2.0.0 ok\r\n" % code,
            Act.NOT_NOW: b"450 4.2.0 not now\r\n",
            Act.NO: b"550 5.1.1 no\r\n",
            Act.DISMISS: b"421 4.3.2 closing\r\n",
            Act.DROP: b"",
            Act.GARBAGE: b"\xff what?\r\n",
            Act.ENDLESS: b"250-and\r\n" * 200,
        }
        return others.get(act, b"%d 2.0.0 ok\r\n" % code)


def ready(*offers: str) -> Client:
    """A client that has said EHLO to a relay that offers this."""
    client = Client()
    assert list(client.receive_data(b"220 b.example\r\n"))
    client.send(Ehlo("a.example"))
    lines = ["b.example", *offers, "8BITMIME"]
    marks = ["-"] * (len(lines) - 1) + [" "]
    offer = "".join(f"250{mark}{line}\r\n" for mark, line in zip(marks, lines, strict=True))
    assert list(client.receive_data(offer.encode()))
    return client
