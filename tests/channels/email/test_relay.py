"""What an operator writes in TOCSIN_RELAYS, and what is said of a slip, which is never the password."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.channels.email.options import LANES, LIMITS, OPTIONS, Auth
from tocsin.channels.email.relay import RelaySettings, Tls, parse, parse_all
from tocsin.courier.channel import Policy
from tocsin.courier.models import Lane
from tocsin.lib.errors import BadEnvironment


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("smtp://mail.example.org", RelaySettings("mail.example.org", 25, Tls.OFFERED)),
        ("smtp://mail.example.org:2525/", RelaySettings("mail.example.org", 2525, Tls.OFFERED)),
        ("SMTP://Mail.Example.org", RelaySettings("mail.example.org", 25, Tls.OFFERED)),
        ("smtp://u:p@mail.example.org", RelaySettings("mail.example.org", 587, Tls.DEMANDED, "u", "p")),
        ("smtps://u:p@mail.example.org", RelaySettings("mail.example.org", 465, Tls.AT_ONCE, "u", "p")),
        ("smtps://mail.example.org:587", RelaySettings("mail.example.org", 587, Tls.AT_ONCE)),
        ("smtp://127.0.0.1:25?tls=none", RelaySettings("127.0.0.1", 25, Tls.NEVER)),
        ("smtp://u:p@localhost?tls=none", RelaySettings("localhost", 587, Tls.NEVER, "u", "p")),
        ("smtp://[::1]:2525?tls=none", RelaySettings("::1", 2525, Tls.NEVER)),
        ("smtp://u%40x.example:p%2Fq%23%3F%40@mail", RelaySettings("mail", 587, Tls.DEMANDED, "u@x.example", "p/q#?@")),
        ("smtp://u:tok%3Den@mail?auth=XOAuth2", RelaySettings("mail", 587, Tls.DEMANDED, "u", "tok=en", Auth.XOAUTH2)),
        ("smtp://u:p@mail?auth=cram-md5", RelaySettings("mail", 587, Tls.DEMANDED, "u", "p", Auth.CRAM_MD5)),
    ],
)
def test_what_is_understood(url: str, settings: RelaySettings) -> None:
    assert parse(url) == settings


@pytest.mark.parametrize(
    ("options", "policy"),
    [
        ("connections=12", Policy(connections=12)),
        ("lanes=alert,transactional", Policy(lanes=frozenset({Lane.TRANSACTIONAL.value, Lane.ALERT.value}))),
        ("weight=0", Policy(weight=0)),
        ("rate=14", Policy(per_second=14)),
        ("rate=0.5", Policy(per_second=0.5)),
        ("hour=500&day=2000", Policy(per_hour=500, per_day=2000)),
        ("per_connection=100&window=8", Policy(per_connection=100, window=8)),
        ("ramp=200&day=50000", Policy(ramp=200, per_day=50_000)),
        ("per_destination=2", Policy(per_destination=2)),
    ],
)
def test_how_a_relay_may_be_used(options: str, policy: Policy) -> None:
    assert parse(f"smtp://mail?{options}").policy == policy
    assert parse("smtp://mail").policy == Policy()


@given(st.sampled_from(sorted(LIMITS)), st.integers(-5, 10**10))
def test_a_number_is_taken_within_its_limits_and_refused_beyond(name: str, number: int) -> None:
    limit = LIMITS[name]
    if limit.least <= number <= limit.most:
        assert getattr(parse(f"smtp://mail?{name}={number}").policy, limit.field) == number
    else:
        with pytest.raises(BadEnvironment, match=f"option {name} ") as caught:
            parse(f"smtp://mail?{name}={number}")
        assert f"{limit.most:,}" in caught.value.mend


@pytest.mark.parametrize(
    ("option", "meant"),
    [
        ("conections=4", "connections"),
        ("per_conection=4", "per_connection"),
        ("rates=4", "rate"),
        ("lane=alert", "lanes"),
        ("lanes=alerts", "alert"),
        ("lanes=digest,transactionel", "transactional"),
        ("auth=cram_md5", "cram-md5"),
        ("auth=oauth2", "xoauth2"),
    ],
)
def test_a_typo_is_told_the_nearest_name(option: str, meant: str) -> None:
    with pytest.raises(BadEnvironment) as caught:
        parse(f"smtp://user:pass@mail?{option}")
    assert caught.value.mend.startswith(f"Did you mean {meant}? There are ")


def test_a_name_that_is_like_none_is_told_them_all() -> None:
    with pytest.raises(BadEnvironment) as caught:
        parse("smtp://mail?zzz=1")
    assert caught.value.mend == f"There are {', '.join(OPTIONS)}."


def test_the_lanes_are_the_couriers() -> None:
    assert {lane.name.lower(): lane.value for lane in Lane} == LANES


@pytest.mark.parametrize(("host", "name"), [("mail.example.org", "mail.example.org:25"), ("[::1]", "[::1]:25")])
def test_the_name_is_host_and_port(host: str, name: str) -> None:
    assert parse(f"smtp://{host}").name == name


def test_a_private_authority_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    assert parse(f"smtp://mail?ca={tmp_path}/ca.pem").ca == tmp_path / "ca.pem"


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("mail.example.org:25", "neither smtp:// nor smtps://"),
        ("https://mail.example.org", "neither smtp:// nor smtps://"),
        ("smtp://", "not a host name"),
        ("smtp://:25", "not a host name"),
        ("smtp://ma il", "more than host, port and options"),
        ("smtp://-mail-", "not a host name"),
        ("smtp://mail..example", "not a host name"),
        ("smtp://[::1", "cannot be read"),
        ("smtp://mail:port", "port"),
        ("smtp://mail:0", "port"),
        ("smtp://mail:65536", "port"),
        ("smtp://mail/path", "more than host, port and options"),
        ("smtp://mail#fragment", "more than host, port and options"),
        ("smtp://user@mail", "user without a password"),
        ("smtp://:secret@mail", "user without a password"),
        ("smtp://user:sec%0D%0Aret@mail", "control characters"),
        ("smtp://mail?tsl=none", "no option tsl"),
        ("smtp://mail?tls=maybe", "option tls"),
        ("smtps://mail?tls=none", "option tls"),
        ("smtp://user:secret@mail.example.org?tls=none", "readable by anyone"),
        ("smtp://mail?tls=none&tls=none", "twice"),
        ("smtp://mail?lanes=", "option lanes"),
        ("smtp://mail?lanes=alert,fast", "option lanes"),
        ("smtp://mail?connections=0", "option connections"),
        ("smtp://mail?connections=1000", "option connections"),
        ("smtp://mail?connections=²", "option connections"),
        ("smtp://mail?connections=", "option connections"),
        ("smtp://mail?rate=0", "option rate"),
        ("smtp://mail?rate=-1", "option rate"),
        ("smtp://mail?rate=1e3", "option rate"),
        ("smtp://mail?rate=nan", "option rate"),
        ("smtp://mail?hour=1000&day=500", "option hour is above its option day"),
        ("smtp://mail?ramp=1000&day=500", "option ramp is above its option day"),
        ("smtp://user:pass@mail?auth=digest-md5", "option auth"),
        ("smtp://mail?auth=plain", "nobody to log in as"),
        ("smtp://mail?ca=/nowhere/ca.pem", "option ca"),
        ("smtp://mail?ca=ca.pem", "option ca"),
    ],
)
def test_a_slip_is_named_with_its_mend(url: str, fault: str) -> None:
    with pytest.raises(BadEnvironment, match=f"Relay 3 in TOCSIN_RELAYS: .*{fault}") as caught:
        parse(url, 3)
    assert caught.value.mend


def test_one_relay_is_not_named_twice() -> None:
    with pytest.raises(BadEnvironment, match="mail:25 twice"):
        parse_all(["smtp://mail", "smtp://mail:25"])


@given(st.text("secrt/@#?:%&= é[]"), st.sampled_from(["", ":25", "?tls=none", "?nonsense=1", ":x", "/x"]))
def test_a_password_is_never_told(middle: str, rest: str) -> None:
    password = f"QQ{middle}QQ"
    try:
        settings = parse(f"smtp://user:{password}@mail.example.org{rest}")
        told = repr(settings) + settings.name
    except BadEnvironment as error:
        told = str(error) + error.mend
    assert "QQ" not in told


def test_every_option_is_in_the_guide() -> None:
    guide = Path(__file__).parents[3].joinpath("docs/guide/relays.md").read_text(encoding="utf-8")
    assert [name for name in OPTIONS if f"| `{name}=" not in guide] == []
    assert f"| {Policy().connections} |" in guide
    assert f"| {Policy().window} |" in guide
