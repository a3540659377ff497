"""A relay as a process of its own: quick, strict, and faulty where a test says so. `sink.py` starts and steers it.

Run as a program with its options (JSON) as argument it prints its port, then obeys stdin: a JSON object a line, each
answered with a line. `mischief.py` has what can go wrong.

    {"faults": [{"at": "RCPT", "do": "450 4.2.1 later", "chance": 0.1}], "delay": 0.05}    what goes wrong from now on
    {"heal": true}      nothing goes wrong any more, and connections without a word are closed
    {"listen": false}   it is down: connections are closed and refused

What it saw it writes into an append-only file, a JSON object a line, always before its reply leaves: `taken` (it has
the message now), `ended` (complete, but not taken), `cut` (a body that never ended), `fault` (something went wrong), and
`violation` (what no client may do). Nothing of Tocsin here.
"""

import asyncio
import json
import os
import random
import re
import socket
import ssl
import sys
import zlib
from collections.abc import Callable
from typing import Any, ClassVar

import uvloop

from tests.crash.mischief import STILL_TAKEN, Fault, Talker

LONGEST_LINE = 1000
HEAD_OCTETS = 8192

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_SUBJECT = re.compile(rb"^Subject:\s*([^\r]*)", re.IGNORECASE | re.MULTILINE)
_TO = re.compile(rb"^To:((?:[^\r]|\r\n[ \t])*)", re.IGNORECASE | re.MULTILINE)


class Relay:
    """The server: what it offers, what goes wrong, and its record."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.offers = [name for name in ("PIPELINING", "CHUNKING") if options.get(name.lower())]
        self.eager = bool(options.get("eager"))  # says 354 though no recipient is valid, as some do
        self.delay = 0.0
        self.faults: list[Fault] = []
        self.dice = random.Random(options.get("seed", 0))
        self.tls: ssl.SSLContext | None = None
        if certificate := options.get("certificate"):
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate)
        self.port = 0
        self.connections = 0
        self.open: set[Conversation] = set()
        self._record = os.open(options["record"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._server: asyncio.Server | None = None

    async def listen(self, yes: bool = True) -> None:
        """Take connections; or be down. The port stays the same."""
        if yes and self._server is None:
            listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
            self.port = listener.getsockname()[1]
            self._server = await asyncio.get_running_loop().create_server(lambda: Conversation(self), sock=listener)
        elif not yes and self._server is not None:
            self._server.close()
            self._server = None
            self._close_all(self.open)

    def record(self, what: str, **facts: Any) -> None:
        """Write down what was seen."""
        os.write(self._record, (json.dumps({"what": what, **facts}) + "\n").encode())

    def fault(self, at: str, subject: str) -> Fault | None:
        """What goes wrong now, if anything. It is written down."""
        for fault in self.faults:
            if fault.at == at and fault.happens(subject, self.dice):
                self.record("fault", at=at, do=fault.do, to=subject)
                return fault
        return None

    async def obey(self, order: dict[str, Any]) -> None:
        """Do what a line of stdin says."""
        if "heal" in order:
            self.faults = []
            self._close_all({each for each in self.open if each.deaf})
        if "faults" in order:
            self.faults = [Fault(**fault) for fault in order["faults"]]
        self.delay = float(order.get("delay", self.delay))
        if "listen" in order:
            await self.listen(order["listen"])

    @staticmethod
    def _close_all(conversations: "set[Conversation]") -> None:
        for conversation in list(conversations):
            conversation.transport.abort()


class Conversation(Talker):
    """One connection's SMTP, strictly. `flight` counts what came in one go while nothing else was under way."""

    def __init__(self, relay: Relay) -> None:
        super().__init__(relay)
        self._relay = relay
        self.flight = 0
        self._received = bytearray()
        self._take = self._take_line
        self._looked = 0
        self._cut: Fault | None = None
        self._chunk = 0
        self._last = False
        self._forget()

    def _forget(self) -> None:
        """Begin a new transaction."""
        self._sender: str | None = None
        self._recipient = ""
        self._excused = False  # something was refused: what the client had sent already is no fault of its own
        self._body = bytearray()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self._relay.connections += 1
        self.number = self._relay.connections
        self._relay.open.add(self)
        fault = self._relay.fault("CONNECT", "")
        if fault is None or self.go_wrong(fault, "GREETING"):
            self.answer("GREETING")
        self.flush()

    def data_received(self, data: bytes) -> None:
        if self.deaf:
            return
        if not self._received and self._take == self._take_line:
            self.flight += 1
        self._received += data
        while not self.deaf and self._take():
            pass
        if not self.deaf:
            self.flush()

    def connection_lost(self, error: Exception | None) -> None:
        self._relay.open.discard(self)
        if self._take != self._take_line:
            self._record("cut", octets=len(self._received) + len(self._body))

    def _record(self, what: str, **facts: Any) -> None:
        self._relay.record(what, to=self._recipient, conn=self.number, flight=self.flight, tls=self.secure, **facts)

    def _violation(self, words: str) -> None:
        self._record("violation", words=words)

    # Commands

    def _take_line(self) -> bool:
        end = self._received.find(b"\r\n")
        if end < 0 or end > LONGEST_LINE:
            if len(self._received) > LONGEST_LINE:
                self._violation("a line too long")
                self.drop()
            return False
        line = self._received[:end].decode("utf-8", "replace")
        del self._received[: end + 2]
        verb, _, argument = line.partition(" ")
        self.COMMANDS.get(verb.upper(), Conversation._unknown)(self, argument)
        return True

    def _unknown(self, argument: str) -> None:
        self._violation("an unknown command")
        self.say("500 5.5.1 unknown command")

    def _ehlo(self, argument: str) -> None:
        self._forget()
        self.answer("EHLO")

    def _helo(self, argument: str) -> None:
        self._forget()
        self.answer("HELO")

    def _noop(self, argument: str) -> None:
        self.answer("NOOP")

    def _rset(self, argument: str) -> None:
        self._forget()
        self.answer("RSET")

    def _quit(self, argument: str) -> None:
        if self.answer("QUIT"):
            self.drop()

    def _mail(self, argument: str) -> None:
        if self._sender is not None:
            self._violation("MAIL inside a transaction")
            self.say("503 5.5.1 nested MAIL command")
        elif self.answer("MAIL", argument):
            self._forget()
            self._sender = _path(argument)
        else:
            self._excused = True

    def _rcpt(self, argument: str) -> None:
        recipient = _path(argument)
        if self._sender is None:
            self._out_of_order("503 5.5.1 need MAIL command")
        elif self.answer("RCPT", recipient):
            if self._recipient:
                self._violation("a second recipient")
            self._recipient = recipient
        else:
            self._excused = True

    def _data(self, argument: str) -> None:
        if not self._recipient and not (self._relay.eager and self._sender is not None):
            self._out_of_order("554 5.5.1 no valid recipients")
        elif self.answer("DATA", self._recipient):
            self._looked = 0
            self._take = self._take_data
            self._cut = self._relay.fault("BODY", self._recipient)
        else:
            self._excused = True

    def _out_of_order(self, reply: str) -> None:
        if not self._excused:
            self._violation(reply)
        self.say(reply)

    def _bdat(self, argument: str) -> None:
        octets, _, last = argument.partition(" ")
        self._chunk, self._last = int(octets), last.upper() == "LAST"
        self._take = self._take_chunk
        self._cut = self._relay.fault("BODY", self._recipient) if self._recipient else None

    def _starttls(self, argument: str) -> None:
        if not self.answer("STARTTLS"):
            return
        fault = self._relay.fault("HANDSHAKE", "")
        self.flush()
        self._received.clear()
        if fault is None or self.go_wrong(fault, "STARTTLS"):
            self.transport.pause_reading()
            self._securing = self._loop.create_task(self._secure())

    async def _secure(self) -> None:
        assert self._relay.tls is not None
        try:
            transport = await self._loop.start_tls(self.transport, self, self._relay.tls, server_side=True)
        except (OSError, ssl.SSLError):
            self.transport.abort()
        else:
            self.transport, self.secure = transport, True  # type: ignore[assignment]
            self._forget()

    COMMANDS: ClassVar[dict[str, "Callable[[Conversation, str], None]"]] = {
        "EHLO": _ehlo, "HELO": _helo, "NOOP": _noop, "RSET": _rset, "QUIT": _quit, "MAIL": _mail, "RCPT": _rcpt,
        "DATA": _data, "BDAT": _bdat, "STARTTLS": _starttls,
    }  # fmt: skip

    # Bodies

    def _take_data(self) -> bool:
        if self._received.startswith(b".\r\n"):
            end, after = 0, 3
        else:
            end = self._received.find(b"\r\n.\r\n", self._looked) + 2
            after = end + 3
        ended = end != 1
        if self._cut and (ended or len(self._received) >= self._cut.octets):
            self.go_wrong(self._cut, "END")
            return False
        if not ended:
            self._looked = max(0, len(self._received) - 4)
            return False
        self._body = self._received[:end]
        del self._received[:after]
        self._take = self._take_line
        self._end()
        return True

    def _take_chunk(self) -> bool:
        came = min(len(self._received), self._chunk)
        if self._cut and (came == self._chunk or len(self._body) + came >= self._cut.octets):
            self.go_wrong(self._cut, "END")
            return False
        self._body += self._received[:came]
        del self._received[:came]
        self._chunk -= came
        if self._chunk:
            return False
        self._take = self._take_line
        if not self._recipient:
            self._body.clear()
            self._out_of_order("503 5.5.1 need RCPT command")
        elif self._last:
            self._end()
        else:
            self.answer("BDAT", self._recipient)
        return True

    def _end(self) -> None:
        """The body is complete: from here on it may be taken."""
        if not self._recipient:
            if self._body:
                self._violation("a body for nobody")
            self.say("554 5.5.1 no valid recipients")
        else:
            fault = self._relay.fault("END", self._recipient)
            taken = fault is None or fault.do in STILL_TAKEN or fault.do[0] == "2"
            self._write_down("taken" if taken else "ended")
            if fault is None:
                self.say(self.usual("END"))
            else:
                self.go_wrong(fault, "END")
        self._forget()

    def _write_down(self, what: str) -> None:
        head = bytes(self._body[:HEAD_OCTETS])
        to = _TO.search(head)
        if to is None or self._recipient.encode() not in to[1]:
            self._violation("a message to somebody else")
        message_id, subject = (
            match[1].decode() if match else "" for match in (_MESSAGE_ID.search(head), _SUBJECT.search(head))
        )
        self._record(what, id=message_id, subject=subject, size=len(self._body), crc=zlib.crc32(self._body))


def _path(argument: str) -> str:
    return argument.partition("<")[2].partition(">")[0]


async def serve(options: dict[str, Any]) -> None:
    """Be the relay until stdin ends."""
    relay, loop = Relay(options), asyncio.get_running_loop()
    await relay.listen()
    print(relay.port, flush=True)  # noqa: T201
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        await relay.obey(json.loads(line))
        print("done", flush=True)  # noqa: T201


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(json.loads(sys.argv[1])))
