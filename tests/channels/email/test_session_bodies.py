"""Bodies on the wire: large ones, slow ones, and every way of losing one half-way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tests.channels.email.crew import CHUNKING, IMPATIENT, PARCEL, WAYS, TrustingCrew, relay_at, work
from tests.channels.email.faulty import FaultyRelay
from tests.channels.email.test_session import parcels
from tocsin.channels.email.patience import Patience
from tocsin.channels.email.session import IN_FLIGHT
from tocsin.courier.channel import Fate, Outcome, Parcel

BODY = (b"x" * 998 + b"\r\n") * 16_000  # 16 MB: more than any socket buffer holds
pytestmark = pytest.mark.usefixtures("either_loop")


@pytest.fixture(params=WAYS)
def offers(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return WAYS[request.param]


def large(number: int = 0) -> Parcel:
    return PARCEL._replace(delivery_id=number, body=BODY, proven=True)


def roomy(offers: tuple[str, ...]) -> dict[str, str]:
    return {"EHLO": "\n".join(["250 faulty.example", *offers])}


def hand_over(faulty: FaultyRelay, *given: Parcel, patience: Patience | None = None) -> TrustingCrew:
    async def conversation() -> TrustingCrew:
        async with faulty:
            crew = TrustingCrew(list(given))
            await (await work(faulty, crew, patience)).close()
            return crew

    return asyncio.run(conversation())


@asynccontextmanager
async def deaf(offers: tuple[str, ...], *answers: bytes) -> AsyncIterator[FaultyRelay]:
    """A relay that says all this at once, as far as a conversation may, and then reads no more."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 a\r\n")
        await reader.readline()
        lines = ["b", *offers]
        marks = ["-"] * (len(lines) - 1) + [" "]
        writer.write("".join(f"250{mark}{line}\r\n" for mark, line in zip(marks, lines, strict=True)).encode())
        for answer in answers:
            await reader.readline()
            writer.write(answer)
        await over.wait()
        writer.transport.abort()

    over = asyncio.Event()
    server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=1000)
    async with server:
        yield FaultyRelay(port=server.sockets[0].getsockname()[1])
        over.set()


def test_an_empty_body_is_a_message(offers: tuple[str, ...]) -> None:
    crew = hand_over(faulty := FaultyRelay(offers=offers), PARCEL._replace(body=b""))
    assert crew.fates == [Fate.TAKEN]
    assert [letter.body for letter in faulty.taken] == [b""]


def test_a_large_body_waits_for_the_relay_to_read(offers: tuple[str, ...]) -> None:
    crew = hand_over(faulty := FaultyRelay(roomy(offers)), large(0), PARCEL._replace(delivery_id=1), large(2))
    assert crew.fates == [Fate.TAKEN] * 3
    assert [letter.body for letter in faulty.taken] == [BODY, PARCEL.body, BODY]


def test_a_connection_lost_within_the_body_leaves_it_unsure(offers: tuple[str, ...]) -> None:
    crew = hand_over(faulty := FaultyRelay(roomy(offers), drop_in_body=100_000), large())
    assert [(outcome.fate, outcome.phase) for outcome in crew.outcomes] == [(Fate.LOST, "body")]
    assert crew.words
    assert not faulty.completed


ENVELOPE = {
    "lockstep": (b"250 c\r\n", b"250 d\r\n", b"354 go\r\n"),
    "chunked": (b"250 r\r\n", b"250 c\r\n", b"250 d\r\n"),
}


@pytest.mark.parametrize("way", ["lockstep", "chunked"])
def test_a_relay_that_reads_no_more_is_given_up(way: str) -> None:
    async def conversation() -> TrustingCrew:
        async with deaf(WAYS[way], *ENVELOPE[way]) as relay:
            crew = TrustingCrew([large()])
            await work(relay, crew, IMPATIENT)
            await crew.until(lambda: crew.words is not None)
            return crew

    crew = asyncio.run(conversation())
    assert crew.outcomes == [Outcome(Fate.LOST, "no progress within 0.2 s", "body")]
    assert crew.words == "no progress within 0.2 s"


def test_nothing_more_is_asked_for_while_the_relay_does_not_read() -> None:
    async def conversation() -> int:
        async with deaf(CHUNKING) as relay:
            crew = TrustingCrew([PARCEL._replace(delivery_id=number, body=megabyte) for number in range(9)])
            session = await relay_at(relay).connect(crew)
            for _ in range(50):
                session.wake()
                await asyncio.sleep(0)
            session.abort()
            return len(crew.given)

    megabyte = BODY[:1_000_000]
    assert asyncio.run(conversation()) == IN_FLIGHT // 1_000_000 + 1


@pytest.mark.parametrize("way", ["lockstep", "chunked"])
@pytest.mark.parametrize(
    ("reply", "fate"),
    [
        (b"552 5.3.4 too big for us\r\n", Fate.REFUSED),
        (b"452 4.3.1 disk full\r\n", Fate.REFUSED_NOW),
        (b"421 4.3.2 closing\r\n", Fate.RELAY),
        (b"250 ok?\r\n", Fate.LOST),
    ],
)
def test_an_answer_within_the_body_ends_it(way: str, reply: bytes, fate: Fate) -> None:
    async def conversation() -> TrustingCrew:
        async with deaf(WAYS[way], *ENVELOPE[way], reply) as relay:
            crew = TrustingCrew([large()])
            await work(relay, crew)
            await crew.until(lambda: crew.words is not None)
            return crew

    crew = asyncio.run(conversation())
    assert crew.fates == [fate]
    assert crew.words


def test_a_byte_now_and_then_does_not_stretch_the_wait(offers: tuple[str, ...]) -> None:
    faulty = FaultyRelay({"BODY": b"250-" + b"x" * 4000}, offers=offers, stammer=True)
    crew = hand_over(faulty, PARCEL, patience=replace(IMPATIENT, body=0.4))
    assert crew.outcomes == [Outcome(Fate.LOST, "no answer within 0.4 s", "body")]


def test_every_answer_has_its_whole_time(offers: tuple[str, ...]) -> None:
    faulty = FaultyRelay(offers=offers, delay=0.1)
    crew = TrustingCrew(parcels(3), window=1)

    async def conversation() -> None:
        async with faulty:
            limits = Patience(mail=0.6, rcpt=0.6, data=0.6, body=0.6, reset=0.6)
            await (await work(faulty, crew, limits)).close()

    asyncio.run(conversation())
    assert crew.fates == [Fate.TAKEN] * 3
