"""Handing parcels over, on real sockets, to a relay that behaves and to one that does not."""

import asyncio

import pytest

from tests.channels.email.faulty import DROP, HANG, TAKE_AND_DROP, Answer, FaultyRelay
from tocsin.channels.email.patience import Patience
from tocsin.channels.email.relay import parse
from tocsin.channels.email.wire import SmtpRelay
from tocsin.courier.channel import Fate, Outcome, Parcel, RelayTrouble

PARCEL = Parcel(7, "news@example.org", "reader@example.net", b"Subject: Hello\r\n\r\nDear reader\r\n")
IMPATIENT = Patience(
    connect=2, greeting=0.2, hello=0.2, tls=2, auth=0.2, mail=0.2, rcpt=0.2, data=0.2, block=0.2, body=0.2, reset=0.2
)


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


def relay_at(faulty: FaultyRelay, patience: Patience | None = None) -> SmtpRelay:
    return SmtpRelay(parse(faulty.url), "news.example.org", patience)


async def hand_over(
    faulty: FaultyRelay,
    parcel: Parcel = PARCEL,
    patience: Patience | None = None,
) -> tuple[Outcome, bool]:
    async with faulty:
        session = await relay_at(faulty, patience).connect()
        outcome = await session.hand_over(parcel, yes)
        usable = session.usable
        await session.close()
        return outcome, usable


def run(
    faulty: FaultyRelay,
    parcel: Parcel = PARCEL,
    patience: Patience | None = None,
) -> tuple[Outcome, bool]:
    return asyncio.run(hand_over(faulty, parcel, patience))


def test_a_parcel_is_taken() -> None:
    faulty = FaultyRelay()
    outcome, usable = run(faulty)
    assert outcome == Outcome(Fate.TAKEN, "250 2.0.0 queued", "body")
    assert usable
    assert [(letter.sender, letter.recipients, letter.body) for letter in faulty.taken] == [
        (PARCEL.return_path, (PARCEL.recipient,), PARCEL.body)
    ]
    assert faulty.commands[-1] == "QUIT"


@pytest.mark.parametrize(
    ("verb", "answer", "fate", "usable"),
    [
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
    ],
)
def test_each_answer_has_its_fate(verb: str, answer: Answer, fate: Fate, usable: bool) -> None:
    faulty = FaultyRelay({verb: answer})
    outcome, still_usable = run(faulty, patience=IMPATIENT)
    assert (outcome.fate, still_usable) == (fate, usable), outcome
    if isinstance(answer, str) and answer[0] in "45":
        assert outcome.reply == answer
    if verb != "BODY":
        assert not faulty.completed


@pytest.mark.parametrize("stammer", [True, False])
def test_replies_may_come_in_many_lines_and_pieces(stammer: bool) -> None:
    faulty = FaultyRelay({"BODY": "250 2.0.0 queued\n2.0.0 as 4711\nthank you"}, stammer=stammer)
    outcome, _ = run(faulty)
    assert outcome == Outcome(Fate.TAKEN, "250 2.0.0 queued as 4711 thank you", "body")


def test_without_leave_no_body_goes_out() -> None:
    async def conversation() -> Outcome:
        async with faulty:
            session = await relay_at(faulty).connect()
            outcome = await session.hand_over(PARCEL, no)
            assert not session.usable
            await faulty.until(lambda: bool(faulty.cut))
            return outcome

    faulty = FaultyRelay()
    assert asyncio.run(conversation()).fate is Fate.STOPPED
    assert faulty.commands[-1] == "DATA"
    assert faulty.cut == [b""]


def test_an_error_in_asking_for_leave_goes_on_and_no_body_goes_out() -> None:
    async def broken() -> bool:
        raise OSError("disk full")

    async def conversation() -> None:
        async with faulty:
            session = await relay_at(faulty).connect()
            with pytest.raises(OSError, match="disk full"):
                await session.hand_over(PARCEL, broken)
            await faulty.until(lambda: bool(faulty.cut))

    faulty = FaultyRelay()
    asyncio.run(conversation())
    assert faulty.cut == [b""]


def test_a_relay_that_left_while_we_asked_for_leave_has_taken_nothing() -> None:
    async def conversation() -> Outcome:
        async with FaultyRelay({"DATA": b"354 go ahead\r\n421 4.3.2 changed my mind\r\n"}) as faulty:
            session = await relay_at(faulty).connect()
            return await session.hand_over(PARCEL, yes)

    assert asyncio.run(conversation()) == Outcome(Fate.RELAY, "421 4.3.2 changed my mind", "DATA")


def test_one_connection_takes_many_parcels_and_a_refusal_between_them() -> None:
    async def conversation() -> tuple[list[Fate], FaultyRelay]:
        async with FaultyRelay({"RCPT": ["250 ok", "550 5.1.1 unknown", "250 ok"]}) as faulty:
            session = await relay_at(faulty).connect()
            fates = [(await session.hand_over(PARCEL._replace(delivery_id=n), yes)).fate for n in range(3)]
            await session.close()
            return fates, faulty

    fates, faulty = asyncio.run(conversation())
    assert fates == [Fate.TAKEN, Fate.REFUSED, Fate.TAKEN]
    assert faulty.connections == 1
    assert faulty.commands.count("RSET") == 1
    assert len(faulty.taken) == 2


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
        await relay_at(faulty).connect()

    with pytest.raises(RelayTrouble, match="connecting: Connection refused"):
        asyncio.run(nobody())
