"""Many parcels over one session, on real sockets, to a relay that behaves and to one that does not."""

import asyncio

import pytest

from tests.channels.email.crew import CHUNKING, PIPELINING, WAYS, TrustingCrew, work
from tests.channels.email.faulty import DROP, HANG, TAKE_AND_DROP, Answer, FaultyRelay
from tocsin.channels.email.patience import Patience
from tocsin.courier.channel import Fate, Outcome, Parcel

pytestmark = pytest.mark.usefixtures("either_loop")

PARCEL = Parcel(0, "news@example.org", "reader@example.net", b"Subject: Hello\r\n\r\nDear reader\r\n")
IMPATIENT = Patience(
    connect=2, greeting=0.2, hello=0.2, tls=2, auth=0.2, mail=0.2, rcpt=0.2, data=0.2, block=0.2, body=0.2, reset=0.2
)


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
