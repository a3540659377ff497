"""E-mail as the courier is given it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tocsin.channels.email.channel import EmailChannel
from tocsin.courier.channel import Channel, Composed, Relay
from tocsin.courier.message import Message
from tocsin.lib.config import Config, load
from tocsin.lib.errors import BadEnvironment

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
    assert relay.connections == 4
    assert relay.lanes is None
    assert composed


def test_the_demo_without_a_relay_hands_mail_to_the_inbox() -> None:
    channel = EmailChannel.from_config(config(DEMO="1", INBOX_PORT="2525"))
    assert [relay.name for relay in channel.relays] == ["127.0.0.1:2525"]


def test_a_relay_turns_the_inbox_off() -> None:
    channel = EmailChannel.from_config(config(DEMO="1", RELAYS="smtp://a.example smtps://b.example?lanes=alert"))
    assert [relay.name for relay in channel.relays] == ["a.example:25", "b.example:465"]
    assert channel.relays[1].lanes == frozenset({1})


def test_without_relay_and_demo_there_is_nothing_to_hand_mail_to() -> None:
    assert EmailChannel.from_config(config()).relays == ()


def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("no certificate")
    with pytest.raises(BadEnvironment, match="certificate file"):
        EmailChannel.from_config(config(RELAYS=f"smtp://mail?ca={path}"))


@pytest.mark.parametrize("site", ["http://127.0.0.1:8000", "http://[::1]:8000", "https://bücher.example"])
def test_any_site_address_gives_composable_mail(site: str) -> None:
    assert EmailChannel.from_config(config(SITE_URL=site)).compose(1, MESSAGE)


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
