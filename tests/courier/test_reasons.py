"""The same refusal of many readers is one reason."""

import pytest

from tocsin.courier.reasons import LONGEST, gist


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("550 5.1.1 <anna@example.org>: User unknown", "550 5.1.1 …: User unknown"),
        ("550 5.1.1 anna@example.org no such user", "550 5.1.1 … no such user"),
        ("451 4.7.1 Greylisted for 300 seconds", "451 4.7.1 Greylisted for 300 seconds"),
        ("421 4.7.0 [203.0.113.7] too many errors", "421 4.7.0 […] too many errors"),
        ("421 4.7.0 [2001:db8::12:7] too many errors", "421 4.7.0 […] too many errors"),
        ("452 4.2.2 over quota a640c23a62f3a-ab67626adbsi12345 - gsmtp", "452 4.2.2 over quota … - gsmtp"),
        ("450 try again 1795000000", "450 try again …"),
        ("The address is suppressed: unsubscribed.", "The address is suppressed: unsubscribed."),
        ("  550\tmany   spaces ", "550 many spaces"),
        ("", ""),
    ],
)
def test_what_is_one_deliverys_own_is_left_out(reply: str, reason: str) -> None:
    assert gist(reply) == reason


def test_a_sermon_is_cut_short() -> None:
    assert len(gist("550 no " * 100)) <= LONGEST + 1


def test_an_endless_reply_is_read_in_no_time() -> None:
    assert gist(":" * 20_000 + "@" * 20_000 + "a" * 20_000)
