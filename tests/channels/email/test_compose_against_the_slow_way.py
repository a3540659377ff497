"""Whatever is told, to whomever: the spliced message reads as what the standard library's composer makes of it."""

import re
from dataclasses import replace
from email.message import EmailMessage

from hypothesis import example, given
from hypothesis import strategies as st

from tests.channels.email import slow
from tests.channels.email.test_compose import (
    ANNA,
    COMPOSER,
    LINKS,
    NEWS,
    assert_wire_form,
    bodies,
    mailbox,
    oneliners,
    read,
)
from tocsin.courier.channel import Recipient
from tocsin.courier.message import Mark, Message

marks = st.sampled_from(list(Mark))
spoken = st.sampled_from(["\u202eright to left", "a\u0301", "\u0301", "\u200f", "👩‍👩‍👧‍👦", "\ufeff", ". .", "From \t"])
marked = st.lists(bodies | marks | spoken, max_size=6).map("".join)
messages = st.builds(replace, st.just(NEWS), subject=oneliners, sender_name=oneliners, text=marked, html=marked)
people = st.builds(
    Recipient,
    delivery_id=st.integers(1, 2**62),
    address=st.sampled_from(["anna@example.net", "o'hara+news@example.net", "x@" + "a.b-c." * 30 + "example"]),
    name=oneliners,
    public_id=st.binary(min_size=16, max_size=16),
    started_us=st.integers(0, 4_000_000_000_000_000),
)


@given(messages, people)
@example(replace(NEWS, text=f".{Mark.MANAGE}.", html=f"From {Mark.MANAGE}From "), ANNA)
@example(replace(NEWS, text=f"{Mark.DATA}{Mark.DATA}\n\n", html=""), ANNA._replace(name="Ж" * 60))
@example(replace(NEWS, text=".\n.\n", html="<p>\n."), ANNA)
@example(replace(NEWS, text="x" * 74 + "é", html="x" * 73 + "=" + "."), ANNA)
@example(replace(NEWS, subject="", sender_name=""), ANNA._replace(name=""))
@example(replace(NEWS, subject="=?utf-8?B?w6k=?=", sender_name="a" * 80), ANNA._replace(name='Anna "the =?x?=" B.'))
@example(replace(NEWS, text=" ", html="\t"), ANNA._replace(name=" ", public_id=b"\xff" * 16))
def test_a_spliced_message_reads_as_the_slow_one(message: Message, recipient: Recipient) -> None:
    quick = COMPOSER.compose(1, message).address(recipient).body
    assert_wire_form(quick)
    meant = slow.compose(message, recipient, LINKS)
    told = read(quick)
    assert str(told["Subject"]) == message.subject
    assert told["Date"].datetime == meant["Date"].datetime
    assert [mailbox(quick, field) for field in ("From", "To")] == [whom(meant, field) for field in ("From", "To")]
    for field in ("List-Unsubscribe", "List-Unsubscribe-Post"):
        assert told[field] == meant[field]
    assert contents(told) == contents(read(meant.as_bytes()))


def whom(message: EmailMessage, field: str) -> tuple[str, str]:
    [mailbox] = message[field].addresses
    return mailbox.display_name, mailbox.addr_spec


def contents(message: EmailMessage) -> list[tuple[str, str]]:
    """Each part with its text. The standard library writes a lone CR or LF as it is; on the wire both end a line."""
    parts = [part for part in message.walk() if not part.is_multipart()]
    return [(part.get_content_type(), re.sub("\r\n?", "\n", part.get_content())) for part in parts]
