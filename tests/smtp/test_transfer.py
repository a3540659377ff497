"""The traps of sending many letters over one connection, each by its name."""

from collections.abc import Iterable
from itertools import product

import pytest

from tests.smtp.model import Letter, ready
from tocsin.smtp.events import LocalProtocolError
from tocsin.smtp.letters import End, Ending
from tocsin.smtp.state import Verb
from tocsin.smtp.transfer import SLICE, Transfer, Way

PIPELINED = ("PIPELINING",)
CHUNKED = ("PIPELINING", "CHUNKING")
OK, NO, GO = b"250 ok\r\n", b"550 5.1.1 no such user\r\n", b"354 go ahead\r\n"


def transfer(*offers: str) -> Transfer[Letter]:
    return Transfer(ready(*offers))


def say(via: Transfer[Letter], *numbers: int) -> bytes:
    """Begin these letters; what leaves."""
    for number in numbers:
        via.begin(via.prepare(Letter(number)))
    return leaving(via)


def leaving(via: Transfer[Letter]) -> bytes:
    data = b""
    while via.pending:
        data += b"".join(via.data_to_send())
    return data


def give_body(via: Transfer[Letter]) -> bytes:
    via.give_body()
    return leaving(via)


def envelope(number: int) -> bytes:
    return b"MAIL FROM:<sender%d@a.example>\r\nRCPT TO:<reader%d@b.example>\r\n" % (number, number)


def chunk(number: int) -> bytes:
    body = Letter(number).body
    return b"RSET\r\n" + envelope(number) + b"BDAT %d LAST\r\n" % len(body) + body


def ends(endings: list[Ending[Letter]]) -> list[tuple[int, End]]:
    return [(ending.letter.number, ending.end) for ending in endings]


def test_without_pipelining_each_command_waits_for_its_answer() -> None:
    via = transfer()
    assert via.way is Way.LOCKSTEP
    assert say(via, 1) == b"MAIL FROM:<sender1@a.example>\r\n"
    assert not via.wants
    for answer, command in ((OK, b"RCPT TO:<reader1@b.example>\r\n"), (OK, b"DATA\r\n"), (GO, b"")):
        assert via.receive_data(answer) == []
        assert leaving(via) == command
    assert give_body(via) == Letter(1).body + b".\r\n"
    assert ends(via.receive_data(OK)) == [(1, End.TAKEN)]
    assert via.wants


def test_in_lockstep_a_refusal_is_followed_by_rset() -> None:
    via = transfer()
    say(via, 1)
    via.receive_data(OK)
    leaving(via)
    assert ends(via.receive_data(NO)) == [(1, End.REFUSED)]
    assert say(via, 2) == b"RSET\r\n"
    via.receive_data(OK)
    assert leaving(via) == b"MAIL FROM:<sender2@a.example>\r\n"


def test_the_next_envelope_goes_right_behind_the_dot() -> None:
    via = transfer(*PIPELINED)
    assert say(via, 1) == envelope(1) + b"DATA\r\n"
    assert not via.wants
    via.receive_data(OK + OK + GO)
    assert via.due == Letter(1)
    assert via.wants
    via.give_body()
    assert say(via, 2) == Letter(1).body + b".\r\n" + envelope(2) + b"DATA\r\n"
    assert ends(via.receive_data(OK + OK + OK + GO)) == [(1, End.TAKEN)]
    assert via.due == Letter(2)


def test_several_whole_letters_leave_in_one_flight_each_behind_a_rset() -> None:
    via = transfer(*CHUNKED)
    assert say(via, 1, 2, 3) == chunk(1) + chunk(2) + chunk(3)
    assert via.in_flight == 3
    assert ends(via.receive_data(OK * 12)) == [(1, End.TAKEN), (2, End.TAKEN), (3, End.TAKEN)]


def test_a_body_never_leaves_without_its_354() -> None:
    via = transfer(*PIPELINED)
    say(via, 1)
    for answer in (OK, OK):
        via.receive_data(answer)
        assert via.due is None
        with pytest.raises(LocalProtocolError):
            via.give_body()
    assert ends(via.receive_data(b"451 4.3.0 not now\r\n")) == [(1, End.REFUSED)]
    with pytest.raises(LocalProtocolError):
        via.give_body()
    assert not via.pending


def test_after_a_refused_recipient_the_next_letter_goes_behind_a_rset() -> None:
    via = transfer(*PIPELINED)
    say(via, 1)
    (ending,) = via.receive_data(OK + NO + b"554 5.5.1 no valid recipients\r\n")
    assert (ending.end, ending.verb, ending.words) == (End.REFUSED, Verb.RCPT, "550 5.1.1 no such user")
    assert say(via, 2) == b"RSET\r\n" + envelope(2) + b"DATA\r\n"


def test_a_354_after_a_refused_recipient_is_ended_with_a_lone_dot() -> None:
    via = transfer(*PIPELINED)
    say(via, 1)
    assert via.receive_data(OK + NO + GO) == []
    assert via.due is None
    assert say(via, 2) == b".\r\nRSET\r\n" + envelope(2) + b"DATA\r\n"
    assert ends(via.receive_data(OK)) == [(1, End.REFUSED)]  # 250 to the dot: it went to nobody
    via.receive_data(OK * 3 + GO)
    assert via.due == Letter(2)


def test_a_354_after_a_refused_sender_ends_the_connection() -> None:
    via = transfer(*PIPELINED)
    say(via, 1)
    (ending,) = via.receive_data(b"451 4.3.0 not now\r\n" + OK + GO)
    assert (ending.end, ending.verb) == (End.REFUSED, Verb.MAIL)
    assert via.broken
    assert not via.pending


def test_a_refused_sender_is_our_trouble_and_no_more_letters_are_begun() -> None:
    via = transfer(*CHUNKED)
    say(via, 1)
    bad = b"503 5.5.1 bad sequence\r\n"
    (ending,) = via.receive_data(OK + b"550 5.7.1 not you\r\n" + bad + bad)
    assert (ending.end, ending.verb, ending.code) == (End.REFUSED, Verb.MAIL, 550)
    assert via.spent
    assert not via.wants
    assert via.quit()
    assert leaving(via) == b"QUIT\r\n"


def test_a_chunk_to_a_refused_recipient_went_to_nobody_whatever_is_said() -> None:
    via = transfer(*CHUNKED)
    say(via, 1, 2)
    assert ends(via.receive_data(OK + OK + NO + OK + OK * 4)) == [(1, End.REFUSED), (2, End.TAKEN)]


def test_a_2xx_to_the_body_wins_over_a_refused_sender() -> None:
    via = transfer(*CHUNKED)
    say(via, 1)
    assert ends(via.receive_data(OK + b"451 4.3.0 odd\r\n" + OK + OK)) == [(1, End.TAKEN)]


def test_a_421_answers_its_command_and_nothing_behind_it_was_taken() -> None:
    via = transfer(*CHUNKED)
    say(via, 1, 2, 3, 4)
    endings = via.receive_data(OK * 4 + OK + OK + b"421 4.7.0 too many\r\n")
    assert ends(endings) == [(1, End.TAKEN), (2, End.REFUSED), (3, End.BEHIND), (4, End.BEHIND)]
    assert (endings[1].verb, endings[1].code) == (Verb.RCPT, 421)
    assert via.broken == "421 4.7.0 too many"
    assert via.receive_data(OK * 8) == []


def test_a_421_to_the_dot_says_that_the_letter_was_not_taken() -> None:
    via = transfer(*PIPELINED)
    say(via, 1)
    via.receive_data(OK + OK + GO)
    via.give_body()
    say(via, 2)
    assert ends(via.receive_data(b"421 4.3.2 closing\r\n")) == [(1, End.REFUSED), (2, End.BEHIND)]


def test_a_421_in_place_of_the_body_leaves_nothing_unsure() -> None:
    via = transfer(*PIPELINED)
    say(via, 1)
    (ending,) = via.receive_data(OK + OK + GO + b"421 4.3.2 changed my mind\r\n")
    assert (ending.end, ending.verb, ending.code) == (End.REFUSED, Verb.DATA, 421)
    assert not via.wants


@pytest.mark.parametrize("offers", [PIPELINED, CHUNKED])
def test_only_what_left_can_be_unknown(offers: tuple[str, ...]) -> None:
    via = transfer(*offers)
    for number in (1, 2) if offers == CHUNKED else (1,):
        via.begin(via.prepare(Letter(number)))
    expected = [End.BROKEN, End.BEHIND] if offers == CHUNKED else [End.BROKEN]
    assert [ending.end for ending in via.over("lost")] == expected


def test_a_lost_connection_leaves_unknown_what_left_and_sends_back_the_rest() -> None:
    via = transfer(*CHUNKED)
    say(via, 1, 2)
    via.begin(via.prepare(Letter(3)))
    via.receive_data(OK * 4 + OK)
    assert ends(via.over("lost")) == [(2, End.UNKNOWN), (3, End.BEHIND)]
    via = transfer(*PIPELINED)
    say(via, 1)
    via.receive_data(OK + OK + GO)
    via.give_body()
    say(via, 2)
    assert ends(via.over("lost")) == [(1, End.UNKNOWN), (2, End.BEHIND)]


@pytest.mark.parametrize(
    ("answer", "end"), [(OK, End.UNKNOWN), (b"552 5.3.4 too big\r\n", End.REFUSED), (b"421 bye\r\n", End.REFUSED)]
)
def test_an_answer_before_the_whole_body_left_ends_the_connection(answer: bytes, end: End) -> None:
    via = transfer(*PIPELINED)
    large = Letter(SLICE)
    via.begin(via.prepare(large))
    leaving(via)
    via.receive_data(OK + OK + GO)
    via.give_body()
    assert sum(map(len, via.data_to_send())) == SLICE
    assert ends(via.receive_data(answer)) == [(SLICE, end)]
    assert via.broken
    assert not via.pending


def test_a_large_body_leaves_in_slices_that_hold_no_copy() -> None:
    via = transfer(*PIPELINED)
    large = Letter(SLICE)
    via.begin(via.prepare(large))
    leaving(via)
    via.receive_data(OK + OK + GO)
    via.give_body()
    slices = []
    while via.pending:
        slices.append(via.data_to_send())
    assert b"".join(piece for pieces in slices for piece in pieces) == large.body + b".\r\n"
    assert max(sum(map(len, pieces)) for pieces in slices) <= SLICE
    assert isinstance(slices[0][0], memoryview)


def test_replies_are_matched_first_in_first_out_however_they_are_cut() -> None:
    answers = OK * 4 + OK + OK + b"550-5.1.1 no\r\n550-5.1.1 such\r\n550 5.1.1 user\r\n" + b"503 no\r\n" + OK * 4
    for size in range(1, len(answers) + 1):
        via = transfer(*CHUNKED)
        say(via, 1, 2, 3)
        endings = [e for at in range(0, len(answers), size) for e in via.receive_data(answers[at : at + size])]
        assert ends(endings) == [(1, End.TAKEN), (2, End.REFUSED), (3, End.TAKEN)]
        assert endings[1].words == "550 5.1.1 no such user"


@pytest.mark.parametrize("answer", [NO, b"451 4.3.0 not now\r\n", b"554 5.7.1 denied\r\n"])
def test_a_refusal_ends_a_letter_also_when_all_else_in_its_turn_is_well(answer: bytes) -> None:
    via = transfer(*PIPELINED)
    say(via, 1)
    via.receive_data(OK + OK + GO)
    via.give_body(via.prepare(Letter(2)))
    assert leaving(via) == Letter(1).body + b".\r\n" + envelope(2) + b"DATA\r\n"
    assert ends(via.receive_data(answer + OK + OK + GO)) == [(1, End.REFUSED)]
    assert via.due
    assert via.due.number == 2
    give_body(via)
    assert ends(via.receive_data(OK)) == [(2, End.TAKEN)]


def under_way() -> Transfer[Letter]:
    """The first letter is on its way, and the second one's envelope behind it."""
    via = transfer(*PIPELINED)
    say(via, 1)
    via.receive_data(OK + OK + GO)
    via.give_body(via.prepare(Letter(2)))
    return via


def outcome(pieces: Iterable[bytes]) -> object:
    via = under_way()
    leaving(via)
    endings = [ending for piece in pieces for ending in via.receive_data(piece)]
    told = [(ending.letter.number, ending.end, ending.verb, ending.words, ending.code) for ending in endings]
    stand = via.due, via.broken, via.spent, via.wants, via.client.phase, list(via.client.awaiting)
    return told, stand, leaving(via)


def test_a_turn_means_the_same_at_once_and_line_by_line() -> None:
    replies = [
        OK,
        GO,
        b"251 2.1.5 forwarded\r\n",
        b"421 4.3.2 closing\r\n",
        b"450 4.2.0 not now\r\n",
        NO,
        b"220 hello\r\n",
    ]
    for turn in product(replies, repeat=4):
        assert outcome([b"".join(turn)]) == outcome(turn), turn


@pytest.mark.parametrize(
    "turn",
    [
        b"250-a\r\n250 b\r\n250 c\r\n250 d\r\n354 e\r\n",
        b"250-a\r\n250 b\r\n250 c\r\n354 e\r\n",
        b"250 a\n250 b\n250 c\n354 d\n",
        b"250 a\r\n250 b\r\n250 c\r\n354 d\r\n250 e\r\n",
        b"250 a\r\n250 b\r\n250 c\r\n354-d\r\n",
        b"250 x250 a\r\n250 b\r\n250 c\r\n354 d\r\n",
        b"250 a\r\n\r\n250 c\r\n354 d\r\n",
        b"250 a\r\n250 b\r\n250 c\r\n354 d\r\n2",
    ],
)
def test_a_turn_means_the_same_wherever_it_is_cut(turn: bytes) -> None:
    whole = outcome([turn[at : at + 1] for at in range(len(turn))])
    for first in range(len(turn) + 1):
        assert outcome([turn[:first], turn[first:]]) == whole, first
        for second in range(first, len(turn) + 1):
            assert outcome([turn[:first], turn[first:second], turn[second:]]) == whole, (first, second)


@pytest.mark.parametrize("size", [SLICE - 3, SLICE - 2, SLICE, SLICE + 10])
def test_a_turn_that_comes_before_all_of_the_letter_left_is_no_proof(size: int) -> None:
    class Large(Letter):
        body = b"x" * (size - 2) + b"\r\n"

    via = transfer(*PIPELINED)
    via.begin(via.prepare(Large(1, proven=True)))
    leaving(via)
    via.receive_data(OK + OK + GO)
    via.give_body(via.prepare(Letter(2)))
    assert not b"".join(via.data_to_send()).endswith(b"DATA\r\n")
    assert ends(via.receive_data(OK + OK + OK + GO))[0] == (1, End.UNKNOWN)


def test_where_a_body_lies_is_known_behind_a_whole_turn() -> None:
    via = under_way()
    leaving(via)
    assert ends(via.receive_data(OK + OK + OK + GO)) == [(1, End.TAKEN)]
    via.give_body(via.prepare(Letter(3)))
    assert ends(via.over("connection lost")) == [(2, End.BROKEN), (3, End.BEHIND)]  # nothing of its body left


def test_what_is_offered_is_used() -> None:
    via = transfer(*PIPELINED, "SIZE 1000", "DSN", "SMTPUTF8")
    passage = via.prepare(Letter(1), "4711")
    size = len(Letter(1).body)
    assert passage.mail == b"MAIL FROM:<sender1@a.example> SIZE=%d RET=HDRS ENVID=4711\r\n" % size
    assert passage.rcpt == b"RCPT TO:<reader1@b.example> NOTIFY=FAILURE\r\n"
    passage = transfer(*PIPELINED).prepare(Letter(1), "4711")
    assert passage.mail == b"MAIL FROM:<sender1@a.example>\r\n"
    assert passage.rcpt == b"RCPT TO:<reader1@b.example>\r\n"


def test_what_the_relay_cannot_take_is_not_begun() -> None:
    class Greek(Letter):
        recipient = "αννα@b.example"

    with pytest.raises(LocalProtocolError, match="SMTPUTF8"):
        transfer(*PIPELINED).prepare(Greek(1))
    via = transfer(*PIPELINED, "SMTPUTF8")
    assert via.prepare(Greek(1)).rcpt == "RCPT TO:<αννα@b.example>\r\n".encode()
    assert via.prepare(Greek(1)).mail == b"MAIL FROM:<sender1@a.example> SMTPUTF8\r\n"
    with pytest.raises(LocalProtocolError, match="no message over 10 octets"):
        transfer("SIZE 10").prepare(Letter(1))


def test_a_body_is_looked_at_unless_its_letter_says_it_was() -> None:
    class Misread(Letter):
        body = b"\r\n.\r\nMAIL FROM:<a@b.example>\r\n"

    with pytest.raises(LocalProtocolError, match="begins with a dot"):
        transfer(*CHUNKED).prepare(Misread(1))
    assert transfer(*CHUNKED).prepare(Misread(1, proven=True)).body == Misread.body


def test_after_quit_nothing_is_begun() -> None:
    via = transfer(*PIPELINED)
    assert via.quit()
    assert not via.quit()
    with pytest.raises(LocalProtocolError):
        say(via, 1)
    assert via.receive_data(b"221 bye\r\n") == []
    assert via.broken
