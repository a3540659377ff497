"""Getting in touch with a relay on real sockets, and handing over single parcels."""

import asyncio

import pytest

from tests.channels.email.crew import WAYS, TrustingCrew, relay_at, work
from tests.channels.email.faulty import DROP, HANG, Answer, FaultyRelay
from tocsin.channels.email.patience import Patience
from tocsin.courier.channel import Fate, Outcome, Parcel, RelayTrouble

PARCEL = Parcel(7, "news@example.org", "reader@example.net", b"Subject: Hello\r\n\r\nDear reader\r\n")
IMPATIENT = Patience(
    connect=2, greeting=0.2, hello=0.2, tls=2, auth=0.2, mail=0.2, rcpt=0.2, data=0.2, block=0.2, body=0.2, reset=0.2
)


async def hand_over(
    faulty: FaultyRelay,
    parcel: Parcel = PARCEL,
    patience: Patience | None = None,
) -> tuple[Outcome, bool]:
    """What came of one parcel, and whether another could follow on the same session. The relay is up."""
    crew = TrustingCrew([parcel])
    session = await work(faulty, crew, patience)
    usable = crew.words is None
    await session.close()
    return crew.outcomes[0], usable


def run(
    faulty: FaultyRelay,
    parcel: Parcel = PARCEL,
    patience: Patience | None = None,
) -> tuple[Outcome, bool]:
    async def conversation() -> tuple[Outcome, bool]:
        async with faulty:
            return await hand_over(faulty, parcel, patience)

    return asyncio.run(conversation())


@pytest.mark.parametrize("stammer", [True, False])
def test_replies_may_come_in_many_lines_and_pieces(stammer: bool) -> None:
    faulty = FaultyRelay({"BODY": "250 2.0.0 queued\n2.0.0 as 4711\nthank you"}, stammer=stammer)
    outcome, _ = run(faulty)
    assert outcome == Outcome(Fate.TAKEN, "250 2.0.0 queued as 4711 thank you", "body")


@pytest.mark.parametrize("offers", WAYS.values(), ids=WAYS)
def test_without_leave_no_body_goes_out(offers: tuple[str, ...]) -> None:
    async def conversation() -> TrustingCrew:
        async with faulty:
            crew = TrustingCrew([PARCEL], leave=lambda _: False)
            await (await work(faulty, crew)).close()
            return crew

    faulty = FaultyRelay(offers=offers)
    assert asyncio.run(conversation()).fates == [Fate.RETURNED]
    assert not faulty.completed


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
        ("EHLO", DROP, "EHLO: connection closed by the relay"),
    ],
)
def test_trouble_before_the_first_parcel_is_the_relays(verb: str, answer: Answer, words: str) -> None:
    with pytest.raises(RelayTrouble, match=words):
        run(FaultyRelay({verb: answer}), patience=IMPATIENT)


def test_helo_is_the_fallback() -> None:
    outcome, _ = run(faulty := FaultyRelay({"EHLO": "502 5.5.1 not implemented"}))
    assert outcome.fate is Fate.TAKEN
    assert "HELO news.example.org" in faulty.commands


def test_nobody_listens() -> None:
    async def nobody() -> None:
        async with FaultyRelay() as faulty:
            pass
        await relay_at(faulty).connect(TrustingCrew([]))

    with pytest.raises(RelayTrouble, match="connecting: Connection refused"):
        asyncio.run(nobody())
