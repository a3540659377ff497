"""Other ways to send mail from Python, done as well as they can be: connections kept, messages sent one after the other.

Run in a process of its own: python -m bench.send.peers PEER PORT MESSAGES CONNECTIONS FILE
prints the seconds from before the first connection to after the last reply.
"""

import asyncio
import email
import json
import smtplib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email import policy
from itertools import count
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend

from bench.scratch import Scratch, clean_environment
from tocsin.lib.errors import BadEnvironment

SENDER = "news@example.org"
SECONDS = 900
WORDS = {
    "aiosmtplib": "aiosmtplib, a task per connection, prepared bytes",
    "smtplib": "smtplib, a thread per connection, prepared bytes",
    "django": "Django's e-mail backend, a thread per connection kept open, an EmailMultiAlternatives per reader",
    "lockstep": "a client that waits for each reply, prepared bytes",
}


def rate(scratch: Scratch, peer: str, port: int, messages: int, connections: int, message: Path) -> float:
    """Messages a second."""
    arguments = [peer, str(port), str(messages), str(connections), str(message)]
    process = scratch.python("bench.send.peers", *arguments, env=clean_environment(), stdout=subprocess.PIPE)
    said, _ = process.communicate(timeout=SECONDS)
    if process.returncode:
        raise BadEnvironment(
            f"The peer {peer} failed.", scratch.log("bench.send.peers.log").read_text(encoding="utf-8")[-1000:]
        )
    return messages / float(json.loads(said)["seconds"])


def prepared(message: bytes) -> Callable[[int], tuple[str, bytes]]:
    """What makes the recipient and the bytes of message number n: one splice, the cheapest there is."""
    head, _, body = message.partition(b"\r\n\r\n")

    def make(number: int) -> tuple[str, bytes]:
        return f"reader{number}@example.org", b"".join((head, b"\r\nX-Reader: %d\r\n\r\n" % number, body))

    return make


def with_aiosmtplib(port: int, messages: int, connections: int, message: bytes) -> None:
    """One task per connection."""
    import aiosmtplib  # noqa: PLC0415 - only this peer's process needs it

    make, numbers = prepared(message), iter(range(messages))

    async def sender() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            for number in numbers:
                recipient, body = make(number)
                await client.sendmail(SENDER, [recipient], body)

    async def senders() -> None:
        await asyncio.gather(*(sender() for _ in range(connections)))

    asyncio.run(senders())


def with_smtplib(port: int, messages: int, connections: int, message: bytes) -> None:
    """One thread per connection."""
    make = prepared(message)

    def sender(numbers: Iterator[int]) -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            for number in numbers:
                recipient, body = make(number)
                client.sendmail(SENDER, [recipient], body)

    _in_threads(sender, messages, connections)


def with_django(port: int, messages: int, connections: int, message: bytes) -> None:
    """One thread per connection, a message object per reader with their own links, as Django programs do it."""
    settings.configure(EMAIL_HOST="127.0.0.1", EMAIL_PORT=port, DEFAULT_CHARSET="utf-8", USE_I18N=False)
    parsed: Any = email.message_from_bytes(message, policy=policy.default)
    text, html = (parsed.get_body((kind,)).get_content() for kind in ("plain", "html"))
    subject, link = parsed["Subject"], parsed["List-Unsubscribe"].strip("<>")

    def sender(numbers: Iterator[int]) -> None:
        backend = EmailBackend(host="127.0.0.1", port=port)
        backend.open()
        for number in numbers:
            own = f"{link}{number}/"
            mail = EmailMultiAlternatives(
                subject,
                text.replace(link, own),
                SENDER,
                [f"reader{number}@example.org"],
                headers={"List-Unsubscribe": f"<{own}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
                connection=backend,
            )
            mail.attach_alternative(html.replace(link, own), "text/html")
            backend.send_messages([mail])
        backend.close()

    _in_threads(sender, messages, connections)


def in_lockstep(port: int, messages: int, connections: int, message: bytes) -> None:
    """One command per round trip, over plain sockets."""
    make = prepared(message)

    def sender(numbers: Iterator[int]) -> None:
        with socket.create_connection(("127.0.0.1", port)) as line, line.makefile("rb") as replies:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _reply(replies)
            for number in [-1, *numbers]:
                recipient, body = make(number)
                envelope = [b"MAIL FROM:<%b>" % SENDER.encode(), b"RCPT TO:<%b>" % recipient.encode()]
                for command in [b"EHLO peer.example"] if number < 0 else [*envelope, b"DATA", body + b"."]:
                    line.sendall(command + b"\r\n")
                    _reply(replies)

    _in_threads(sender, messages, connections)


def _reply(replies: Any) -> None:
    while (line := replies.readline())[3:4] == b"-":
        pass
    if line[:1] not in {b"2", b"3"}:
        raise RuntimeError(f"the sink said {line!r}")


def _in_threads(sender: Callable[[Iterator[int]], None], messages: int, connections: int) -> None:
    numbers = count()  # drawing from it is atomic
    failed: list[BaseException] = []

    def run() -> None:
        try:
            sender(iter(lambda: number if (number := next(numbers)) < messages else -1, -1))
        except Exception as error:  # noqa: BLE001 - told below, by the thread that waits
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


PEERS = {"aiosmtplib": with_aiosmtplib, "smtplib": with_smtplib, "django": with_django, "lockstep": in_lockstep}


def main() -> None:
    """Run one peer."""
    peer, port, messages, connections, file = sys.argv[1:]
    message = Path(file).read_bytes()
    begun = time.monotonic()
    PEERS[peer](int(port), int(messages), int(connections), message)
    print(json.dumps({"seconds": time.monotonic() - begun}))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
