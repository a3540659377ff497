"""What is wrong with a relay or a message for it is named in the log, to the newsroom or on the row; the rest goes on."""

from pathlib import Path

import pytest
import trustme

from tests.certificates import server_context
from tests.channels.email.faulty import FaultyRelay, running
from tests.courier.people import a_message, make_readers, tell_everyone
from tests.courier.running import courier, until, until_books
from tests.running import free_port
from tocsin.audience.models import Address
from tocsin.courier.models import RelayStatus
from tocsin.courier.queries import listing


def of_another_name(folder: Path) -> tuple[FaultyRelay, str]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    return FaultyRelay(tls=server_context(authority, "other.example")), f"smtp://localhost:{{port}}?ca={folder}/ca.pem"


def unknown_authority(folder: Path) -> tuple[FaultyRelay, str]:
    return FaultyRelay(tls=server_context(trustme.CA(), "localhost"), smtps=True), "smtps://localhost:{port}"


def wrong_password(_: Path) -> tuple[FaultyRelay, str]:
    relay = FaultyRelay({"AUTH": "535 5.7.8 bad credentials"}, offers=("AUTH PLAIN LOGIN",))
    return relay, "smtp://user:hunter2@127.0.0.1:{port}?tls=none"


def no_tls_for_a_password(_: Path) -> tuple[FaultyRelay, str]:
    return FaultyRelay(offers=("AUTH PLAIN",)), "smtp://user:hunter2@127.0.0.1:{port}"


def no_such_host(_: Path) -> tuple[FaultyRelay, str]:
    return FaultyRelay(), "smtp://relay.invalid:{port}"


def nobody_there(_: Path) -> tuple[FaultyRelay, str]:
    return FaultyRelay(), f"smtp://127.0.0.1:{free_port()}?tls=none"


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (of_another_name, "STARTTLS: certificate not accepted"),
        (unknown_authority, "connecting: certificate not accepted"),
        (wrong_password, "AUTH: 535 5.7.8 bad credentials"),
        (no_tls_for_a_password, "STARTTLS is not offered"),
        (no_such_host, "connecting: "),
        (nobody_there, "connecting: Connection refused"),
    ],
)
def test_a_relay_that_cannot_be_used_is_named_and_another_does_the_work(log, tmp_path, trouble, words):
    make_readers(5)
    relay, url = trouble(tmp_path)
    sound = FaultyRelay()
    with running(relay), running(sound), courier(f"{url.format(port=relay.port)} {sound.url}", log):
        dispatch = tell_everyone()
        until_books(dispatch.pk, accepted=5)
        until(lambda: RelayStatus.objects.filter(trouble__contains=words).exists())
        until(lambda: words in log.read_text())
    assert len(sound.taken) == 5
    assert relay.taken == []


def test_a_message_over_the_relays_size_fails_with_the_reason_and_the_rest_goes_on(log):
    make_readers(3)
    relay = FaultyRelay({"EHLO": "250 me\nSIZE 20000"})
    with running(relay), courier(relay, log):
        long = tell_everyone(post_id=1, message=a_message(text="A long story. " * 2000))
        short = tell_everyone(post_id=2)
        until_books(short.pk, accepted=3)
        until_books(long.pk, failed=3)
        until(lambda: "takes no message over 20000 octets" in log.read_text())
    assert all("takes no message over 20000 octets" in row.reply for row in listing(long.pk, "failed"))
    assert not RelayStatus.objects.exclude(trouble="").exists()


def test_an_address_that_the_relay_cannot_take_fails_with_the_reason_and_the_rest_goes_on(log):
    reader, *others = make_readers(4)
    Address.objects.filter(pk=reader.pk).update(value="jürgen@example.org")
    relay = FaultyRelay()
    with running(relay), courier(relay, log):
        dispatch = tell_everyone()
        until_books(dispatch.pk, accepted=3, failed=1)
        until(lambda: "SMTPUTF8" in log.read_text())
    (row,) = listing(dispatch.pk, "failed")
    assert "SMTPUTF8" in row.reply
    assert row.address == "jürgen@example.org"
    assert {letter.recipients[0] for letter in relay.taken} == {other.value for other in others}


def test_what_one_relay_cannot_take_another_does(log):
    reader, *_ = make_readers(4)
    Address.objects.filter(pk=reader.pk).update(value="jürgen@example.org")
    small, able = FaultyRelay(), FaultyRelay(offers=("SMTPUTF8",))
    with running(small), running(able), courier(f"{small.url} {able.url}", log):
        until_books(tell_everyone().pk, accepted=4)
    assert "jürgen@example.org" in {letter.recipients[0] for letter in able.taken}
