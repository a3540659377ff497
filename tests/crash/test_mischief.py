"""The faulty relay itself: what it says arrives in order, or it would accuse the innocent."""

import asyncio
import time
from typing import Any

from tests.crash.mischief import Talker


class Manners:
    """Of a relay that trickles."""

    offers: list[str] = []
    delay = 0.0
    tls = None

    def fault(self, at: str, subject: str) -> None:
        return None


class Wire:
    """Keeps what is written."""

    written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False


def test_what_trickles_stays_in_order_however_late_the_loop_is():
    async def talk() -> bytes:
        talker: Any = Talker(Manners())
        talker.transport = Wire()
        talker.trickle("END")
        talker.flush()
        time.sleep(0.1)  # noqa: ASYNC251 - the loop is late for all of it
        talker.answer("MAIL")
        talker.flush()
        await asyncio.sleep(0.3)
        return bytes(talker.transport.written)

    assert asyncio.run(talk()) == b"250 2.0.0 queued\r\n250 2.1.0 ok\r\n"


def test_endless_lines_do_not_trickle():
    """Two million timers would keep all other connections waiting."""

    async def talk() -> tuple[int, int]:
        talker: Any = Talker(Manners())
        talker.transport = Wire()
        talker.trickle("END")
        talker.endless_lines("MAIL")
        return len(talker.transport.written), len(talker._acts)

    assert asyncio.run(talk()) == (len("250 2.0.0 queued\r\n") + (1 << 17) * len("250-there is more\r\n"), 0)
