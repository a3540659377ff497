"""Addresses: validated strictly, compared loosely, hashed with a key."""

import hmac

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.lib import addresses

EDGY = st.text(alphabet="aZ9.-_+'!\"\\@ ()<>,;:[]é\N{CYRILLIC SMALL LETTER A}\r\n\0\x7f\u200b\u202e", max_size=80)


@pytest.mark.parametrize(
    ("written", "value", "key"),
    [
        (" Mira@Example.ORG ", "Mira@example.org", "mira@example.org"),
        ("o'neil+news@mail.example.org", "o'neil+news@mail.example.org", "o'neil+news@mail.example.org"),
        ("mira@bücher.example", "mira@bücher.example", "mira@xn--bcher-kva.example"),
        ("mira@xn--bcher-kva.example", "mira@bücher.example", "mira@xn--bcher-kva.example"),
        ("Здравко@example.org", "Здравко@example.org", "здравко@example.org"),
        (f"{'a' * 64}@example.org", f"{'a' * 64}@example.org", f"{'a' * 64}@example.org"),
    ],
)
def test_an_address_is_shown_as_written_and_compared_by_its_key(written, value, key):
    assert addresses.parse(written) == addresses.EmailAddress(value=value, key=key)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "mira",
        "@example.org",
        "mira@",
        "mira@example",
        "mira@@example.org",
        "mira@example.org, bob@example.org",
        "Mira <mira@example.org>",
        "mira@example.org\r\nBcc: bob@example.org",
        "mira@example.org\n",
        "mira\r@example.org",
        "mi\0ra@example.org",
        "mira@exam\N{ZERO WIDTH SPACE}ple.org",
        "mira..x@example.org",
        ".mira@example.org",
        "mira@-example.org",
        "mira@example..org",
        "mira@[192.0.2.1]",
        f"{'a' * 65}@example.org",
        f"mira@{'a' * 64}.org",
        f"mira@{'a.' * 130}org",
        "a" * 10_000,
    ],
)
def test_what_is_no_address_is_refused_in_words(bad):
    with pytest.raises(addresses.BadAddress, match=r"^[A-Z].{10,}\.$"):
        addresses.parse(bad)


@given(st.one_of(EDGY, st.tuples(EDGY, EDGY).map("@".join), EDGY.map("{}@example.org".format)))
@example("a@example.org.")
@example("a@ex_ample.org")
@example("POSTMASTER@example.org")
@example("a" * 64 + "@" + "b" * 63 + "." + "c" * 63 + "." + "d" * 57 + ".org")
def test_the_quick_way_takes_and_refuses_exactly_what_the_library_does(text):
    try:
        parsed = addresses.parse(text)
    except addresses.BadAddress:
        parsed = None
    try:
        slow = validate_email(text.strip(" \t\u00a0"), check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError:
        slow = None
    if parsed is None:
        assert slow is None or any(ord(c) < 32 or c in "\x7f\u200b\u202e" for c in text)
    else:
        assert slow is not None
        assert parsed.key == f"{slow.local_part.casefold()}@{slow.ascii_domain.lower()}"


def test_a_hash_needs_the_key_and_knows_the_channel():
    one = addresses.keyed_hash("key", "email", "mira@example.org")
    assert len(one) == addresses.HASH_OCTETS
    assert one == addresses.keyed_hash("key", "email", "mira@example.org")
    assert one != addresses.keyed_hash("other", "email", "mira@example.org")
    assert one != addresses.keyed_hash("key", "push", "mira@example.org")
    assert one == hmac.digest(b"key", b"email\0mira@example.org", "sha256")[: addresses.HASH_OCTETS]


def test_a_masked_address_shows_its_owner_which_one_it_is():
    assert addresses.masked("mira.reader@example.org") == "m•••@example.org"
