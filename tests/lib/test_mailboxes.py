"""Guesses about mailboxes: one mailbox's spellings, throw-away domains, slips of the finger."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.lib import addresses, mailboxes

LETTERS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12)


@pytest.mark.parametrize(
    "spelling",
    [
        "mira.capkova@gmail.com",
        "Mira.Capkova@Gmail.com",
        "miracapkova+news@gmail.com",
        "m.i.r.a.c.a.p.k.o.v.a+a.b+c@GMAIL.COM",
        "mira.capkova@googlemail.com",
    ],
)
def test_the_spellings_of_a_mailbox_are_one(spelling):
    assert mailboxes.canonical(addresses.parse(spelling)) == "miracapkova@gmail.com"


@pytest.mark.parametrize("lone", ["+news@example.org", "+@example.org"])
def test_nothing_but_a_plus_part_is_still_a_mailbox(lone):
    assert mailboxes.canonical(addresses.parse(lone)).partition("@")[0].startswith("+")


@given(LETTERS, LETTERS, st.integers(0, 11))
def test_dots_pluses_and_case_never_make_another_mailbox(local, detail, place):
    plain = addresses.parse(f"{local}@example.org")
    dotted = f"{local[:place]}.{local[place:]}".strip(".").upper()
    other = addresses.parse(f"{dotted}+{detail}@EXAMPLE.ORG")
    assert mailboxes.canonical(other) == mailboxes.canonical(plain)
    assert other.key != plain.key


@pytest.mark.parametrize(
    ("address", "disposable"),
    [
        ("mira@mailinator.com", True),
        ("mira@MAILINATOR.com", True),
        ("mira@box.mailinator.com", True),
        ("mira@example.org", False),
        ("mira@gmail.com", False),
        ("mira@notmailinator.example", False),
    ],
)
def test_throw_away_mailboxes_are_known(address, disposable):
    assert mailboxes.is_disposable(addresses.parse(address)) is disposable


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Mira@gmial.com", "Mira@gmail.com"),
        ("mira@gmai.com", "mira@gmail.com"),
        ("mira@gmaill.com", "mira@gmail.com"),
        ("mira@gnail.com", "mira@gmail.com"),
        ("mira@gmail.con", "mira@gmail.com"),
        ("mira@gmail.co", "mira@gmail.com"),
        ("mira@gmial.con", "mira@gmail.com"),
        ("mira@hotmial.com", "mira@hotmail.com"),
        ("mira@outlok.com", "mira@outlook.com"),
        ("mira@example.con", "mira@example.com"),
        ("mira@example.nett", "mira@example.net"),
    ],
)
def test_a_slip_of_the_finger_is_noticed(typed, meant):
    assert mailboxes.likely_meant(addresses.parse(typed)) == meant


@pytest.mark.parametrize("provider", mailboxes.PROVIDERS)
def test_a_provider_is_no_slip_for_another(provider):
    assert mailboxes.likely_meant(addresses.parse(f"mira@{provider}")) is None


@pytest.mark.parametrize(
    "address", ["mira@example.org", "mira@gmx.li", "mira@web.dk", "mira@ville.fr", "mira@xn--80ak6aa92e.com"]
)
def test_what_may_well_be_right_is_left_alone(address):
    assert mailboxes.likely_meant(addresses.parse(address)) is None


@given(st.integers(0, 8), st.sampled_from("abxyz.-"))
def test_every_single_slip_in_a_long_name_is_noticed(place, letter):
    domain = "protonmail.com"
    slips = {
        domain[:place] + domain[place + 1 :],
        domain[:place] + letter + domain[place:],
        domain[:place] + letter + domain[place + 1 :],
        domain[:place] + domain[place + 1] + domain[place] + domain[place + 2 :],
    }
    for slip in slips - {domain}:
        assert mailboxes._meant(slip) == domain
