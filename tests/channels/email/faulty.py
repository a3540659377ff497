"""A relay that does whatever a test wants: refuses, stalls, stammers and drops at any point of the conversation.

    async with FaultyRelay({"RCPT": "550 5.1.1 no such user", "BODY": [DROP, "250 ok"]}) as relay: ...
    with running(FaultyRelay(...)) as relay: ...        # in a thread, for tests that are not asynchronous

The script says what answers each verb: GREETING, EHLO, HELO, STARTTLS, AUTH, MAIL, RCPT, DATA, BODY (the final dot or
chunk), RSET, QUIT. An answer is a reply ("550 no", "\\n" for more lines), `bytes` sent as they are, DROP, TAKE_AND_DROP, HANG, or a
function of the argument that returns one of these or None for the usual reply. A list is used up one by one over the
life of the server, then the usual reply follows; anything else answers every time.

What was really completed with a dot is in `completed`, whatever was answered; what was answered 2xx is in `taken`;
what came of bodies that never got their dot is in `cut`.
"""

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum


class Act(Enum):
    """An answer that is none."""

    DROP = "drop"  # close the connection without a reply
    TAKE_AND_DROP = "take and drop"  # as DROP, but count the message as taken
    HANG = "hang"  # never answer


DROP, TAKE_AND_DROP, HANG = Act.DROP, Act.TAKE_AND_DROP, Act.HANG

Answer = str | bytes | Act
Script = Mapping[str, Answer | Sequence[Answer] | Callable[[str], Answer | None]]

USUAL = {
    "GREETING": "220 faulty.example ESMTP",
    "EHLO": "250 faulty.example\nSIZE 10000000\n8BITMIME\nENHANCEDSTATUSCODES",
    "HELO": "250 faulty.example",
    "STARTTLS": "220 go ahead",
    "AUTH": "235 2.7.0 welcome",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go ahead",
    "BODY": "250 2.0.0 queued",
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}


@dataclass(frozen=True)
class Letter:
    """A message that was completed with its dot. `body` is as sent, without the dot."""

    sender: str
    recipients: tuple[str, ...]
    body: bytes


class _Gone(Exception):  # noqa: N818
    """This connection is over."""


@dataclass
class FaultyRelay:
    """See the module.

    `offers`: what EHLO offers beside the usual. `stammer`: every reply leaves byte by byte. `delay`: seconds before
    every reply. `drop_in_body`: close after that many octets of a body. `tls`: makes STARTTLS work. `smtps`: TLS from
    the start.
    """

    script: Script = field(default_factory=dict)
    offers: tuple[str, ...] = ()
    stammer: bool = False
    delay: float = 0
    drop_in_body: int | None = None
    tls: ssl.SSLContext | None = None
    smtps: bool = False
    port: int = 0
    completed: list[Letter] = field(default_factory=list)
    taken: list[Letter] = field(default_factory=list)
    cut: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        """As it goes into TOCSIN_RELAYS."""
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    async def __aenter__(self) -> "FaultyRelay":
        context = self.tls if self.smtps else None
        self._lists = {verb: list(a) for verb, a in self.script.items() if isinstance(a, list | tuple)}
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self._changed = asyncio.Event()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def say(self, data: bytes) -> None:
        """Send these bytes to everybody who is connected, unasked."""
        for writer in self._writers:
            writer.write(data)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something this server saw makes `condition` true."""
        async with asyncio.timeout(10):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        self._writers.append(writer)
        try:
            await _Conversation(self, reader, writer).run()
        except (_Gone, ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            writer.transport.abort()
            self._changed.set()

    def _answer(self, verb: str, argument: str) -> Answer:
        """What the script says, or the usual reply."""
        self.commands.append(f"{verb} {argument}".strip())
        self._changed.set()
        given = self.script.get(verb)
        if verb in self._lists:
            given = self._lists[verb].pop(0) if self._lists[verb] else None
        elif callable(given):
            given = given(argument)
        if given is None:
            return self._usual(verb)
        assert isinstance(given, str | bytes | Act), given
        return given

    def _usual(self, verb: str) -> str:
        if verb != "EHLO":
            return USUAL.get(verb, "500 5.5.1 unknown command")
        tls = ["STARTTLS"] if self.tls is not None and not self.smtps else []
        return "\n".join([USUAL["EHLO"], *tls, *self.offers])


class _Conversation:
    def __init__(self, relay: FaultyRelay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.relay = relay
        self.reader = reader
        self.writer = writer
        self.sender: str | None = None
        self.recipients: list[str] = []

    @property
    def astray(self) -> bool:
        """Whether nobody would get a message now, and the script does not ask for one nevertheless."""
        return not self.recipients and "DATA" not in self.relay.script

    async def run(self) -> None:
        await self.reply("GREETING")
        while line := await self.reader.readline():
            command = line.decode(errors="replace").rstrip("\r\n")
            verb, _, argument = command.partition(" ")
            await self.obey(verb.upper(), argument)

    async def obey(self, verb: str, argument: str) -> None:
        if verb == "BDAT":
            await self.read_chunk(argument)
            return
        if (verb == "RCPT" and self.sender is None) or (verb == "DATA" and self.astray):
            self.relay.commands.append(f"{verb} {argument}".strip())
            await self.write(b"503 5.5.1 out of sequence\r\n")
            return
        answer = await self.reply(verb, argument)
        positive = isinstance(answer, str) and answer[0] in "23"
        match verb:
            case "MAIL" if positive:
                self.sender, self.recipients = _path(argument), []
            case "RCPT" if positive:
                self.recipients.append(_path(argument))
            case "RSET" if positive:
                self.sender, self.recipients = None, []
            case "DATA" if positive and str(answer).startswith("354"):
                await self.read_body()
            case "STARTTLS" if self.relay.tls and (positive or isinstance(answer, bytes)):
                await self.writer.start_tls(self.relay.tls)
            case "QUIT" if positive:
                raise _Gone

    async def read_body(self) -> None:
        body = bytearray()
        limit = self.relay.drop_in_body
        while (line := await self.reader.readline()) != b".\r\n":
            body += line
            if not line.endswith(b"\n") or (limit is not None and len(body) >= limit):
                self.relay.cut.append(bytes(body))
                raise _Gone
        await self.complete(bytes(body))

    async def read_chunk(self, argument: str) -> None:
        size = int(argument.split(maxsplit=1)[0])
        limit = self.relay.drop_in_body
        self.relay.commands.append(f"BDAT {argument}")
        body = await self.reader.readexactly(size if limit is None else min(size, limit))
        if len(body) < size:
            self.relay.cut.append(body)
            raise _Gone
        if self.recipients:
            await self.complete(body)
        else:
            await self.write(b"503 5.5.1 no valid recipients\r\n")

    async def complete(self, body: bytes) -> None:
        letter = Letter(self.sender or "", tuple(self.recipients), body)
        self.sender, self.recipients = None, []
        self.relay.completed.append(letter)
        await self.reply("BODY", letter=letter)

    async def reply(self, verb: str, argument: str = "", letter: Letter | None = None) -> Answer:
        answer = self.relay._answer(verb, argument)
        if letter and (answer is TAKE_AND_DROP or (isinstance(answer, str) and answer[0] == "2")):
            self.relay.taken.append(letter)
        if answer is HANG:
            await asyncio.Event().wait()
        if isinstance(answer, Act):
            raise _Gone
        await asyncio.sleep(self.relay.delay)
        await self.write(answer if isinstance(answer, bytes) else _reply(answer))
        if isinstance(answer, str) and answer.startswith("421"):
            raise _Gone
        return answer

    async def write(self, data: bytes) -> None:
        pieces = [data[i : i + 1] for i in range(len(data))] if self.relay.stammer else [data]
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(0)


def _reply(text: str) -> bytes:
    code, lines = text[:3], text[4:].split("\n")
    marks = ["-"] * (len(lines) - 1) + [" "]
    return "".join(f"{code}{mark}{line}\r\n" for mark, line in zip(marks, lines, strict=True)).encode()


def _path(argument: str) -> str:
    return argument.partition("<")[2].partition(">")[0]


@contextmanager
def running(relay: FaultyRelay) -> Iterator[FaultyRelay]:
    """The relay in a thread of its own, for tests and processes that are not asynchronous."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with relay:
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), name="faulty relay")
    thread.start()
    try:
        assert ready.wait(10), "the faulty relay did not start"
        yield relay
    finally:
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
