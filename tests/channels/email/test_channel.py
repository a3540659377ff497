"""E-mail as the courier is given it."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP

from tests.channels.email.crew import TrustingCrew
from tocsin.channels.email import caught
from tocsin.channels.email.channel import EmailChannel
from tocsin.channels.email.sink import Keeper
from tocsin.courier.channel import Channel, Composed, Fate, Outcome, Recipient, Relay
from tocsin.courier.message import Mark, Message
from tocsin.lib.config import Config, load
from tocsin.lib.errors import BadEnvironment
from tocsin.lib.links import Links
from tocsin.lib.tokens import Signer

MESSAGE = Message(subject="Hello", text="Hello\n", html="", sender_name="News", sender_email="news@example.org")


def config(**settings: str) -> Config:
    return load(
        {"TOCSIN_STATE_DIR": "/nonexistent", "TOCSIN_SECRET_KEY": "a key", "TOCSIN_ADDRESS_KEY": "another"}
        | {f"TOCSIN_{name}": value for name, value in settings.items()}
    )


def test_it_is_what_the_courier_asks_for() -> None:
    channel: Channel = EmailChannel.from_config(config(RELAYS="smtp://mail.example.org"))
    composed: Composed = channel.compose(1, MESSAGE)
    relay: Relay = channel.relays[0]
    assert channel.name == "email"
    assert relay.name == "mail.example.org:25"
    assert relay.policy.connections == 4
    assert relay.policy.lanes is None
    assert composed


def test_the_demo_without_a_relay_hands_mail_to_the_inbox() -> None:
    channel = EmailChannel.from_config(config(DEMO="1", INBOX_PORT="2525"))
    assert [relay.name for relay in channel.relays] == ["127.0.0.1:2525"]


def test_what_the_demo_tells_is_caught_in_the_inbox(tmp_path: Path) -> None:
    message = replace(
        MESSAGE, subject="Привет, мир 🎉", text=f"Grüße!\n.\n{Mark.MANAGE}\n", html=f"<a href='{Mark.MANAGE}'>."
    )

    async def conversation() -> Outcome:
        server = await asyncio.get_running_loop().create_server(lambda: SMTP(Keeper(tmp_path)), "127.0.0.1", 0)
        channel = EmailChannel.from_config(config(DEMO="1", INBOX_PORT=str(server.sockets[0].getsockname()[1])))
        parcel = channel.compose(1, message).address(
            Recipient(7, "anna@example.net", "Анна", UUID(int=7).bytes, 10**15)
        )
        async with server:
            crew = TrustingCrew([parcel])
            session = await channel.relays[0].connect(crew)
            session.wake()
            await crew.until_idle()
            await session.close()
            return crew.outcomes[0]

    assert asyncio.run(conversation()).fate is Fate.TAKEN
    [summary] = caught.mails(tmp_path)
    mail = caught.load(summary.id, tmp_path)
    assert (summary.subject, summary.recipient) == (message.subject, "anna@example.net")
    link = Links(config().site_url, Signer(config().secret_keys)).manage(UUID(int=7))
    text, page = (part.get_content() for part in mail.iter_parts())
    assert text == f"Grüße!\r\n.\r\n{link}\r\n"
    assert page == f"<a href='{link}'>.\r\n"


def test_a_relay_turns_the_inbox_off() -> None:
    channel = EmailChannel.from_config(config(DEMO="1", RELAYS="smtp://a.example smtps://b.example?lanes=alert"))
    assert [relay.name for relay in channel.relays] == ["a.example:25", "b.example:465"]
    assert channel.relays[1].policy.lanes == frozenset({1})


def test_without_relay_and_demo_there_is_nothing_to_hand_mail_to() -> None:
    assert EmailChannel.from_config(config()).relays == ()


def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("no certificate")
    with pytest.raises(BadEnvironment, match="certificate file"):
        EmailChannel.from_config(config(RELAYS=f"smtp://mail?ca={path}"))


@pytest.mark.parametrize("site", ["http://127.0.0.1:8000", "http://[::1]:8000", "https://bücher.example"])
def test_any_site_address_gives_composable_mail(site: str) -> None:
    channel = EmailChannel.from_config(config(SITE_URL=site))
    mail = channel.compose(1, replace(MESSAGE, bulk=True)).address(
        Recipient(7, "a@b.example", "", UUID(int=7).bytes, 10**15)
    )
    assert mail.body.isascii()


def test_a_site_that_is_no_host_name_is_refused() -> None:
    with pytest.raises(BadEnvironment, match="not a host name"):
        EmailChannel.from_config(config(SITE_URL="https://ü_ü.example"))


def test_it_runs_without_django_and_wagtail() -> None:
    code = (
        "import sys, tocsin.channels.email.channel\n"
        "print({name.partition('.')[0] for name in sys.modules} & {'django', 'wagtail', 'dns'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
