"""Processes of a running `tocsin up` are killed with SIGKILL while it tells; nobody is lost, and whoever may have been
told twice is listed."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests import environment
from tests.running import Newsroom, free_port

pytestmark = pytest.mark.crash

READERS = 150
SECONDS = 90


class CountingRelay:
    """A relay that takes everything, a little slowly, and remembers whom it was given mail for."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.message_ids: dict[str, set[str]] = {}
        self.delay = 0.01

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        import asyncio

        await asyncio.sleep(self.delay)
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        head = content.split(b"\r\n\r\n", 1)[0].decode("ascii").lower()
        message_id = next(line for line in head.splitlines() if line.startswith("message-id:"))
        for address in envelope.rcpt_tos:
            self.taken[address] += 1
            self.message_ids.setdefault(address, set()).add(message_id)
        return "250 2.0.0 taken"


@pytest.fixture
def relay() -> Iterator[tuple[CountingRelay, int]]:
    counting = CountingRelay()
    controller = Controller(counting, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield counting, controller.port
    controller.stop()


@pytest.fixture
def newsroom(relay: tuple[CountingRelay, int], tmp_path: Path) -> Iterator[Newsroom]:
    settings = {"TOCSIN_RELAYS": f"smtp://127.0.0.1:{relay[1]}?tls=none"}
    url = ""
    if environment.ENGINE == "postgresql":
        url = environment.store.clone(f"running_{os.getpid()}_{random.randrange(10**9)}")
        settings["TOCSIN_DATABASE_URL"] = url
        settings |= {name: os.environ[name] for name in ("TOCSIN_SECRET_KEY", "TOCSIN_ADDRESS_KEY")}
    running = Newsroom(tmp_path / "state", settings)
    running.start()
    yield running
    running.stop()
    if url:
        environment.store.drop(url)


@pytest.mark.database
def test_kills_while_telling_lose_nobody(newsroom: Newsroom, relay: tuple[CountingRelay, int]):
    counting, _ = relay
    addresses = [f"reader{number}@example.org" for number in range(READERS)]
    assert newsroom.import_addresses(addresses)["added"] == READERS

    published = newsroom.publish("The dam holds")
    assert published["audience"] == READERS
    kill_until_half_is_told(newsroom, counting)
    books = newsroom.until(
        lambda: newsroom.books(published["dispatch"]),
        lambda books: books["settled"] and books["unsure"] == 0,
        SECONDS,
    )

    assert books["accepted"] == READERS
    assert set(counting.taken) == set(addresses)
    assert all(len(ids) == 1 for ids in counting.message_ids.values())
    twice = {address for address, times in counting.taken.items() if times > 1}
    tried_twice = {row["address"] for row in newsroom_rows(newsroom, published["dispatch"]) if row["attempts"] > 1}
    assert twice <= tried_twice


def kill_until_half_is_told(newsroom: Newsroom, counting: CountingRelay) -> None:
    """SIGKILL the courier, the worker and the web process at seeded instants, and the supervisor once."""
    chance = random.Random(20261122)
    deadline = time.monotonic() + SECONDS
    while sum(counting.taken.values()) < READERS // 2 and time.monotonic() < deadline:
        victim = newsroom.child(chance.choice(["courier", "courier", "worker", "web"]))
        if victim is not None:
            os.kill(victim.pid, signal.SIGKILL)
        time.sleep(chance.uniform(0.2, 1.5))
    newsroom.kill()
    newsroom.start()


def newsroom_rows(newsroom: Newsroom, dispatch: int) -> list[dict[str, object]]:
    """Every accepted delivery of a dispatch, as `dispatch show --list accepted` gives them."""
    shown = newsroom.tocsin("dispatch", "show", str(dispatch), "--list", "accepted")
    rows = shown.get("accepted_list") or shown.get("rows") or shown["list"]
    return list(rows)
