"""A broken relay fails nobody; a refused recipient fails with the relay's own words."""

import pytest

from tocsin.courier.sending.judge import (
    LONG_STREAK,
    LOST_STREAK,
    STREAK,
    Case,
    Judge,
    Sentence,
    normalised,
    speaks_of_recipient,
)

UNKNOWN = "550 5.1.1 <{}>: user unknown"
FULL = "552 5.2.2 mailbox full"
DENIED = "554 5.7.1 <{}>: relay access denied"


def refuse(judge, number, reply, refused_us=None):
    address = f"reader{number}@example.org"
    return judge.refused(Case(number, reply.format(address), address, refused_us))


def sentences(ruling):
    return {case.key: sentence for case, sentence in ruling.cases}


@pytest.fixture
def judge():
    return Judge()


@pytest.mark.parametrize("reply", [UNKNOWN, DENIED])
def test_a_refusal_stands_once_the_relay_takes_another_message(judge, reply):
    assert not refuse(judge, 1, reply).cases
    assert sentences(judge.taken(5)) == {1: Sentence.FAIL}
    assert judge.waiting == 0


def test_an_earlier_acceptance_proves_nothing_about_now(judge):
    judge.taken(5)
    assert not refuse(judge, 1, DENIED).cases


def test_a_refusal_in_other_words_about_its_recipient_proves_that_recipients_are_looked_at(judge):
    refuse(judge, 1, UNKNOWN)
    refuse(judge, 2, DENIED)
    assert sentences(refuse(judge, 3, FULL)) == {1: Sentence.FAIL}
    assert judge.waiting == 2


@pytest.mark.parametrize("reply", [UNKNOWN, DENIED, "550 nothing but words"])
def test_the_same_refusal_many_times_in_a_row_is_the_relays(judge, reply):
    for number in range(STREAK - 1):
        assert not refuse(judge, number, reply).cases
    ruling = refuse(judge, STREAK, reply)
    assert set(sentences(ruling).values()) == {Sentence.ASIDE}
    assert len(ruling.cases) == STREAK
    assert ruling.trouble.startswith(reply[:3])


def test_refusals_in_changing_words_that_speak_of_nobody_are_the_relays_too(judge):
    words = ["relay access denied", "go away", "blocked by policy", "not here"]
    rulings = [refuse(judge, n, f"554 5.7.1 {words[n % 4]}") for n in range(STREAK)]
    assert rulings[-1].trouble
    assert not any(Sentence.FAIL in sentences(ruling).values() for ruling in rulings)


def test_while_the_relay_is_suspect_one_more_refusal_is_enough(judge):
    for number in range(STREAK):
        refuse(judge, number, DENIED)
    ruling = refuse(judge, 99, DENIED)
    assert sentences(ruling) == {99: Sentence.ASIDE}
    assert ruling.trouble
    judge.taken(5)
    assert not refuse(judge, 100, DENIED).trouble


def test_a_suspect_relay_that_looks_at_recipients_again_is_not_suspect(judge):
    for number in range(STREAK):
        refuse(judge, number, DENIED)
    assert not refuse(judge, 99, UNKNOWN).trouble
    assert not refuse(judge, 100, DENIED).trouble


def test_who_is_refused_again_after_others_were_taken_is_refused_even_in_a_streak(judge):
    for number in range(STREAK):
        refuse(judge, number, UNKNOWN)
    judge.taken(50)
    for number in range(3 * STREAK):
        ruling = refuse(judge, number, UNKNOWN, refused_us=40)
        assert sentences(ruling) == {number: Sentence.FAIL}
        assert not ruling.trouble


def test_at_the_end_refusals_about_their_recipient_stand_and_others_are_put_off(judge):
    refuse(judge, 1, UNKNOWN)
    refuse(judge, 2, DENIED)
    assert sentences(judge.idle()) == {1: Sentence.FAIL, 2: Sentence.DEFER}
    assert not judge.idle().cases


def test_a_streak_is_one_even_when_its_refusals_come_one_by_one(judge):
    troubles = []
    for number in range(STREAK):
        troubles.append(refuse(judge, number, UNKNOWN).trouble)
        judge.idle()
    assert troubles[-1]
    assert not any(troubles[:-1])


def test_a_relay_that_always_loses_the_connection_is_in_trouble(judge):
    troubles = [judge.lost("connection lost").trouble for _ in range(LOST_STREAK)]
    assert troubles[-1]
    assert not any(troubles[:-1])
    judge.taken(5)
    assert not judge.lost("connection lost").trouble


def test_a_relay_that_puts_everybody_off_in_ever_new_words_is_in_trouble(judge):
    def put_off(number):
        words = "".join(chr(ord("a") + int(digit)) for digit in str(number))  # numbers are not compared
        return judge.put_off(Case(number, f"451 4.3.0 queue {words} is full", f"reader{number}@a.example"))

    troubles = [put_off(number).trouble for number in range(3 * LONG_STREAK)]
    assert not any(troubles[: LONG_STREAK - 1])
    assert all(troubles[LONG_STREAK - 1 :])
    assert len(judge._streaks) <= LONG_STREAK
    judge.taken(5)
    assert not put_off(0).trouble


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("550 5.1.1 no such user", True),
        ("550 5.2.1 mailbox disabled", True),
        ("553 5.1.8 sender address rejected: domain not found", False),
        ("554 5.7.1 relay access denied", False),
        ("550 5.7.1 recipient rejected by policy", False),
        ("550 No such user here", True),
        ("550 mailbox unavailable", True),
        ("551 User not local", True),
        ("553 sorry, that recipient is unknown", True),
        ("550 relay not permitted", False),
        ("550 Recipient address rejected: relay access denied", False),
        ("554 no such user", False),
        ("550", False),
    ],
)
def test_which_refusals_speak_of_their_recipient(reply, expected):
    assert speaks_of_recipient(reply) is expected


def test_replies_are_compared_without_what_is_personal():
    def words(reply, address):
        return normalised(Case(0, reply, address))

    assert words("550 5.1.1 <ann@a.example>: unknown [id 4f3a]", "ann@a.example") == words(
        "550 5.1.1 <bob@b.example>: unknown [id 99]", "bob@b.example"
    )
    assert words("550 no user ann here", "ann@a.example") == words("550 no user bob here", "bob@a.example")
    assert words("550 5.1.1 unknown", "a@b") != words("550 5.2.1 unknown", "a@b")
    assert words("550 unknown", "a@b") != words("551 unknown", "a@b")
