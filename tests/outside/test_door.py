"""The door lets nobody lead us to ourselves or our neighbours, and nobody keep or flood us."""

import gzip
import ssl
import time
from dataclasses import replace
from ipaddress import ip_address

import pytest
import trustme

from tests.certificates import server_context
from tests.outside.servers import door, page, serving
from tocsin.lib.errors import Refused
from tocsin.outside.door import Door
from tocsin.outside.exchange import Limits

QUICK = Limits(seconds=10, octets=50_000, redirects=3)
IMPATIENT = replace(QUICK, seconds=0.6)


def fetched(server, url="", limits=QUICK, **names):
    return door(server, **names).fetch(url or server.url(), accept="text/html", limits=limits)


def refusal(server, url="", limits=QUICK, **names) -> str:
    with pytest.raises(Refused) as refused:
        fetched(server, url, limits, **names)
    assert refused.value.mend.endswith(".")
    return refused.value.message


def test_a_page_comes_with_its_type_and_nothing_of_ours_goes_along():
    with serving(page(b"<p>Hello", Content_Type="Text/HTML; charset=utf-8", Set_Cookie="a=b")) as server:
        answer = fetched(server, server.url(path="/a?b=c"))
    assert (answer.body, answer.content_type) == (b"<p>Hello", "text/html")
    [asked] = server.asked
    assert asked.lower().startswith(f"get /a?b=c http/1.1\r\nhost: there.example:{server.port}\r\n")
    assert "User-Agent: Tocsin" in asked
    assert not {"cookie", "authorization", "referer"} & {line.split(":")[0].lower() for line in asked.split("\r\n")}


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "[64:ff9b::7f00:1]",
        "[fd00::1]",
        "2130706433",
        "0x7f.1",
        "127.1",
        "127.0.0.1.",
        "１２７.0.0.1",
    ],
)
def test_this_machine_and_its_neighbours_are_never_visited(host):
    with serving(page(b"secret")) as server:
        public_only = Door(resolve=lambda *_: [ip_address("127.0.0.1")], ports=frozenset({server.port}))
        with pytest.raises(Refused):
            public_only.fetch(f"http://{host}:{server.port}/", accept="*/*", limits=QUICK)
    assert server.visits == 0


def test_one_bad_address_among_good_ones_is_enough():
    with serving(page(b"secret")) as server:
        both = Door(
            resolve=lambda *_: [ip_address("93.184.216.34"), ip_address("127.0.0.1")], ports=frozenset({server.port})
        )
        with pytest.raises(Refused, match="no public server"):
            both.fetch(server.url(), accept="*/*", limits=QUICK)
    assert server.visits == 0


def test_a_name_that_changes_its_address_is_visited_where_it_was_looked_at():
    answers = iter(["127.0.0.1", "10.0.0.1"])
    asked = []

    def resolve(host, seconds):
        asked.append(host)
        return [ip_address(next(answers))]

    with serving(page(b"public")) as server:
        rebinding = replace(door(server), resolve=resolve)
        assert rebinding.fetch(server.url(), accept="*/*", limits=QUICK).body == b"public"
    assert asked == ["there.example"]  # never a second time, by whomever


@pytest.mark.parametrize(
    "to",
    [
        "http://10.0.0.1/",
        "http://[::1]/",
        "//169.254.169.254/latest/meta-data/",
        "http://inner.example/",
        "file:///etc/passwd",
        "http://user@there.example/",
        "http://there.example:22/",
        "http://[::1",
    ],
)
def test_a_redirect_comes_through_the_door_anew(to):
    with serving(page(b"", "302 Found", Location=to)) as server:
        refusal(server, inner_example="192.168.0.1")
    assert server.visits == 1


def test_redirects_are_followed_and_have_an_end():
    def answer(connection, head):
        number = int(head.split()[1].strip("/"))
        connection.sendall(page(b"there", "200 OK" if number == 3 else "301 Moved", Location=f"/{number + 1}"))

    with serving(answer) as server:
        arrived = fetched(server, server.url(path="/0"))
        assert (arrived.body, arrived.url) == (b"there", server.url(path="/3"))
        assert "without end" in refusal(server, server.url(path="/-10"))


def test_a_port_nobody_surfs_on_is_not_visited():
    with serving(page()) as server:
        assert "port 25" in refusal(server, "http://there.example:25/")


def endless(connection, _):
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 10_000)


def test_an_endless_body_is_refused_or_cut():
    with serving(endless) as server:
        assert "larger than" in refusal(server)
        assert len(fetched(server, limits=replace(QUICK, may_be_cut=True)).body) == QUICK.octets


def test_a_small_answer_that_unpacks_to_gigabytes_is_refused_or_cut():
    bomb = page(gzip.compress(b"\0" * 30_000_000), Content_Encoding="gzip")
    assert len(bomb) < QUICK.octets
    with serving(bomb) as server:
        assert "larger than" in refusal(server)
        assert len(fetched(server, limits=replace(QUICK, may_be_cut=True)).body) == QUICK.octets


def trickle(start, piece):
    def answer(connection, _):
        connection.sendall(start)
        for _ in range(200):
            time.sleep(0.05)
            connection.sendall(piece)

    return answer


@pytest.mark.parametrize(
    ("start", "piece"),
    [(b"", b"H"), (b"HTTP/1.1 200 OK\r\n", b"a"), (b"HTTP/1.1 200 OK\r\n\r\n", b"a"), (b"HTTP/1.1 200 OK\r\n", b"")],
)
def test_a_trickle_ends_in_time(start, piece):
    with serving(trickle(start, piece)) as server:
        began = time.monotonic()
        refusal(server, limits=IMPATIENT)
        assert time.monotonic() - began < 9  # the limit is 0.6; the trickle lasts for ten


@pytest.mark.parametrize(
    "answer",
    [
        b"\x16\x03\x01\x02\x00",
        b"220 mail.example ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
        page(b"not gzip", Content_Encoding="gzip"),
        page(b"?", Content_Encoding="br"),
        page(b"gone", "404 Not Found"),
        page(b"", "302 Found"),
        b"",
    ],
)
def test_what_is_no_good_answer_is_refused_in_words(answer):
    with serving(answer) as server:
        assert refusal(server)


def test_a_server_that_is_not_there_is_said():
    with serving(page()) as server:
        assert "no server nowhere.example" in refusal(server, "http://nowhere.example/")
        gone = server.port
    assert refusal(server, f"http://there.example:{gone}/")


def trusting(authority: trustme.CA):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_tls_is_for_the_name_and_not_for_the_address():
    known, unknown = trustme.CA(), trustme.CA()
    with serving(page(b"private"), tls=server_context(known, "there.example")) as server:
        assert replace(door(server), context=lambda: trusting(known)).fetch(server.url(), accept="*/*", limits=QUICK)
        with pytest.raises(Refused, match="certificate"):
            replace(door(server), context=lambda: trusting(unknown)).fetch(server.url(), accept="*/*", limits=QUICK)
    with (
        serving(page(b"private"), tls=server_context(known, "else.example")) as server,
        pytest.raises(Refused, match="certificate"),
    ):
        replace(door(server), context=lambda: trusting(known)).fetch(server.url(), accept="*/*", limits=QUICK)
