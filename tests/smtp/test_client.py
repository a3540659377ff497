"""The conversation: what may be said when, and what each answer leads to."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.smtp.client import Client
from tocsin.smtp.commands import Auth, AuthAnswer, Command, Ehlo, Quit, StartTls
from tocsin.smtp.events import LocalProtocolError, RemoteProtocolError
from tocsin.smtp.replies import Reply
from tocsin.smtp.state import ANSWERED, HOPED, SENDABLE, Phase, Verb, Verdict

SAID = [verb for verb in Verb if verb is not Verb.GREETING]
EHLO = "250-b.example\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250-SMTPUTF8\r\n250 AUTH plain LOGIN\r\n"


def talk(client: Client, *exchange: Command | Verb | str) -> Client:
    """Say commands, hear replies."""
    for turn in exchange:
        if isinstance(turn, str):
            list(client.receive_data(turn.encode()))
        elif isinstance(turn, Verb):
            client.expect(turn)
        else:
            client.send(turn)
    return client


def ready() -> Client:
    return talk(Client(), "220 b.example\r\n", Ehlo("a.example"), EHLO)


def test_a_whole_conversation() -> None:
    client = talk(ready(), Verb.MAIL, "250 ok\r\n", Verb.RCPT, "250 ok\r\n", Verb.DATA, "354 go\r\n", Verb.BODY)
    assert list(client.receive_data(b"250 2.0.0 queued\r\n")) == [(Verb.BODY, Reply(250, ("2.0.0 queued",)))]
    assert client.phase is Phase.READY
    assert client.send(Quit()) == b"QUIT\r\n"
    assert talk(client, "221 bye\r\n").phase is Phase.CLOSED


def test_what_is_offered() -> None:
    client = ready()
    assert client.extensions.keys() == {"SIZE", "STARTTLS", "SMTPUTF8", "AUTH"}
    assert client.size_limit == 1000
    assert client.mechanisms == {"PLAIN", "LOGIN"}


@pytest.mark.parametrize(("offer", "limit"), [("SIZE", None), ("SIZE 0", None), ("SIZE ²", None), ("SIZE many", None)])
def test_a_size_limit_that_is_none(offer: str, limit: int | None) -> None:
    client = talk(Client(), "220 b.example\r\n", Ehlo("a.example"), f"250-b.example\r\n250 {offer}\r\n")
    assert client.size_limit is limit


def test_nothing_is_said_before_the_greeting_nor_while_an_answer_is_due() -> None:
    client = Client()
    with pytest.raises(LocalProtocolError):
        client.send(Ehlo("a.example"))
    talk(client, "220 b.example\r\n", Ehlo("a.example"))
    with pytest.raises(LocalProtocolError, match="EHLO is unanswered"):
        client.expect(Verb.MAIL)


@pytest.mark.parametrize(("phase", "verb"), product(Phase, SAID))
def test_only_what_the_table_lists_can_be_said(phase: Phase, verb: Verb) -> None:
    client = ready()
    client.phase = phase
    assert client.may_send(verb) is (verb in SENDABLE[phase])
    if verb in SENDABLE[phase]:
        client.expect(verb)
        assert list(client.awaiting) == [verb]
    else:
        with pytest.raises(LocalProtocolError):
            client.expect(verb)


def test_a_body_needs_its_354() -> None:
    assert [phase for phase in Phase if Verb.BODY in SENDABLE[phase]] == [Phase.BODY]
    assert [pair for pair, phase in ANSWERED.items() if phase is Phase.BODY] == [(Verb.DATA, Verdict.MORE)]


@pytest.mark.parametrize("verb", SAID)
def test_421_closes_whatever_it_answers(verb: Verb) -> None:
    client = ready()
    client.phase = next(phase for phase in Phase if verb in SENDABLE[phase])
    assert talk(client, verb, "421 4.3.2 closing\r\n").phase is Phase.CLOSED
    assert not any(client.may_send(verb) for verb in Verb)


def test_a_421_nobody_asked_for_closes() -> None:
    client = ready()
    assert list(client.receive_data(b"421 4.4.2 idle for too long\r\n")) == [
        (None, Reply(421, ("4.4.2 idle for too long",)))
    ]
    assert client.phase is Phase.CLOSED


def test_any_other_reply_nobody_asked_for_is_an_error() -> None:
    client = ready()
    with pytest.raises(RemoteProtocolError, match="nobody asked"):
        talk(client, "250 and another thing\r\n")
    assert client.phase is Phase.CLOSED


@pytest.mark.parametrize("verb", SAID)
def test_an_answer_that_is_not_in_the_table_is_an_error(verb: Verb) -> None:
    client = ready()
    client.phase = next(phase for phase in Phase if verb in SENDABLE[phase])
    answer = "250 ok\r\n" if verb is Verb.DATA else "354 more\r\n"
    if verb in {Verb.AUTH, Verb.AUTH_ANSWER}:
        assert talk(client, verb, answer).phase is Phase.AUTHENTICATING
        return
    with pytest.raises(RemoteProtocolError, match="cannot be answered"):
        talk(client, verb, answer)


def test_a_refused_recipient_leaves_the_others_and_the_transaction() -> None:
    client = talk(ready(), Verb.MAIL, "250 ok\r\n", Verb.RCPT, "550 no\r\n")
    assert not client.may_send(Verb.DATA)
    talk(client, Verb.RCPT, "250 ok\r\n", Verb.RCPT, "550 no\r\n")
    assert client.may_send(Verb.DATA)
    assert talk(client, Verb.RSET, "250 ok\r\n").phase is Phase.READY


def test_what_was_said_before_tls_is_forgotten() -> None:
    client = talk(ready(), StartTls(), "220 go\r\n250-injected.example\r\n250 AUTH PLAIN\r\n", "235 injected too\r\n")
    assert not any(client.may_send(verb) for verb in Verb)
    client.secured()
    assert client.may_send(Verb.EHLO)
    assert client.extensions == {}
    assert talk(client, Ehlo("a.example"), "250 b.example\r\n").extensions == {}


def test_tls_cannot_be_up_before_it_was_agreed() -> None:
    with pytest.raises(LocalProtocolError):
        ready().secured()


def test_auth_login_asks_twice() -> None:
    client = talk(ready(), Auth("LOGIN"), "334 VXNlcm5hbWU6\r\n", AuthAnswer("user"), "334 UGFzc3dvcmQ6\r\n")
    assert client.send(AuthAnswer("pass")) == b"cGFzcw==\r\n"
    assert talk(client, "235 welcome\r\n").phase is Phase.READY


def test_without_pipelining_one_command_waits_at_a_time() -> None:
    client = ready()
    assert not client.may_send(Verb.MAIL, Verb.RCPT)
    talk(client, Verb.MAIL)
    assert not client.may_send(Verb.RCPT)


def pipelining() -> Client:
    return talk(Client(), "220 b.example\r\n", Ehlo("a.example"), "250-b.example\r\n250 PIPELINING\r\n")


def test_with_pipelining_what_is_hoped_for_may_be_said() -> None:
    client = pipelining()
    client.expect(Verb.MAIL, Verb.RCPT, Verb.DATA)
    assert not any(client.may_send(verb) for verb in Verb)  # DATA ends its group (RFC 2920 section 3.1)
    talk(client, "250 ok\r\n250 ok\r\n354 go\r\n", Verb.BODY)
    assert [verb for verb in Verb if client.may_send(verb)] == [Verb.MAIL, Verb.RSET]
    client.expect(Verb.MAIL, Verb.RCPT, Verb.DATA)
    assert list(client.awaiting) == [Verb.BODY, Verb.MAIL, Verb.RCPT, Verb.DATA]


def test_a_chunk_is_followed_by_rset_and_nothing_else() -> None:
    client = pipelining()
    client.expect(Verb.RSET, Verb.MAIL, Verb.RCPT, Verb.BDAT)
    assert [verb for verb in Verb if client.may_send(verb)] == [Verb.RSET]
    client.expect(Verb.RSET, Verb.MAIL, Verb.RCPT, Verb.BDAT)


@pytest.mark.parametrize("verb", [verb for verb in SAID if verb not in HOPED])
def test_what_changes_the_connection_waits_for_every_answer(verb: Verb) -> None:
    client = talk(pipelining(), Verb.MAIL)
    assert not client.may_send(verb)
    assert not client.may_send(Verb.RSET, verb)


def test_a_body_is_never_said_in_hope() -> None:
    client = pipelining()
    assert not client.may_send(Verb.MAIL, Verb.RCPT, Verb.DATA, Verb.BODY)
    client.expect(Verb.MAIL, Verb.RCPT, Verb.DATA)
    for answer in ("250 ok\r\n", "250 ok\r\n"):
        assert not talk(client, answer).may_send(Verb.BODY)
    assert talk(client, "354 go\r\n").may_send(Verb.BODY)


def test_after_a_refused_greeting_there_is_only_quit() -> None:
    client = talk(Client(), "554 no service\r\n")
    assert [verb for verb in Verb if client.may_send(verb)] == [Verb.QUIT]


@given(st.lists(st.sampled_from([*SAID, b"250 ok\r\n", b"354 go\r\n", b"550-no\r\n550 no\r\n", b"421 bye\r\n"])))
def test_no_sequence_sends_a_body_without_leave(turns: list[Verb | bytes]) -> None:
    client, leave = pipelining(), False
    for turn in turns:
        if isinstance(turn, Verb):
            if client.may_send(turn):
                client.expect(turn)
                assert turn is not Verb.BODY or leave
                leave = False
            continue
        try:
            for verb, reply in client.receive_data(turn):
                leave = (verb, reply.code) == (Verb.DATA, 354)
        except RemoteProtocolError:
            assert client.phase is Phase.CLOSED


def test_hopes_that_come_true_are_taken_at_once() -> None:
    client = talk(ready(), Verb.MAIL)
    assert client.receive_hoped(b"250 ok\r\n") == [Reply(250, ("ok",))]
    assert client.phase is Phase.ENVELOPE
    assert not client.awaiting


@pytest.mark.parametrize(
    "data",
    [b"550 no\r\n", b"421 bye\r\n", b"354 go\r\n", b"250-ok\r\n", b"250 ok\r\n250 ok\r\n", b"250 o", b"what\r\n", b""],
)
def test_what_is_not_as_hoped_is_not_taken(data: bytes) -> None:
    client = talk(ready(), Verb.MAIL)
    assert client.receive_hoped(data) == []
    assert client.phase is Phase.READY
    assert list(client.awaiting) == [Verb.MAIL]


def test_nothing_is_hoped_for_where_nothing_is_awaited_or_all_is_over() -> None:
    client = talk(ready(), Verb.MAIL, "250 ok\r\n", Verb.RCPT, "550 no\r\n")
    assert client.receive_hoped(b"") == []
    assert client.phase is Phase.ENVELOPE
    client.expect(Verb.RCPT)
    with pytest.raises(RemoteProtocolError):
        list(client.receive_data(b"what?\r\n"))
    assert client.receive_hoped(b"250 ok\r\n") == []
    assert client.phase is Phase.CLOSED
