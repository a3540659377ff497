"""The body on the wire: large ones, slow ones, and every way of losing one half-way."""

import asyncio
import contextlib
from dataclasses import replace

import pytest

from tests.channels.email.crew import TrustingCrew, relay_at, work
from tests.channels.email.faulty import HANG, FaultyRelay, running
from tests.channels.email.test_wire import IMPATIENT, PARCEL, hand_over, run
from tocsin.channels.email.patience import Patience
from tocsin.courier.channel import Fate, Outcome

LARGE = PARCEL._replace(body=(b"x" * 76 + b"\r\n") * 400_000)  # 31 MB: more than any socket buffer holds
pytestmark = pytest.mark.usefixtures("either_loop")
ROOMY = {"EHLO": "250 faulty.example"}


def test_an_empty_body_is_a_message() -> None:
    outcome, _ = run(faulty := FaultyRelay(), PARCEL._replace(body=b""))
    assert outcome.fate is Fate.TAKEN
    assert [letter.body for letter in faulty.taken] == [b""]


def test_a_large_body_waits_for_the_relay_to_read() -> None:
    outcome, _ = run(faulty := FaultyRelay(ROOMY), LARGE)
    assert outcome.fate is Fate.TAKEN
    assert faulty.taken[0].body == LARGE.body


def test_a_connection_lost_within_the_body_leaves_it_unsure() -> None:
    outcome, usable = run(faulty := FaultyRelay(ROOMY, drop_in_body=100_000), LARGE)
    assert (outcome.fate, outcome.phase, usable) == (Fate.LOST, "body", False)
    assert not faulty.completed


def test_a_relay_that_reads_no_more_is_given_up() -> None:
    async def conversation() -> Outcome:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for reply in (b"220 a\r\n", b"250 b\r\n", b"250 c\r\n", b"250 d\r\n", b"354 go\r\n"):
                writer.write(reply)
                await reader.readline()
            await asyncio.Event().wait()

        server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=1000)
        faulty = FaultyRelay(port=server.sockets[0].getsockname()[1])
        return (await hand_over(faulty, LARGE, IMPATIENT))[0]

    assert asyncio.run(conversation()) == Outcome(Fate.LOST, "no progress within 0.2 s", "body")


@pytest.mark.parametrize(
    ("reply", "fate"),
    [
        (b"552 5.3.4 too big for us\r\n", Fate.REFUSED),
        (b"452 4.3.1 disk full\r\n", Fate.REFUSED_NOW),
        (b"421 4.3.2 closing\r\n", Fate.RELAY),
        (b"250 ok?\r\n", Fate.LOST),
    ],
)
def test_an_answer_within_the_body_ends_it(reply: bytes, fate: Fate) -> None:
    async def conversation() -> tuple[Outcome, bool]:
        async def interrupt(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for line in (b"220 a\r\n", b"250 b\r\n", b"250 c\r\n", b"250 d\r\n", b"354 go\r\n", reply):
                writer.write(line)
                await reader.readline()
            await asyncio.Event().wait()

        server = await asyncio.start_server(interrupt, "127.0.0.1", 0, limit=1000)
        faulty = FaultyRelay(port=server.sockets[0].getsockname()[1])
        return await hand_over(faulty, LARGE)

    outcome, usable = asyncio.run(conversation())
    assert (outcome.fate, usable) == (fate, False)


def test_a_byte_now_and_then_does_not_stretch_the_wait() -> None:
    async def conversation() -> Outcome:
        faulty = FaultyRelay({"BODY": b"250-" + b"x" * 4000}, stammer=True)
        async with faulty:
            return (await hand_over(faulty, PARCEL, replace(IMPATIENT, body=0.3)))[0]

    assert asyncio.run(conversation()) == Outcome(Fate.LOST, "no answer within 0.3 s", "body")


def test_a_body_the_relay_has_no_room_for_is_not_begun() -> None:
    outcome, usable = run(faulty := FaultyRelay({"EHLO": "250 faulty.example\nSIZE 10"}))
    assert outcome.fate is Fate.REFUSED
    assert "no message over 10 octets" in outcome.reply
    assert usable
    assert faulty.commands[-1] == "QUIT"
    assert not any(command.startswith("MAIL") for command in faulty.commands)


@pytest.mark.parametrize("body", [b"Hello\n", b"\r\n.\r\nMAIL FROM:<a@b.example>\r\n", b"caf\xc3\xa9\r\n"])
def test_a_body_that_could_be_misread_is_not_begun(body: bytes) -> None:
    outcome, _ = run(faulty := FaultyRelay(), PARCEL._replace(body=body))
    assert outcome.fate is Fate.REFUSED
    assert not any(command.startswith("MAIL") for command in faulty.commands)


def test_an_address_outside_ascii_needs_smtputf8() -> None:
    parcel = PARCEL._replace(recipient="анна@example.net")
    outcome, _ = run(FaultyRelay(), parcel)
    assert outcome.fate is Fate.REFUSED
    assert "SMTPUTF8" in outcome.reply
    offer = FaultyRelay({"EHLO": "250 faulty.example\nSMTPUTF8\nSIZE"})
    outcome, _ = run(offer, parcel)
    assert outcome.fate is Fate.TAKEN
    assert f"MAIL FROM:<{PARCEL.return_path}> SIZE={len(PARCEL.body)} SMTPUTF8" in offer.commands


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "BODY"])
def test_a_cancelled_conversation_is_cut_off(verb: str) -> None:
    async def conversation() -> FaultyRelay:
        async with FaultyRelay({verb: HANG}) as faulty:
            crew = TrustingCrew([PARCEL])
            session = await relay_at(faulty).connect(crew)
            session.wake()
            await faulty.until(lambda: any(command.startswith(verb) for command in faulty.commands))
            task = asyncio.create_task(session.close())
            await asyncio.sleep(0)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            assert crew.fates == [Fate.LOST if verb == "BODY" else Fate.RETURNED]
            return faulty

    faulty = asyncio.run(conversation())
    assert len(faulty.completed) == (verb == "BODY")


def test_closing_is_quick_with_a_relay_that_does_not_answer() -> None:
    async def conversation() -> float:
        async with FaultyRelay({"QUIT": HANG}) as faulty:
            session = await relay_at(faulty, Patience(quit=0.1)).connect(TrustingCrew([]))
            start = asyncio.get_running_loop().time()
            await session.close()
            await session.close()
            return asyncio.get_running_loop().time() - start

    assert asyncio.run(conversation()) < 1


def test_a_relay_that_dismissed_us_between_parcels_is_noticed() -> None:
    async def conversation() -> TrustingCrew:
        async with FaultyRelay({"RSET": "421 4.4.2 idle", "RCPT": "550 no"}) as faulty:
            crew = TrustingCrew([PARCEL, PARCEL._replace(delivery_id=8)], window=1)
            await (await work(faulty, crew)).close()
            return crew

    crew = asyncio.run(conversation())
    assert crew.fates == [Fate.REFUSED, Fate.RELAY]
    assert crew.words == "421 4.4.2 idle"


def test_a_relay_in_a_thread_serves_other_threads() -> None:
    with running(FaultyRelay()) as faulty:

        async def conversation() -> Outcome:
            return (await hand_over(faulty))[0]

        assert asyncio.run(conversation()).fate is Fate.TAKEN
    assert len(faulty.taken) == 1
