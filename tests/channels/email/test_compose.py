"""What is composed reads, in another's parser, exactly as it was meant, and is in the one wire form."""

import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.channels.email.compose import Composer
from tocsin.courier.channel import CannotCompose, Recipient
from tocsin.courier.message import Mark, Message
from tocsin.lib.links import Links
from tocsin.lib.tokens import Signer

LINKS = Links("https://news.example.org", Signer(["a key"]))
COMPOSER = Composer("news.example.org", LINKS, b"another key")
PERSON = UUID(int=7)
ANNA = Recipient(42, "anna@example.net", "Anna", PERSON.bytes, 1_795_000_000_123_456)
NEWS = Message(
    subject="Council approves budget",
    text="Dear reader\n",
    html="<p>Dear reader</p>\n",
    sender_name="The Example Gazette",
    sender_email="news@example.org",
    list_name="The Example Gazette",
    bulk=True,
)

# What a stored text may hold: no surrogates (no encoding), no C0 and C1 controls but line ends and tabs.
letters = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])
spoken = st.sampled_from(
    ["", ".", "..", ".x", "From ", "From here", "=", "=41", "=\n", " ", "  ", "\t", " \n", "\t\n", "\n", "\n\n", ".\n",
     "x" * 75, "x" * 76, "x" * 77, "x" * 1200, "é" * 40, "🎉" * 30, "שלום עולם", "Ж" * 700, "--=_", "--", "\r\n", "\r"]
)  # fmt: skip
bodies = st.lists(spoken | st.text(letters, max_size=20), max_size=12).map("".join)
oneliners = st.lists(
    st.sampled_from(["", " ", "  ", "=?utf-8?B?w6k=?=", "=?", ",", '"', "\\", "(", ")", "<a@b.example>", ":", ";", "@"])
    | st.sampled_from(["Grüße", "Привет мир", "🎉🎈", "שלום", "word " * 30, "x" * 100, "ж" * 100, ".", "'", "!"])
    | st.text(letters.filter(lambda c: c not in "\u2028\u2029"), max_size=12),
    max_size=6,
).map("".join)


def compose(message: Message, recipient: Recipient = ANNA, edition_id: int = 1) -> bytes:
    return COMPOSER.compose(edition_id, message).address(recipient).body


def read(body: bytes) -> EmailMessage:
    parsed = message_from_bytes(body, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    assert not any(part.defects for part in parsed.walk())
    return parsed


def assert_wire_form(body: bytes) -> None:
    assert body.isascii()
    assert body.endswith(b"\r\n")
    assert body.count(b"\r") == body.count(b"\n") == body.count(b"\r\n")
    lines = body.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(line.startswith((b".", b"From ")) for line in lines)
    content = body.partition(b"\r\n\r\n")[2].split(b"\r\n")
    assert max(map(len, content)) <= 76
    assert not any(line.endswith((b" ", b"\t")) for line in content)


def part_text(body: bytes, subtype: str) -> str:
    part = read(body).get_body((subtype,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def mailbox(body: bytes, field: str) -> tuple[str, str]:
    """By the older parser: the newer one puts spaces between neighbouring encoded words of a name."""
    name, address = parseaddr(message_from_bytes(body)[field].replace("\r\n", ""))
    return str(make_header(decode_header(name))), address


def test_lines_of_headers_are_short_wherever_they_can_be() -> None:
    body = compose(replace(NEWS, subject="Длинное " * 20, sender_name="x " * 60), ANNA._replace(name="Ж" * 100))
    head = body.partition(b"\r\n\r\n")[0]
    assert max(len(line) for line in head.split(b"\r\n") if b"Unsubscribe" not in line) <= 76


def test_the_headers_of_news() -> None:
    parsed = read(compose(replace(NEWS, archived_at="https://news.example.org/budget/", reply_to="desk@example.org")))
    link = LINKS.unsubscribe(PERSON)
    assert {name: str(parsed[name]) for name in parsed} == {
        "From": "The Example Gazette <news@example.org>",
        "To": "Anna <anna@example.net>",
        "Reply-To": "desk@example.org",
        "Subject": "Council approves budget",
        "Date": "Wed, 18 Nov 2026 11:06:40 +0000",
        "Message-ID": str(parsed["Message-ID"]),
        "List-Id": "The Example Gazette <news.news.example.org>",
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Archived-At": "<https://news.example.org/budget/>",
        "Content-Language": "en",
        "MIME-Version": "1.0",
        "Content-Type": str(parsed["Content-Type"]),
    }
    assert [part.get_content_type() for part in parsed.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_plain_mail_that_answers_a_person() -> None:
    parsed = read(compose(replace(NEWS, html="", bulk=False, automatic=True), ANNA._replace(public_id=None, name="")))
    assert parsed.get_content_type() == "text/plain"
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["To"] == "anna@example.net"
    assert "List-Id" not in parsed
    assert "List-Unsubscribe" not in parsed


def test_bulk_mail_to_nobody_known_has_no_one_click() -> None:
    parsed = read(compose(NEWS, ANNA._replace(public_id=None)))
    assert "List-Id" in parsed
    assert "List-Unsubscribe" not in parsed
    assert "List-Unsubscribe-Post" not in parsed


def test_personal_links_stand_where_their_marks_stood() -> None:
    text = f"Manage: {Mark.MANAGE} or\n{Mark.UNSUBSCRIBE}\n{Mark.CONFIRM}{Mark.DATA}.\n"
    page = f'<a href="{Mark.MANAGE}">manage</a><a href="{Mark.DATA}">data</a>\n'
    now = ANNA.started_us // 1_000_000
    body = compose(replace(NEWS, text=text, html=page))
    assert_wire_form(body)
    confirm, data = LINKS.confirm(PERSON, now), LINKS.data(PERSON, now)
    manage = LINKS.manage(PERSON)
    assert part_text(body, "plain") == f"Manage: {manage} or\n{LINKS.unsubscribe(PERSON)}\n{confirm}{data}.\n"
    assert part_text(body, "html") == f'<a href="{manage}">manage</a><a href="{data}">data</a>\n'


def test_links_are_escaped_in_html_only() -> None:
    composer = replace(COMPOSER, links=replace(LINKS, site_url='https://news.example.org/?a=1&b="2"'))
    message = replace(NEWS, text=f"{Mark.MANAGE}\n", html=f'<a href="{Mark.MANAGE}">x</a>\n', bulk=False)
    body = composer.compose(1, message).address(ANNA).body
    assert part_text(body, "plain").startswith('https://news.example.org/?a=1&b="2"/reader/')
    assert part_text(body, "html").startswith('<a href="https://news.example.org/?a=1&amp;b=&quot;2&quot;/reader/')


@given(st.text(letters, max_size=90), st.text(letters, max_size=90))
def test_marks_may_stand_anywhere(before: str, after: str) -> None:
    body = compose(replace(NEWS, text=f"{before}{Mark.MANAGE}{after}", html=""))
    assert_wire_form(body)
    assert part_text(body, "plain") == f"{before}{LINKS.manage(PERSON)}{after}\n"


def test_the_same_recipient_gets_the_same_bytes() -> None:
    message = replace(NEWS, text=f"{Mark.MANAGE} {Mark.CONFIRM}")
    assert compose(message) == compose(message)
    assert compose(message) != compose(message, ANNA._replace(delivery_id=43))


def test_a_message_id_survives_rotated_keys_and_tells_no_count() -> None:
    rotated = replace(COMPOSER, links=Links("https://news.example.org", Signer(["a new key", "a key"])))
    first, again = (read(c.compose(1, NEWS).address(ANNA).body)["Message-ID"] for c in (COMPOSER, rotated))
    assert first == again
    assert re.fullmatch(r"<[0-9a-f]{32}@news\.example\.org>", str(first))


def test_the_boundary_is_the_editions_and_cannot_occur_in_its_content() -> None:
    first, second = (read(compose(NEWS, edition_id=number)).get_boundary() for number in (1, 2))
    assert first != second
    body = compose(replace(NEWS, text=f"--{first}--\n", html=f"--{first}\n"))
    assert body.count(f"--{first}".encode()) == 3
    assert part_text(body, "plain") == f"--{first}--\n"


@pytest.mark.parametrize(
    ("address", "envelope", "shown"),
    [
        ("anna@example.net", "anna@example.net", "anna@example.net"),
        ("O'Hara+news@Example.NET", "O'Hara+news@Example.NET", "O'Hara+news@Example.NET"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example", "anna@xn--bcher-kva.example"),
    ],
)
def test_domains_go_out_as_a_labels(address: str, envelope: str, shown: str) -> None:
    parcel = COMPOSER.compose(1, NEWS).address(ANNA._replace(address=address))
    assert parcel.recipient == envelope
    assert parcel.return_path == "news@example.org"
    assert [a.addr_spec for a in read(parcel.body)["To"].addresses] == [shown]


def test_a_local_part_outside_ascii_is_in_the_envelope_and_shown_as_a_name() -> None:
    parcel = COMPOSER.compose(1, NEWS).address(ANNA._replace(address="анна@пример.рф", name="Анна"))
    assert parcel.recipient == "анна@xn--e1afmkfd.xn--p1ai"
    assert_wire_form(parcel.body)
    to = read(parcel.body)["To"]
    assert [(group.display_name, group.addresses) for group in to.groups] == [("Анна анна@пример.рф", ())]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"subject": "Hello\r\nBcc: all@example.org"}, "Subject contains a line break"),
        ({"subject": "Hello\nBcc: all@example.org"}, "Subject contains a line break"),
        ({"subject": "Hello\0"}, "Subject contains"),
        ({"subject": "Hello\x85"}, "Subject contains"),
        ({"subject": "Hello\u2028"}, "Subject contains"),
        ({"subject": "Hello\ud83c"}, "Subject contains"),
        ({"subject": f"Hello {Mark.MANAGE}"}, "Subject contains"),
        ({"sender_name": "A\r\nB"}, "From contains"),
        ({"sender_email": "news"}, "sender"),
        ({"sender_email": "news@example.org\r\nBcc: a@b.example"}, "sender"),
        ({"reply_to": "nobody"}, "Reply-To"),
        ({"list_name": "A\nB"}, "List-Id contains"),
        ({"language": "en\r\nX: y"}, "language"),
        ({"text": "Hello \x02nonsense\x03"}, "mark"),
        ({"text": "Hello \x02manage"}, "mark"),
        ({"html": "Hello \x03"}, "mark"),
        ({"text": "Hello \ud83c"}, "half a character"),
    ],
)
def test_what_cannot_be_composed_says_why(change: dict[str, str], reason: str) -> None:
    with pytest.raises(CannotCompose, match=reason):
        COMPOSER.compose(1, replace(NEWS, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": "Anna\r\nBcc: all@example.org"}, "To contains"),
        ({"address": "anna"}, "not a valid e-mail address"),
        ({"address": "anna.@example.net"}, "not a valid e-mail address"),
        ({"address": "anna@example-.net"}, "not a valid e-mail address"),
        ({"address": "anna@example.net>\r\nRCPT TO:<b@example.net"}, "line breaks"),
        ({"address": "a@" + "b" * 10_000}, "too long"),
        ({"public_id": None}, "personal link"),
    ],
)
def test_whom_nothing_can_be_addressed_to_is_told_why(change: dict[str, str], reason: str) -> None:
    edition = COMPOSER.compose(1, replace(NEWS, text=f"{Mark.MANAGE}"))
    with pytest.raises(CannotCompose, match=reason):
        edition.address(ANNA._replace(**change))  # type: ignore[arg-type]


def test_a_very_long_address_of_a_post_is_left_out() -> None:
    parsed = read(compose(replace(NEWS, archived_at="https://news.example.org/" + "ж" * 255)))
    assert "Archived-At" not in parsed


@pytest.mark.parametrize(
    ("site", "reason"),
    [
        ("https://bücher.example", "not ASCII"),
        ("https://news.example.org/" + "x" * 1000, "header line that is too long"),
    ],
)
def test_an_edition_is_proven_to_be_in_the_wire_form(site: str, reason: str) -> None:
    with pytest.raises(CannotCompose, match=reason):
        replace(COMPOSER, links=replace(LINKS, site_url=site)).compose(1, NEWS)
