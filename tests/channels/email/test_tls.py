"""Verified TLS and AUTH, against a real mail server and against one that cheats."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.certificates import server_context
from tests.channels.email.crew import PARCEL, TrustingCrew
from tests.channels.email.faulty import Answer, FaultyRelay
from tocsin.channels.email.relay import parse
from tocsin.channels.email.wire import SmtpRelay
from tocsin.courier.channel import Fate, Outcome, RelayTrouble

pytestmark = pytest.mark.usefixtures("either_loop")


@dataclass
class Sink:
    """An aiosmtpd handler that keeps what it is given."""

    envelopes: list[Envelope] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert session.ssl
        self.envelopes.append(envelope)
        return "250 2.0.0 kept"


def check(server: Any, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
    known = (data.login, data.password) == (b"user", "pä/ss@word".encode())
    return AuthResult(success=known, handled=False)


@asynccontextmanager
async def mail_server(sink: Sink, tls: ssl.SSLContext, **options: Any) -> AsyncIterator[int]:
    """A real server that demands STARTTLS and AUTH. Its port."""

    def accept() -> SMTP:
        return SMTP(
            sink, tls_context=tls, require_starttls=True, authenticator=check, auth_required=True, **options
        )  # fmt: skip

    server = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def hand_over(url: str) -> Outcome:
    crew = TrustingCrew([PARCEL])
    session = await SmtpRelay(parse(url), "news.example.org").connect(crew)
    session.wake()
    await crew.until_idle()
    await session.close()
    return crew.outcomes[0]


async def meet(faulty: FaultyRelay, url: str) -> Outcome:
    """Hand the parcel to a faulty relay."""
    async with faulty:
        return await hand_over(url.format(port=faulty.port))


def deliver(authority: trustme.CA, url: str, **options: Any) -> tuple[Outcome, Sink]:
    """Hand the parcel to a real server. `{port}` in the URL is its port."""
    sink = Sink()

    async def conversation() -> Outcome:
        async with mail_server(sink, server_context(authority), **options) as port:
            return await hand_over(url.format(port=port))

    return asyncio.run(conversation()), sink


@pytest.mark.parametrize("excluded", [[], ["PLAIN"]], ids=["PLAIN", "LOGIN"])
def test_a_parcel_goes_over_starttls_and_auth(authority: trustme.CA, ca: Path, excluded: list[str]) -> None:
    url = f"smtp://user:p%C3%A4%2Fss%40word@localhost:{{port}}?ca={ca}"
    outcome, sink = deliver(authority, url, auth_exclude_mechanism=excluded)
    assert outcome == Outcome(Fate.TAKEN, "250 2.0.0 kept", "body")
    assert [envelope.content for envelope in sink.envelopes] == [PARCEL.body]


def test_a_wrong_password_is_the_relays_trouble_and_not_told(authority: trustme.CA, ca: Path) -> None:
    with pytest.raises(RelayTrouble, match=r"AUTH: 535 5\.7\.8") as caught:
        deliver(authority, f"smtp://user:hunter2@localhost:{{port}}?ca={ca}")
    assert "hunter2" not in str(caught.value)


def test_an_unknown_authority_is_refused(authority: trustme.CA) -> None:
    with pytest.raises(RelayTrouble, match="STARTTLS: certificate not accepted"):
        deliver(authority, "smtp://user:pass@localhost:{port}")


def test_a_certificate_of_another_name_is_refused(authority: trustme.CA, ca: Path) -> None:
    faulty = FaultyRelay(tls=server_context(authority, "other.example"))
    with pytest.raises(RelayTrouble, match=r"STARTTLS: certificate not accepted: .*localhost"):
        asyncio.run(meet(faulty, f"smtp://localhost:{{port}}?ca={ca}"))
    assert faulty.commands == ["GREETING", "EHLO news.example.org", "STARTTLS"]


@pytest.mark.parametrize("smtps", [True, False])
def test_tls_at_once_and_by_starttls(authority: trustme.CA, ca: Path, smtps: bool) -> None:
    faulty = FaultyRelay(tls=server_context(authority), smtps=smtps)
    scheme = "smtps" if smtps else "smtp"
    assert asyncio.run(meet(faulty, f"{scheme}://localhost:{{port}}?ca={ca}")).fate is Fate.TAKEN
    assert ("STARTTLS" in faulty.commands) is not smtps


def test_tls_at_once_verifies_too(authority: trustme.CA) -> None:
    faulty = FaultyRelay(tls=server_context(authority), smtps=True)
    with pytest.raises(RelayTrouble, match="connecting: certificate not accepted"):
        asyncio.run(meet(faulty, "smtps://localhost:{port}"))
    assert faulty.commands == []


def test_without_a_password_starttls_is_taken_only_if_offered() -> None:
    assert asyncio.run(meet(FaultyRelay(), "smtp://localhost:{port}")).fate is Fate.TAKEN


def test_a_password_is_not_sent_in_the_clear() -> None:
    faulty = FaultyRelay({"EHLO": "250 faulty.example\nAUTH PLAIN LOGIN"})
    with pytest.raises(RelayTrouble, match="STARTTLS is not offered"):
        asyncio.run(meet(faulty, "smtp://user:pass@localhost:{port}"))
    assert not any(command.startswith("AUTH") for command in faulty.commands)


def test_what_was_injected_before_tls_is_not_believed(authority: trustme.CA, ca: Path) -> None:
    injected = b"220 go ahead\r\n250-injected.example\r\n250 SIZE 1\r\n"
    faulty = FaultyRelay({"STARTTLS": injected}, tls=server_context(authority))
    assert asyncio.run(meet(faulty, f"smtp://localhost:{{port}}?ca={ca}")).fate is Fate.TAKEN
    assert faulty.commands.count("EHLO news.example.org") == 2


@pytest.mark.parametrize("answer", ["454 4.7.0 TLS not available", "501 no", b"220 go\r\n250 and more\r\n"])
def test_refused_or_broken_starttls_is_the_relays_trouble(answer: Answer) -> None:
    faulty = FaultyRelay({"EHLO": "250 faulty.example\nSTARTTLS", "STARTTLS": answer})
    with pytest.raises(RelayTrouble):
        asyncio.run(meet(faulty, "smtp://localhost:{port}"))


@pytest.mark.parametrize(
    ("offer", "answer", "words"),
    [
        ("AUTH GSSAPI", "235 ok", "AUTH PLAIN or LOGIN or CRAM-MD5 is not offered"),
        ("AUTH XOAUTH2", "235 ok", "not offered"),
        ("AUTH CRAM-MD5", "334 what?", "the challenge is not base64"),
        ("SIZE", "235 ok", "not offered"),
        ("AUTH PLAIN", "535 5.7.8 bad credentials", "AUTH: 535 5.7.8 bad credentials"),
        ("AUTH PLAIN", "454 4.7.0 temporary", "AUTH: 454 4.7.0 temporary"),
        ("AUTH PLAIN", "334 more", "AUTH: 334 more"),
        ("AUTH LOGIN", "334 VXNlcm5hbWU6", "AUTH"),
    ],
)
def test_auth_that_does_not_succeed_is_the_relays_trouble(offer: str, answer: str, words: str) -> None:
    faulty = FaultyRelay({"EHLO": f"250 faulty.example\n{offer}", "AUTH": answer})
    with pytest.raises(RelayTrouble, match=words):
        asyncio.run(meet(faulty, "smtp://user:pass@localhost:{port}?tls=none"))


def test_a_token_that_is_refused_is_told_in_the_relays_words() -> None:
    faulty = FaultyRelay(
        {
            "EHLO": "250 faulty.example\nAUTH PLAIN XOAUTH2",
            "AUTH": "334 eyJzdGF0dXMiOiI0MDEifQ==",
            "": "535 5.7.8 expired",
        }
    )
    with pytest.raises(RelayTrouble, match=r"AUTH: 535 5\.7\.8 expired"):
        asyncio.run(meet(faulty, "smtp://user:token@localhost:{port}?tls=none&auth=xoauth2"))


def test_the_mechanism_that_was_chosen_is_used() -> None:
    faulty = FaultyRelay(
        {"EHLO": "250 faulty.example\nAUTH PLAIN CRAM-MD5", "AUTH": lambda a: None if a == "CRAM-MD5" else "535 no"}
    )
    asyncio.run(meet(faulty, "smtp://user:pass@localhost:{port}?tls=none&auth=cram-md5"))
    assert "AUTH CRAM-MD5" in faulty.commands
