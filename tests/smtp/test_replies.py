"""Replies are read the same however the bytes are cut, and nothing hostile gets through or eats memory."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.smtp.replies import MAX_LINE_OCTETS, MAX_LINES, WORDS, BadReply, Reply, ReplyParser

codes = st.integers(200, 599)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "), max_size=60)
replies = st.builds(Reply, codes, st.lists(texts, min_size=1, max_size=6).map(tuple))


def wire(reply: Reply, end: str = "\r\n") -> bytes:
    marks = ["-"] * (len(reply.lines) - 1) + [" "]
    return "".join(f"{reply.code}{mark}{line}{end}" for mark, line in zip(marks, reply.lines, strict=True)).encode()


def read(*chunks: bytes) -> list[Reply]:
    parser, found = ReplyParser(), []
    for chunk in chunks:
        found += parser.receive_data(chunk)
    return found


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@given(st.lists(replies, max_size=4), st.sampled_from(["\r\n", "\n"]), st.lists(st.integers(0), max_size=12))
def test_any_chunks_give_the_same_replies(sent: list[Reply], end: str, places: list[int]) -> None:
    data = b"".join(wire(reply, end) for reply in sent)
    assert read(*cut(data, places)) == sent


@given(st.lists(replies, max_size=3), st.binary(max_size=300), st.lists(st.integers(0), max_size=8))
@example([], b"220 ok\r\n\xff\xfe", [])
def test_whatever_comes_is_replies_or_refused(sent: list[Reply], noise: bytes, places: list[int]) -> None:
    data = b"".join(map(wire, sent)) + noise

    def outcome(chunks: list[bytes]) -> tuple[list[Reply], bool]:
        parser, found = ReplyParser(), []
        try:
            for chunk in chunks:
                for reply in parser.receive_data(chunk):
                    found.append(reply)  # noqa: PERF402 - those before a bad one count
        except BadReply:
            return found, True
        return found, False

    whole, pieces = outcome([data]), outcome(cut(data, places))
    assert whole == pieces
    assert whole[0][: len(sent)] == sent
    for reply in whole[0]:
        assert reply.words.isprintable()
        assert len(reply.words) <= WORDS


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n",
        b"2500 four digits\r\n",
        b"25 two digits\r\n",
        b"150 not in SMTP\r\n",
        b"600 not in SMTP\r\n",
        b"250_ok\r\n",
        b"\r\n",
        b"\xb2\xb5\xb0 digits, but not ASCII\r\n",
        b"250-one\r\n251 two\r\n",
        b"250-one\r\nand no code\r\n",
    ],
)
def test_what_is_not_a_reply_is_refused(data: bytes) -> None:
    with pytest.raises(BadReply):
        read(data)


def test_a_line_that_never_ends_is_cut_off() -> None:
    with pytest.raises(BadReply, match="longer"):
        read(*[b"250 "] * MAX_LINE_OCTETS)


def test_a_reply_that_never_ends_is_cut_off() -> None:
    with pytest.raises(BadReply, match="lines"):
        read(*[b"250-and\r\n"] * (MAX_LINES + 1))


def test_a_code_may_stand_alone() -> None:
    assert read(b"250\r\n", b"354-\r\n354\r\n") == [Reply(250, ("",)), Reply(354, ("", ""))]


@pytest.mark.parametrize(
    ("lines", "enhanced"),
    [
        (("5.1.1 no such user",), "5.1.1"),
        (("5.7.1",), "5.7.1"),
        (("4.1.1 of another class",), None),
        (("5.1.1.1 too long",), None),
        (("no such user 5.1.1",), None),
    ],
)
def test_the_enhanced_code_is_the_first_word(lines: tuple[str, ...], enhanced: str | None) -> None:
    assert Reply(550, lines).enhanced == enhanced


def test_the_words_are_one_line_without_repetition_and_controls() -> None:
    (reply,) = read(b"550-5.1.1 The account\tdoes\x00not exist.\r\n550 5.1.1   See https://example.org/\x1b[31m\r\n")
    assert reply.words == "550 5.1.1 The account does not exist. See https://example.org/ [31m"


def test_long_words_are_cut() -> None:
    assert len(Reply(550, ("long " * 500,)).words) == WORDS
