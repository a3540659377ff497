"""Many parcels over one session, on real sockets, to a relay that behaves and to one that does not."""

import asyncio
import contextlib
import socket
from collections.abc import Sequence

import pytest

from tests.channels.email.crew import CHUNKING, IMPATIENT, PARCEL, PIPELINING, WAYS, TrustingCrew, relay_at, work
from tests.channels.email.faulty import DROP, HANG, TAKE_AND_DROP, Answer, FaultyRelay
from tocsin.channels.email.patience import Patience
from tocsin.channels.email.session import SmtpSession
from tocsin.courier.channel import Fate, Outcome, Parcel

pytestmark = pytest.mark.usefixtures("either_loop")


def parcels(count: int) -> list[Parcel]:
    return [PARCEL._replace(delivery_id=number, recipient=f"reader{number}@example.net") for number in range(count)]


def hand_over(faulty: FaultyRelay, count: int = 1, patience: Patience | None = None, window: int = 32) -> TrustingCrew:
    """What came of `count` parcels over one session, which is closed then."""

    async def conversation() -> TrustingCrew:
        async with faulty:
            crew = TrustingCrew(parcels(count), window=window)
            session = await work(faulty, crew, patience)
            await session.close()
            assert crew.words is not None
            return crew

    return asyncio.run(conversation())


@pytest.fixture(params=WAYS)
def offers(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """What the relay offers: nothing, PIPELINING, and CHUNKING too."""
    return WAYS[request.param]


def test_parcels_are_taken(offers: tuple[str, ...]) -> None:
    crew = hand_over(faulty := FaultyRelay(offers=offers), 100)
    assert crew.outcomes == [Outcome(Fate.TAKEN, "250 2.0.0 queued", "body")] * 100
    assert crew.words == ""
    assert [(letter.sender, letter.recipients, letter.body) for letter in faulty.taken] == [
        (PARCEL.return_path, (parcel.recipient,), PARCEL.body) for parcel in parcels(100)
    ]
    assert faulty.commands[-1] == "QUIT"
    assert faulty.connections == 1


FATES = [
    ("MAIL", "451 4.3.0 try later", Fate.RELAY, False),
    ("MAIL", "550 5.7.1 not you", Fate.RELAY, False),
    ("MAIL", "421 4.3.2 shutting down", Fate.RELAY, False),
    ("MAIL", DROP, Fate.RELAY, False),
    ("MAIL", HANG, Fate.RELAY, False),
    ("MAIL", "354 what?", Fate.RELAY, False),
    ("RCPT", "450 4.2.1 greylisted", Fate.REFUSED_NOW, True),
    ("RCPT", "550 5.1.1 no such user", Fate.REFUSED, True),
    ("RCPT", "421 4.7.0 too many errors", Fate.RELAY, False),
    ("RCPT", DROP, Fate.RELAY, False),
    ("RCPT", HANG, Fate.RELAY, False),
    ("RCPT", b"nonsense\r\n", Fate.RELAY, False),
    ("DATA", "451 4.3.0 not now", Fate.REFUSED_NOW, True),
    ("DATA", "554 5.7.1 no", Fate.REFUSED, True),
    ("DATA", "421 4.3.2 closing", Fate.RELAY, False),
    ("DATA", "250 ok?", Fate.RELAY, False),
    ("DATA", DROP, Fate.RELAY, False),
    ("DATA", HANG, Fate.RELAY, False),
    ("BODY", "452 4.3.1 disk full", Fate.REFUSED_NOW, True),
    ("BODY", "554 5.7.1 spam", Fate.REFUSED, True),
    ("BODY", "421 4.3.2 closing", Fate.RELAY, False),
    ("BODY", DROP, Fate.LOST, False),
    ("BODY", TAKE_AND_DROP, Fate.LOST, False),
    ("BODY", HANG, Fate.LOST, False),
    ("BODY", b"250-2.0.0 que", Fate.LOST, False),
    ("BODY", b"What is this?\r\n", Fate.LOST, False),
    ("BODY", "354 more?", Fate.LOST, False),
]


def as_chunk(verb: str, answer: Answer, fate: Fate) -> Fate:
    """With CHUNKING the body has left when the envelope is answered: who gives no answer leaves it unsure."""
    answered = isinstance(answer, str) and answer[:3] != "354"
    return Fate.LOST if verb in {"MAIL", "RCPT"} and not answered else fate


@pytest.mark.parametrize(("verb", "answer", "fate", "usable"), FATES)
def test_each_answer_has_its_fate(offers: tuple[str, ...], verb: str, answer: Answer, fate: Fate, usable: bool) -> None:
    if offers == CHUNKING:
        if verb == "DATA":
            return
        fate = as_chunk(verb, answer, fate)
    crew = hand_over(FaultyRelay({verb: [answer]}, offers=offers), 2, IMPATIENT, window=1)
    assert crew.fates == ([fate, Fate.TAKEN] if usable else [fate]), crew.came
    if isinstance(answer, str) and answer[0] in "45":
        assert crew.outcomes[0].reply == answer
    assert bool(crew.words) is not usable


def test_a_flight_needs_leave_as_a_whole(offers: tuple[str, ...]) -> None:
    crew = hand_over(FaultyRelay(offers=offers), 8, window=4)
    assert crew.fates == [Fate.TAKEN] * 8
    assert [number for flight in crew.flights for number in flight] == list(range(8))
    assert len(crew.flights[0]) == (4 if offers == CHUNKING else 1)


def test_a_refusal_is_its_own_parcels_alone(offers: tuple[str, ...]) -> None:
    refused = {"<reader1@example.net>": "550 5.1.1 no such user", "<reader3@example.net>": "450 4.2.1 greylisted"}
    faulty = FaultyRelay({"RCPT": lambda argument: refused.get(argument.removeprefix("TO:"))}, offers=offers)
    crew = hand_over(faulty, 6)
    assert crew.fates == [Fate.TAKEN, Fate.REFUSED, Fate.TAKEN, Fate.REFUSED_NOW, Fate.TAKEN, Fate.TAKEN]
    assert [letter.recipients for letter in faulty.completed] == [(f"reader{n}@example.net",) for n in (0, 2, 4, 5)]


def test_what_is_behind_a_421_was_not_taken() -> None:
    bodies = ["250 one", "421 4.3.2 closing"]
    crew = hand_over(FaultyRelay({"BODY": bodies}, offers=CHUNKING), 4)
    assert crew.fates == [Fate.TAKEN, Fate.RELAY, Fate.RETURNED, Fate.RETURNED]
    assert crew.words == "421 4.3.2 closing"


def test_what_left_without_an_answer_is_unsure() -> None:
    crew = hand_over(FaultyRelay({"BODY": ["250 one", DROP]}, offers=CHUNKING), 4)
    assert crew.fates == [Fate.TAKEN, Fate.LOST, Fate.LOST, Fate.LOST]


def test_an_envelope_behind_a_lost_body_goes_back() -> None:
    crew = hand_over(FaultyRelay({"BODY": ["250 one", DROP]}, offers=PIPELINING), 4)
    assert crew.fates == [Fate.TAKEN, Fate.LOST, Fate.RETURNED]


@pytest.mark.parametrize("stammer", [True, False])
def test_replies_may_come_in_many_lines_and_pieces(offers: tuple[str, ...], stammer: bool) -> None:
    faulty = FaultyRelay({"BODY": "250 2.0.0 queued\n2.0.0 as 4711\nthank you"}, offers=offers, stammer=stammer)
    crew = hand_over(faulty, 2)
    assert crew.outcomes == [Outcome(Fate.TAKEN, "250 2.0.0 queued as 4711 thank you", "body")] * 2


def test_without_leave_nothing_that_completes_a_message_goes_out(offers: tuple[str, ...]) -> None:
    async def conversation() -> TrustingCrew:
        async with faulty:
            crew = TrustingCrew(parcels(4), leave=lambda _: False, window=3)
            await work(faulty, crew)
            await crew.until(lambda: crew.words is not None)
            await faulty.until(lambda: bool(faulty.cut) or "QUIT" in faulty.commands)
            return crew

    faulty = FaultyRelay(offers=offers)
    crew = asyncio.run(conversation())
    assert set(crew.fates) == {Fate.RETURNED}
    assert crew.words == ""
    assert not faulty.completed
    assert faulty.cut == ([] if offers == CHUNKING else [b""])


def test_what_had_leave_is_finished_before_a_session_without_leave_ends() -> None:
    crew = TrustingCrew(parcels(4), window=2)
    crew.leave = lambda flight: flight[0].delivery_id < 2

    async def conversation() -> None:
        async with FaultyRelay(offers=CHUNKING) as faulty:
            await work(faulty, crew)
            await crew.until(lambda: crew.words is not None)

    asyncio.run(conversation())
    assert crew.fates == [Fate.TAKEN, Fate.TAKEN, Fate.RETURNED, Fate.RETURNED][: len(crew.fates)]


def test_a_relay_that_left_in_place_of_the_body_has_taken_nothing() -> None:
    crew = hand_over(FaultyRelay({"DATA": b"354 go ahead\r\n421 4.3.2 changed my mind\r\n"}, offers=PIPELINING))
    assert crew.outcomes == [Outcome(Fate.RELAY, "421 4.3.2 changed my mind", "DATA")]
    assert crew.flights == []


def test_a_parcel_this_relay_cannot_take_does_not_hold_up_the_others(offers: tuple[str, ...]) -> None:
    given = parcels(5)
    given[1] = given[1]._replace(recipient="анна@example.net")
    given[2] = given[2]._replace(body=b"x" * 70 + b"\r\n" + given[2].body)
    given[3] = given[3]._replace(body=b"\r\n.\r\nMAIL FROM:<a@b.example>\r\n")

    async def conversation() -> TrustingCrew:
        async with FaultyRelay({"EHLO": "\n".join(["250 faulty.example", "SIZE 60", *offers])}) as faulty:
            crew = TrustingCrew(given)
            await (await work(faulty, crew)).close()
            return crew

    crew = asyncio.run(conversation())
    assert crew.fates == [Fate.TAKEN, Fate.REFUSED, Fate.REFUSED, Fate.REFUSED, Fate.TAKEN]
    assert [outcome.phase for outcome in crew.outcomes[1:4]] == ["composing"] * 3
    assert "SMTPUTF8" in crew.outcomes[1].reply
    assert "no message over 60 octets" in crew.outcomes[2].reply
    assert "begins with a dot" in crew.outcomes[3].reply


def test_what_is_offered_is_used(offers: tuple[str, ...]) -> None:
    faulty = FaultyRelay({"EHLO": "\n".join(["250 faulty.example", "SIZE", "DSN", "SMTPUTF8", *offers])})
    hand_over(faulty)
    assert f"MAIL FROM:<news@example.org> SIZE={len(PARCEL.body)} RET=HDRS ENVID=0" in faulty.commands
    assert "RCPT TO:<reader0@example.net> NOTIFY=FAILURE" in faulty.commands


def test_a_session_waits_to_be_woken_and_can_be_woken_again(offers: tuple[str, ...]) -> None:
    async def conversation() -> TrustingCrew:
        async with FaultyRelay(offers=offers) as faulty:
            crew = TrustingCrew([])
            session = await relay_at(faulty).connect(crew)
            assert session.takes_many is (offers == CHUNKING)
            for parcel in parcels(3):
                crew.parcels.append(parcel)
                session.wake()
                await crew.until_idle()
            await session.close()
            assert faulty.connections == 1
            return crew

    assert asyncio.run(conversation()).fates == [Fate.TAKEN] * 3


def test_a_crew_may_wake_its_session_from_within(offers: tuple[str, ...]) -> None:
    class Eager(TrustingCrew):
        def came_back(self, parcel: Parcel, outcome: Outcome) -> None:
            super().came_back(parcel, outcome)
            session.wake()

        def may_start(self, parcels: Sequence[Parcel]) -> bool:
            session.wake()
            return super().may_start(parcels)

    async def conversation() -> Eager:
        nonlocal session
        async with FaultyRelay(offers=offers) as faulty:
            crew = Eager(parcels(20), window=3)
            session = await relay_at(faulty).connect(crew)
            session.wake()
            await crew.until_idle()
            await session.close()
            return crew

    session: SmtpSession
    assert asyncio.run(conversation()).fates == [Fate.TAKEN] * 20


def test_a_crew_may_abort_its_session_from_within(offers: tuple[str, ...]) -> None:
    class Hasty(TrustingCrew):
        def may_start(self, parcels: Sequence[Parcel]) -> bool:
            session.abort()
            return super().may_start(parcels)

    async def conversation() -> Hasty:
        nonlocal session
        async with FaultyRelay(offers=offers) as faulty:
            crew = Hasty(parcels(2))
            session = await relay_at(faulty).connect(crew)
            session.wake()
            await crew.until(lambda: crew.words is not None)
            return crew

    session: SmtpSession
    crew = asyncio.run(conversation())
    assert set(crew.fates) == {Fate.RETURNED}
    assert crew.words == ""
    assert session._watch._timer is None


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "BODY"])
def test_closing_waits_and_when_cancelled_says_what_was_in_flight(offers: tuple[str, ...], verb: str) -> None:
    async def conversation() -> TrustingCrew:
        async with FaultyRelay({verb: HANG}, offers=offers) as faulty:
            crew = TrustingCrew(parcels(3), window=1)
            session = await relay_at(faulty).connect(crew)
            session.wake()
            await faulty.until(lambda: any(command.startswith(verb) for command in faulty.commands))
            closing = asyncio.create_task(session.close())
            await asyncio.sleep(0.01)
            assert not closing.done()
            closing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await closing
            return crew

    if (verb, offers) == ("DATA", CHUNKING):
        return
    crew = asyncio.run(conversation())
    assert crew.fates == [Fate.LOST if verb == "BODY" or offers == CHUNKING else Fate.RETURNED]
    assert crew.words == ""
    assert len(crew.parcels) == 2


def test_closing_finishes_what_is_in_flight(offers: tuple[str, ...]) -> None:
    async def conversation() -> TrustingCrew:
        async with FaultyRelay(offers=offers, delay=0.02) as faulty:
            crew = TrustingCrew(parcels(9), window=3)
            session = await relay_at(faulty).connect(crew)
            session.wake()
            await session.close()
            assert faulty.commands[-1] == "QUIT"
            return crew

    crew = asyncio.run(conversation())
    assert crew.fates == [Fate.TAKEN] * (3 if offers == CHUNKING else 1)
    assert crew.words == ""


def test_closing_is_quick_with_a_relay_that_does_not_answer() -> None:
    async def conversation() -> float:
        async with FaultyRelay({"QUIT": HANG}) as faulty:
            session = await relay_at(faulty, Patience(quit=0.1)).connect(TrustingCrew([]))
            start = asyncio.get_running_loop().time()
            await session.close()
            await session.close()
            return asyncio.get_running_loop().time() - start

    assert asyncio.run(conversation()) < 1


def test_an_idle_session_that_is_dismissed_says_so() -> None:
    async def conversation() -> TrustingCrew:
        async with FaultyRelay({"EHLO": b"250 ok\r\n"}) as faulty:
            crew = TrustingCrew(parcels(1))
            session = await work(faulty, crew)
            faulty.say(b"421 4.4.2 idle for too long\r\n")
            await crew.until(lambda: crew.words is not None)
            session.wake()
            await session.close()
            return crew

    crew = asyncio.run(conversation())
    assert crew.fates == [Fate.TAKEN]
    assert crew.words == "421 4.4.2 idle for too long"


def test_small_writes_are_not_held_back() -> None:
    async def conversation() -> int:
        async with FaultyRelay() as faulty:
            session = await relay_at(faulty).connect(TrustingCrew([]))
            sock = session._transport.get_extra_info("socket")
            option: int = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            await session.close()
            return option

    assert asyncio.run(conversation()) == 1
