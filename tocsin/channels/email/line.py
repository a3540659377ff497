"""One connection until it is ready for letters: an `asyncio.Protocol` under a sans-IO client, one command at a time.

Every wait has a limit, counted to the whole reply: a server that sends a byte now and then gains nothing by it.
"""

import asyncio
import os
import ssl
from collections import deque
from typing import Any, Self, cast

from tocsin.smtp.client import Client
from tocsin.smtp.commands import Command
from tocsin.smtp.events import RemoteProtocolError
from tocsin.smtp.replies import Reply
from tocsin.smtp.state import Phase, Verb


class Broken(Exception):  # noqa: N818
    """The connection is of no more use: lost, silent, or not speaking SMTP. The message says which."""


class Line(asyncio.Protocol):
    """One connection: says a command, awaits its answer. Raises Broken, and stays broken."""

    def __init__(self) -> None:
        self.client = Client()
        self.said = Verb.GREETING  # what the server last owed an answer to
        self._transport: asyncio.Transport | None = None
        self._answers: deque[Reply] = deque()
        self._broken = ""
        self._news = asyncio.Event()

    @classmethod
    async def open(cls, host: str, port: int, tls: ssl.SSLContext | None, seconds: float) -> Self:
        """Connect, with TLS from the start if a context is given."""
        loop = asyncio.get_running_loop()
        name = host if tls else None
        try:
            async with asyncio.timeout(seconds):
                _, line = await loop.create_connection(cls, host, port, ssl=tls, server_hostname=name)
        except TimeoutError as error:
            raise Broken(f"no connection within {seconds:g} s") from error
        except (OSError, UnicodeError) as error:
            raise Broken(why(error)) from error
        return line

    @property
    def broken(self) -> str:
        """Why the connection is of no more use; "" while it is."""
        return self._broken

    @property
    def certificate(self) -> dict[str, Any]:
        """The relay's certificate as `ssl` reads it; empty without TLS."""
        return self._open_transport().get_extra_info("peercert") or {}

    async def greeting(self, seconds: float) -> Reply:
        """The server's first reply."""
        return await self._answer(seconds)

    async def ask(self, command: Command, seconds: float) -> Reply:
        """Say `command`; its reply. Raises LocalProtocolError if it cannot be said now."""
        self._open_transport().write(self.client.send(command))
        self.said = command.verb
        return await self._answer(seconds)

    async def secure(self, context: ssl.SSLContext, host: str, seconds: float) -> None:
        """Begin TLS on the open connection, after STARTTLS was agreed."""
        loop = asyncio.get_running_loop()
        transport = self._open_transport()
        try:
            async with asyncio.timeout(seconds):
                secured = await loop.start_tls(transport, self, context, server_hostname=host)
        except TimeoutError as error:
            raise self._break(f"no TLS within {seconds:g} s") from error
        except OSError as error:
            raise self._break(why(error)) from error
        self._transport = cast("asyncio.Transport", secured)
        self.client.secured()

    def hand_on(self, protocol: asyncio.Protocol, high_water: int) -> asyncio.Transport:
        """The transport, which tells `protocol` from now on what it told us. Raises Broken."""
        transport = self._open_transport()
        transport.set_write_buffer_limits(high=high_water)
        transport.set_protocol(protocol)
        return transport

    def abort(self) -> None:
        """Close at once; what was not sent yet never is."""
        self._break("closed")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        try:
            for verb, reply in self.client.receive_data(data):
                if verb:
                    self._answers.append(reply)
                if self.client.phase is Phase.CLOSED:
                    self._break(reply.words)
        except RemoteProtocolError as error:
            self._break(str(error))
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self._break(f"connection lost: {why(exc)}" if exc else "connection closed by the relay")

    def _open_transport(self) -> asyncio.Transport:
        if self._broken or self._transport is None:
            raise Broken(self._broken or "not connected")
        return self._transport

    async def _answer(self, seconds: float) -> Reply:
        deadline = asyncio.get_running_loop().time() + seconds
        while not self._answers:
            if self._broken:
                raise Broken(self._broken)
            self._news.clear()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._news.wait()
            except TimeoutError as error:
                if not self._answers:
                    raise self._break(f"no answer within {seconds:g} s") from error
        return self._answers.popleft()

    def _break(self, why: str) -> Broken:
        """Note the first reason why the connection is of no more use, and close it."""
        self._broken = self._broken or why
        if self._transport:
            self._transport.abort()
        self._news.set()
        return Broken(self._broken)


def why(error: BaseException) -> str:
    """The plain words of an OSError or an SSLError, without numbers and source lines."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return f"TLS failed: {error.reason.replace('_', ' ').lower()}"
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)  # asyncio puts addresses into strerror
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
