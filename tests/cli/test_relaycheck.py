"""`tocsin doctor` names what is wrong with a relay, and how to mend it; it opens real sessions and sends nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.certificates import server_context
from tests.channels.email.faulty import DROP, HANG, FaultyRelay, running
from tests.courier.desk import open_ledger
from tests.courier.people import make_readers
from tests.running import free_port
from tocsin.audience.models import Address
from tocsin.channels.email.patience import Patience
from tocsin.cli import relaycheck
from tocsin.cli.finding import Finding
from tocsin.courier.channel import Policy
from tocsin.lib import clock, config
from tocsin.lib.errors import BadEnvironment

GOOD = ("PIPELINING", "SMTPUTF8")
QUICK = Patience(connect=5, greeting=0.3, hello=0.3, tls=5, auth=5, quit=0.3)


def look(*urls: str) -> tuple[relaycheck.Seen, ...]:
    settings = {"TOCSIN_STATE_DIR": "/nowhere", "TOCSIN_RELAYS": " ".join(urls), "TOCSIN_SITE_URL": "https://a.example"}
    return relaycheck.look(config.load_without_keys(settings))


def examine(*urls: str) -> list[Finding]:
    return list(relaycheck.findings(look(*urls)))


def meet(relay: FaultyRelay, url: str = "smtp://127.0.0.1:{port}?tls=none") -> list[Finding]:
    """Look at a faulty relay. Nothing may be sent to it."""
    with running(relay):
        found = examine(url.format(port=relay.port))
    assert not any(command.startswith(("MAIL", "RCPT", "DATA", "BDAT")) for command in relay.commands)
    return found


def only(found: list[Finding], check: str) -> Finding:
    (finding,) = (finding for finding in found if finding.check == check)
    return finding


def test_a_good_relay_takes_mail(authority: trustme.CA, ca: Path):
    relay = FaultyRelay(offers=GOOD, tls=server_context(authority))
    found = meet(relay, f"smtp://localhost:{{port}}?ca={ca}&lanes=alert")
    assert only(found, "relay") == Finding("relay", True, f"localhost:{relay.port} takes mail.")
    assert [finding.check for finding in found] == ["relay", "lanes"]
    assert relay.commands[-1] == "QUIT"


def test_a_typo_in_a_url_is_told_with_its_place():
    with pytest.raises(BadEnvironment, match=r"Relay 2 .*no option conections") as caught:
        look("smtp://127.0.0.1:1", "smtp://127.0.0.1:2?conections=3")
    assert caught.value.mend.startswith("Did you mean connections?")


def test_a_host_that_does_not_resolve():
    finding = only(examine("smtp://relay.invalid:25"), "relay")
    assert not finding.ok
    assert finding.message.startswith("relay.invalid:25 says: connecting: ")
    assert "getent hosts relay.invalid" in finding.mend


def test_a_connection_that_is_refused():
    finding = only(examine(f"smtp://127.0.0.1:{free_port()}"), "relay")
    assert not finding.ok
    assert "Nothing listens there" in finding.mend


@pytest.mark.parametrize(
    ("script", "url", "words", "mend"),
    [
        ({"GREETING": "554 5.7.1 go away"}, "?tls=none", "greeting: 554 5.7.1 go away", "accept this machine"),
        ({"GREETING": HANG}, "?tls=none", "greeting: no answer within", "needs smtps://"),
        ({"GREETING": DROP}, "?tls=none", "greeting: connection closed", "relays.md"),
        ({"EHLO": "550 no", "HELO": "550 5.7.1 bad name"}, "?tls=none", "EHLO: 550 5.7.1 bad name", "TOCSIN_SITE_URL"),
        ({"AUTH": "535 5.7.8 no"}, "?tls=none", "AUTH: 535 5.7.8 no", "Check user and password"),
        ({"AUTH": "454 4.7.0 later"}, "?tls=none", "AUTH: 454 4.7.0 later", "Try again later"),
        ({"EHLO": "250 me\nAUTH GSSAPI"}, "?tls=none", "not offered", "option auth"),
        ({}, "", "STARTTLS is not offered", "587"),
    ],
)
def test_a_relay_that_does_not_let_us_in(
    script: dict[str, Any], url: str, words: str, mend: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(relaycheck, "PATIENCE", QUICK)
    relay = FaultyRelay(script, offers=("AUTH PLAIN",))
    finding = only(meet(relay, f"smtp://user:hunter2@127.0.0.1:{{port}}{url}"), "relay")
    assert not finding.ok
    assert words in finding.message
    assert mend in finding.mend
    assert "hunter2" not in str(finding)


@pytest.mark.parametrize("smtps", [True, False])
@pytest.mark.parametrize(
    ("name", "options", "trusted", "words", "mend"),
    [
        ("other.example", {}, True, "mismatch", "name that the certificate is for"),
        ("localhost", {"not_after": datetime(2020, 1, 1, tzinfo=UTC)}, True, "expired", "must renew"),
        ("localhost", {}, False, "certificate not accepted", "by ca=/path/ca.pem"),
    ],
)
def test_a_certificate_that_is_not_accepted(
    authority: trustme.CA,
    ca: Path,
    name: str,
    options: dict[str, Any],
    trusted: bool,
    words: str,
    mend: str,
    smtps: bool,
):
    relay = FaultyRelay(tls=server_context(authority, name, **options), smtps=smtps)
    url = f"{'smtps' if smtps else 'smtp'}://localhost:{{port}}" + (f"?ca={ca}" if trusted else "")
    finding = only(meet(relay, url), "relay")
    assert not finding.ok
    assert words in finding.message
    assert mend in finding.mend


def test_smtps_where_no_tls_is_spoken():
    finding = only(meet(FaultyRelay(), "smtps://localhost:{port}"), "relay")
    assert not finding.ok
    assert "write smtp://" in finding.mend


def test_a_certificate_that_ends_soon_is_noted(authority: trustme.CA, ca: Path):
    soon = datetime.now(tz=UTC) + timedelta(days=5)
    relay = FaultyRelay(tls=server_context(authority, not_after=soon))
    finding = only(meet(relay, f"smtp://localhost:{{port}}?ca={ca}"), "certificate")
    assert finding.ok
    assert f"{soon:%Y-%m-%d}" in finding.message
    assert finding.mend


def test_a_relay_that_takes_only_small_messages():
    finding = only(meet(FaultyRelay({"EHLO": "250 me\nSIZE 20480"})), "size")
    assert not finding.ok
    assert "20 KB" in finding.message


@pytest.mark.parametrize("size", ["SIZE", "SIZE 0", "SIZE 10485760"])
def test_a_usual_size_is_not_worth_a_word(size: str):
    found = meet(FaultyRelay({"EHLO": f"250 me\n{size}"}))
    assert all(finding.check != "size" for finding in found)


def test_a_relay_without_pipelining_is_noted():
    finding = only(meet(FaultyRelay()), "pipelining")
    assert finding.ok
    assert "slower" in finding.message


def test_lanes_that_nobody_serves():
    finding = only(examine("smtp://127.0.0.1:1?lanes=alert", "smtp://127.0.0.1:2?lanes=transactional"), "lanes")
    assert not finding.ok
    assert "instant, digest" in finding.message


@pytest.mark.parametrize(
    ("urls", "words"),
    [
        (["smtp://localhost"], ["in the queue of localhost:25"]),
        (["smtp://127.0.0.1:1", "smtp://[::1]:2"], ["in the queue of 127.0.0.1:1, [::1]:2"]),
        (["smtp://relay.invalid?connections=1"], ["one connection only"]),
        (["smtp://127.0.0.1:1?connections=1"], ["one connection only", "in the queue of"]),
        (["smtp://relay.invalid"], []),
        (["smtp://relay.invalid?connections=1", "smtp://127.0.0.1:1?lanes=alert,transactional"], []),
        (["smtp://127.0.0.1:1", "smtp://127.0.0.1:2?lanes=alert&connections=1"], []),
        (["smtp://127.0.0.1:1", "smtp://relay.invalid:2"], []),
        (["smtp://127.0.0.1:1?lanes=digest"], []),
    ],
)
def test_alerts_that_would_queue_behind_digests_are_noted(urls: list[str], words: list[str]):
    found = [finding for finding in examine(*urls) if finding.check == "alerts"]
    assert len(found) == len(words)
    for finding, expected in zip(found, words, strict=True):
        assert finding.ok
        assert expected in finding.message
        assert "connections=2" in finding.mend or "lanes=alert,transactional" in finding.mend


@pytest.mark.parametrize(("offers", "address", "expected"), [
    ((), "jürgen@reader.example", 1),
    (("SMTPUTF8",), "jürgen@reader.example", 0),
    ((), "juergen@bücher.example", 0),
])  # fmt: skip
def test_addresses_that_a_relay_cannot_take(db: None, offers: tuple[str, ...], address: str, expected: int):
    make_readers(2)
    Address.objects.filter(pk=Address.objects.first().pk).update(value=address)  # type: ignore[union-attr]
    with running(FaultyRelay(offers=offers)) as relay:
        found = list(relaycheck.readers_out_of_reach(look(relay.url)))
    assert [finding.message.startswith("1 subscribers") for finding in found] == [True] * expected
    assert not any(finding.ok for finding in found)


def test_caps_that_are_used_up_are_noted(committed: str):
    ledger = open_ledger(committed)
    policy = Policy(per_hour=100)
    url = "smtp://127.0.0.1:1?hour=100"
    assert list(relaycheck.used_up(look(url))) == []
    ledger.reserve("127.0.0.1:1", policy, 94, clock.now_us())
    assert list(relaycheck.used_up(look(url))) == []
    again = ledger.reserve("127.0.0.1:1", policy, 94, clock.now_us()).again_us
    ledger.close()
    assert again
    (finding,) = relaycheck.used_up(look(url))
    assert finding.ok
    assert f"until {clock.to_datetime(again):%H:%M} UTC" in finding.message
