"""Saying what a relay says, well or badly: the faults of `relay.py`, and one connection's replies."""

import asyncio
import os
import random
import re
import socket
import ssl
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

USUAL = {
    "GREETING": "220 relay.example ESMTP",
    "HELO": "250 relay.example",
    "STARTTLS": "220 2.0.0 go ahead",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go ahead",
    "BDAT": "250 2.0.0 go on",
    "END": "250 2.0.0 queued",
    "RSET": "250 2.0.0 ok",
    "NOOP": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}
STILL_TAKEN = {"take+drop", "take+hang", "answer+drop", "half", "trickle"}
TRICKLE_SECONDS = 0.002


@dataclass
class Fault:
    """One thing that goes wrong.

    `at`: CONNECT (before the greeting), GREETING, EHLO, STARTTLS, HANDSHAKE, MAIL, RCPT, DATA, BODY (amid a body, after
    so many `octets`), BDAT (a chunk that is not the last), END (the body is complete), RSET, QUIT. `do`: a reply ("450
    4.2.1 later") or an act. `to`: only for recipients in which this expression is found. It lets `skip` occasions pass,
    happens with `chance`, and `times` times in all (None: always).

    Acts: drop (close without a reply), reset (the same, rudely), answer+drop (the usual reply, then close), take+drop
    and take+hang (at END: it is taken, but there is no reply), half (half the usual reply, then close), hang (not a word
    until healed), trickle (the usual replies from now on, an octet at a time), garbage (that is no SMTP), endless line,
    endless lines, plain (octets that are no TLS, amid TLS).
    """

    at: str
    do: str
    to: str = ""
    skip: int = 0
    times: int | None = None
    chance: float = 1.0
    octets: int = 0

    def happens(self, subject: str, dice: random.Random) -> bool:
        """Whether it happens on this occasion; counts."""
        if self.times == 0 or (self.to and not re.search(self.to, subject)) or dice.random() >= self.chance:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Manners(Protocol):
    """What a relay has decided for all its connections."""

    offers: list[str]
    delay: float
    tls: ssl.SSLContext | None

    def fault(self, at: str, subject: str) -> Fault | None:
        """What goes wrong now, if anything."""


class Talker(asyncio.Protocol):
    """Saying things, well or badly. `deaf`: nothing that comes is looked at any more."""

    transport: asyncio.Transport

    def __init__(self, relay: Manners) -> None:
        self.relay = relay
        self.number = 0
        self.deaf = self.secure = self._trickles = False
        self._words = bytearray()
        self._due = 0.0
        self._acts: deque[Callable[[], object]] = deque()  # in the order in which they are to be seen
        self._loop = asyncio.get_running_loop()

    def say(self, reply: str) -> None:
        """A reply, several lines if it has some; 421 ends the conversation (RFC 5321 3.8)."""
        code, lines = reply[:3], reply[4:].split("\n")
        marks = ["-"] * (len(lines) - 1) + [" "]
        self._words += "".join(f"{code}{mark}{line}\r\n" for mark, line in zip(marks, lines, strict=True)).encode()
        if code == "421":
            self.drop()

    def usual(self, at: str) -> str:
        """What a healthy relay says."""
        if at == "EHLO":
            tls = ["STARTTLS"] if self.relay.tls and not self.secure else []
            words = ["relay.example", "SIZE 10485760", "8BITMIME", "ENHANCEDSTATUSCODES", *self.relay.offers, *tls]
            return "250 " + "\n".join(words)
        return USUAL[at]

    def answer(self, at: str, subject: str = "") -> bool:
        """Say what is usual, unless something goes wrong. Whether the client may go on."""
        fault = self.relay.fault(at, subject)
        if fault is None:
            self.say(self.usual(at))
            return True
        return self.go_wrong(fault, at)

    def go_wrong(self, fault: Fault, at: str) -> bool:
        """Let it go wrong. Whether the client may go on."""
        if fault.do[0].isdigit():
            self.say(fault.do)
            return fault.do[0] in "23" and not self.deaf
        self.ACTS[fault.do](self, at)
        return not self.deaf

    def flush(self) -> None:
        """Send what was said, after the relay's delay and after all that was said before."""
        words, now = bytes(self._words), self._loop.time()
        self._words.clear()
        step = 1 if self._trickles else len(words) or 1
        for start in range(0, len(words), step):
            self._due = max(now + self.relay.delay, self._due + (TRICKLE_SECONDS if self._trickles else 0))
            self._later(self.transport.write, words[start : start + step])

    def _later(self, act: Callable[..., None], *arguments: Any) -> None:
        """When it is due, behind all that was due before: on a busy machine timers come late, and equal ones in any order."""
        self._acts.append(lambda: self.transport.is_closing() or act(*arguments))
        wait = self._due - self._loop.time()
        if wait <= 0 and len(self._acts) == 1:
            self._act()
        else:
            self._loop.call_later(wait, self._act)

    def _act(self) -> None:
        self._acts.popleft()()

    # How it goes wrong

    def drop(self, at: str = "") -> None:
        self.deaf = True
        self.flush()
        self._later(self.transport.close)

    def reset(self, at: str) -> None:
        self.deaf = True
        raw = self.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def answer_and_drop(self, at: str) -> None:
        self.say(self.usual(at))
        self.drop()

    def half(self, at: str) -> None:
        words = self.usual(at).encode()
        self._words += words[: len(words) // 2]
        self.drop()

    def hang(self, at: str) -> None:
        self.flush()
        self.deaf = True

    def trickle(self, at: str) -> None:
        self._trickles = True
        self.say(self.usual(at))

    def garbage(self, at: str) -> None:
        self._words += b"\x16\x03\x01\xff\xfe HTTP/1.1 \x00\x00\r\n\r\n\xf0\x9f\r\n25"

    def endless_line(self, at: str) -> None:
        self._for_ever(b"250 " + b"y" * (2 << 20), at)

    def endless_lines(self, at: str) -> None:
        self._for_ever(b"250-there is more\r\n" * (1 << 17), at)

    def _for_ever(self, words: bytes, at: str) -> None:
        self._words += words
        self._trickles = False  # with a timer for each octet no other connection would get an answer for half a minute
        self.hang(at)

    def plain(self, at: str) -> None:
        with suppress(OSError):
            os.write(self.transport.get_extra_info("socket").fileno(), b"250 2.0.0 this is no TLS\r\n" * 8)
        self.deaf = True

    ACTS: ClassVar[dict[str, "Callable[[Talker, str], None]"]] = {
        "drop": drop, "take+drop": drop, "reset": reset, "answer+drop": answer_and_drop, "half": half, "hang": hang,
        "take+hang": hang, "trickle": trickle, "garbage": garbage, "endless line": endless_line,
        "endless lines": endless_lines, "plain": plain,
    }  # fmt: skip
