"""The demo's sink takes mail over a real socket; what it caught can be listed and read."""

import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tocsin.channels.email import caught
from tocsin.cli import listening

MAIL = b"From: News <news@example.org>\r\nTo: Mira <mira@example.org>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nHello.\r\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "inbox"


@pytest.fixture
def relay(folder: Path) -> Iterator[smtplib.SMTP]:
    """A client connected to a sink that runs as a process of its own."""
    listener = listening.listen(0)
    code = (
        "import pathlib, socket, sys; from tocsin.channels.email import sink\n"
        "sink.run(socket.socket(fileno=int(sys.argv[1])), pathlib.Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", code, str(listener.fileno()), str(folder)]
    with subprocess.Popen(command, pass_fds=[listener.fileno()]) as process:
        with smtplib.SMTP("127.0.0.1", listener.getsockname()[1], timeout=20) as client:
            yield client
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_a_mail_is_kept_before_it_is_acknowledged(relay: smtplib.SMTP, folder: Path):
    relay.sendmail("bounces+1@example.org", ["mira@example.org"], MAIL, ["BODY=8BITMIME"])
    [summary] = caught.mails(folder)
    assert (summary.subject, summary.recipient) == ("Grüße", "mira@example.org")
    mail = caught.load(summary.id, folder)
    assert mail[caught.ENVELOPE_FROM] == "<bounces+1@example.org>"
    assert mail.get_content() == "Hello.\r\n"
    assert caught.source(summary.id, folder).endswith(MAIL)


def test_the_newest_comes_first(relay: smtplib.SMTP, folder: Path):
    for number in range(3):
        relay.sendmail("", ["mira@example.org"], b"Subject: %d\r\n\r\n.\r\n" % number)
    assert [summary.subject for summary in caught.mails(folder)] == ["2", "1", "0"]
    assert [summary.subject for summary in caught.mails(folder, limit=1)] == ["2"]


def test_addresses_beyond_ascii_are_taken_and_shown(relay: smtplib.SMTP, folder: Path):
    relay.ehlo()
    relay.sendmail("news@example.org", ["міра@example.org"], MAIL, ["SMTPUTF8"])
    [summary] = caught.mails(folder)
    assert summary.recipient == "міра@example.org"


@pytest.mark.parametrize(
    "mail_id", ["../secret", "", "x", "0" * 20 + "-1234567g", "0" * 20 + "-12345678\n", "\u0660" * 20 + "-12345678"]
)
def test_an_id_is_not_a_path(folder: Path, mail_id: str):
    with pytest.raises(caught.NoSuchMail):
        caught.load(mail_id, folder)


def test_only_the_newest_are_kept(folder: Path):
    folder.mkdir()
    ids = [caught.keep(MAIL, "", ["mira@example.org"], folder) for _ in range(5)]
    caught.clear(folder, newest=2)
    assert [summary.id for summary in caught.mails(folder)] == [ids[4], ids[3]]


def test_an_empty_inbox_is_no_error(folder: Path):
    assert caught.mails(folder) == []
