"""The demo's relay: takes every mail over real SMTP on 127.0.0.1 and keeps it as a file. It hands nothing on."""

import asyncio
import signal
import socket
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from tocsin.channels.email import caught

KEPT = 1000
CLEARED_EVERY = 50
LARGEST_OCTETS = 50 * 1024 * 1024


class Keeper:
    """The aiosmtpd handler: one file per message, and only the newest KEPT of them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._taken = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002
        """Keep the message before it is acknowledged."""
        content = envelope.content
        if not isinstance(content, bytes):
            return "554 5.6.0 not a message"
        try:
            caught.keep(content, envelope.mail_from or "", envelope.rcpt_tos, self._folder)
        except OSError as error:
            return f"452 4.3.1 {error.strerror or 'cannot be kept'}"
        if self._taken % CLEARED_EVERY == 0:
            caught.clear(self._folder, KEPT)
        self._taken += 1
        return "250 2.0.0 kept in the inbox"


def run(listener: socket.socket, folder: Path) -> None:
    """Serve `listener` until SIGTERM or SIGINT."""
    asyncio.run(_serve(listener, folder))


async def _serve(listener: socket.socket, folder: Path) -> None:
    keeper = Keeper(folder)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await loop.create_server(lambda: _session(keeper, loop), sock=listener)
    async with server:
        await stop.wait()


def _session(keeper: Keeper, loop: asyncio.AbstractEventLoop) -> SMTP:
    return SMTP(
        keeper,
        hostname="inbox.localhost",
        ident="Tocsin inbox",
        data_size_limit=LARGEST_OCTETS,
        enable_SMTPUTF8=True,
        loop=loop,
    )
