"""Tokens in mailed links prove one thing, and only with our key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.lib.tokens import BadToken, ExpiredToken, Signer

SIGNER = Signer(["a key"])
NOW = 1_795_000_000


def token(signer: Signer = SIGNER, purpose: str = "manage", payload: bytes = b"Anna", *, dated: bool = False) -> str:
    return signer.stamp(purpose, dated=dated).token(payload, NOW).decode()


@given(st.binary(max_size=40), st.booleans())
def test_what_was_signed_is_read(payload: bytes, dated: bool) -> None:
    made = token(payload=payload, dated=dated)
    assert made.replace("-", "").replace("_", "").isalnum()
    assert SIGNER.verify("manage", made, max_age=60 if dated else None, now=NOW) == payload


def test_the_same_facts_give_the_same_token() -> None:
    assert token() == token(Signer(["a key"]))


def test_another_purpose_or_key_proves_nothing() -> None:
    for purpose, signer in (("unsubscribe", SIGNER), ("manage", Signer(["another key"]))):
        with pytest.raises(BadToken):
            signer.verify(purpose, token())


def test_keys_can_be_rotated() -> None:
    rotated = Signer(["a new key", "a key"])
    assert rotated.verify("manage", token()) == b"Anna"
    assert rotated.verify("manage", token(rotated)) == b"Anna"
    assert token(rotated) == token(Signer(["a new key"]))


def test_a_token_expires_only_if_it_has_a_date() -> None:
    dated = token(dated=True)
    assert SIGNER.verify("manage", dated, max_age=60, now=NOW + 60) == b"Anna"
    with pytest.raises(ExpiredToken):
        SIGNER.verify("manage", dated, max_age=60, now=NOW + 61)


def test_a_dated_token_is_not_one_for_ever_nor_the_other_way_round() -> None:
    with pytest.raises(BadToken):
        SIGNER.verify("manage", token(dated=True))
    with pytest.raises(BadToken):
        SIGNER.verify("manage", token(payload=b"Anna\0\0\0\0"), max_age=60, now=NOW)


@pytest.mark.parametrize("text", ["", "A", "é", "====", "AAAA", "a b", "AAAAAAAAAAAAAAAAAAAAAA"])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(BadToken):
        SIGNER.verify("manage", text)


def test_every_altered_character_is_noticed() -> None:
    made = token()
    for place, character in enumerate(made):
        altered = made[:place] + ("A" if character != "A" else "B") + made[place + 1 :]
        with pytest.raises(BadToken):
            SIGNER.verify("manage", altered)
