"""Getting in touch with a relay, on real sockets."""

import asyncio

import pytest

from tests.channels.email.crew import IMPATIENT, PARCEL, TrustingCrew, relay_at, work
from tests.channels.email.faulty import DROP, HANG, Answer, FaultyRelay, running
from tocsin.courier.channel import Fate, RelayTrouble


def meet(faulty: FaultyRelay) -> list[Fate]:
    """What comes of one parcel."""

    async def conversation() -> list[Fate]:
        async with faulty:
            crew = TrustingCrew([PARCEL])
            await (await work(faulty, crew, IMPATIENT)).close()
            return crew.fates

    return asyncio.run(conversation())


@pytest.mark.parametrize(
    ("verb", "answer", "words"),
    [
        ("GREETING", "554 5.3.2 no service here", "greeting: 554 5.3.2 no service here"),
        ("GREETING", "421 4.3.2 come back later", "greeting: 421 4.3.2 come back later"),
        ("GREETING", DROP, "greeting: connection closed by the relay"),
        ("GREETING", HANG, "greeting: no answer within 0.2 s"),
        ("GREETING", b"HTTP/1.1 400 Bad Request\r\n", "greeting: not an SMTP reply"),
        ("GREETING", b"220-" + b"x" * 5000, "greeting: a reply line is longer than"),
        ("GREETING", b"220-endless\r\n" * 200, "greeting: a reply has more than 128 lines"),
        ("EHLO", "421 4.3.2 closing", "EHLO: 421 4.3.2 closing"),
        ("EHLO", "450 4.3.2 not now", "EHLO: 450 4.3.2 not now"),
        ("EHLO", b"250 ok\r\n421 4.3.2 changed my mind\r\n", "421 4.3.2 changed my mind"),
        ("EHLO", DROP, "EHLO: connection closed by the relay"),
    ],
)
def test_trouble_before_the_first_parcel_is_the_relays(verb: str, answer: Answer, words: str) -> None:
    with pytest.raises(RelayTrouble, match=words):
        meet(FaultyRelay({verb: answer}))


def test_helo_is_the_fallback() -> None:
    assert meet(faulty := FaultyRelay({"EHLO": "502 5.5.1 not implemented"})) == [Fate.TAKEN]
    assert "HELO news.example.org" in faulty.commands


def test_nobody_listens() -> None:
    async def nobody() -> None:
        async with FaultyRelay() as faulty:
            pass
        await relay_at(faulty).connect(TrustingCrew([]))

    with pytest.raises(RelayTrouble, match="connecting: Connection refused"):
        asyncio.run(nobody())


def test_a_relay_in_a_thread_serves_other_threads() -> None:
    with running(FaultyRelay()) as faulty:

        async def conversation() -> None:
            crew = TrustingCrew([PARCEL])
            await (await work(faulty, crew)).close()

        asyncio.run(conversation())
    assert len(faulty.taken) == 1
