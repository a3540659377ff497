"""HTTP/1.1 from bare sockets: what is doubtful is refused, and nobody can smuggle a request past another's."""

import socket
import time

import pytest

from tests.posts import published
from tests.web.serving.house import House, rest
from tocsin.web.cache.entries import Entry, Rendered
from tocsin.web.serving import protocol

pytestmark = pytest.mark.database

LIMIT = protocol.LONGEST_HEAD
CLOSE = "Connection: close"


@pytest.fixture(scope="module")
def path(site: House) -> str:
    """A page whose bytes are ready."""
    made: str = published("The ready page", slug="ready-page").url
    site.get(made)
    return made


def simple(site: House, path: str, *lines: str, method: str = "GET") -> bytes:
    head = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{site.port}", *lines]
    return ("\r\n".join(head) + "\r\n\r\n").encode("latin-1")


def statuses(received: bytes) -> list[int]:
    """The statuses of all answers in a stream, bodies skipped by their length."""
    found = []
    while received:
        head, _, received = received.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        found.append(int(lines[0].split()[1]))
        lengths = [int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")]
        received = received[lengths[0] :] if lengths and found[-1] != 304 else received
    return found


def answer(line: socket.socket) -> bytes:
    """One whole answer from a connection that stays open."""
    received = b""
    while b"</html>" not in received:
        received += line.recv(65536)
    return received


def test_the_ready_answer_is_the_one_django_gave(site, path):
    plain = site.get(path, method="HEAD", accept_encoding="identity")
    ready = site.ready
    got = site.get(path, accept_encoding="identity")
    assert site.ready == ready + 1
    assert got.status == 200
    assert plain.headers.keys() == got.headers.keys()
    assert int(got.headers["content-length"]) == len(got.body)
    assert b"The ready page" in got.body


def test_conditions_are_honoured(site, path):
    tag = site.get(path).headers["etag"]
    for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = site.get(path, if_none_match=held)
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["etag"] == tag
    assert site.get(path, if_none_match='"other"').status == 200
    site.get("/feed.xml")
    changed = site.get("/feed.xml").headers["last-modified"]
    assert site.get("/feed.xml", if_modified_since=changed).status == 304
    assert site.get("/feed.xml", if_modified_since="Thu, 01 Jan 1970 00:00:00 GMT").status == 200


def test_head_has_the_headers_and_no_body(site, path):
    ready = site.ready
    with site.connect() as line:
        line.sendall(simple(site, path, "Connection: keep-alive", method="HEAD"))
        received = line.recv(65536)
    assert site.ready == ready + 1
    assert received.endswith(b"\r\n\r\n")
    assert b"content-length: " in received


def test_pipelined_requests_are_answered_in_order(site, path):
    received = site.raw(simple(site, path) + simple(site, "/none/") + simple(site, path, CLOSE))
    assert statuses(received) == [200, 404, 200]


def test_a_head_that_comes_in_pieces_is_one_request(site, path):
    whole = simple(site, path)
    with site.connect() as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for cut in (1, 4, 20, len(whole) - 2):
            line.sendall(whole[:cut])
            time.sleep(0.02)
            line.sendall(whole[cut:] + simple(site, "/none/"))
            received = b""
            while len(statuses(received)) < 2 or not received.endswith(b"</html>\n"):
                received += line.recv(65536)
            assert statuses(received) == [200, 404]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\r\n", "\n"),
        lambda text: text.replace("\r\nX-A: b", "\nX-A: b"),
        lambda text: text.replace("\r\nX-A: b", "\rX-A: b"),
        lambda text: text.replace("X-A: b", " X-A: b"),
        lambda text: text.replace("X-A: b", "\tfolded"),
        lambda text: text.replace("X-A: b", "X-A : b"),
        lambda text: text.replace("X-A: b", ": b"),
        lambda text: text.replace("X-A: b", "X-A: \0b"),
        lambda text: text.replace("X-A: b", "X\0A: b"),
        lambda text: text.replace("X-A: b", "Host: 127.0.0.1"),
        lambda text: text.replace("Host:", "X-Host:"),
        lambda text: text.replace("X-A: b", "Transfer-Encoding: chunked\r\nContent-Length: 4"),
        lambda text: text.replace("X-A: b", "Content-Length: 0\r\nContent-Length: 4"),
        lambda text: text.replace("X-A: b", "Content-Length: +4"),
        lambda text: text.replace("X-A: b", "Content-Length: 4, 4"),
        lambda text: text.replace("X-A: b", "Transfer-Encoding: xchunked"),
        lambda text: text.replace("X-A: b", "Transfer-Encoding: chunked, identity"),
        lambda text: text.replace("HTTP/1.1", "HTTP/1.2"),
        lambda text: text.replace("HTTP/1.1", "HTTP/1.0").replace("X-A: b", "Transfer-Encoding: chunked"),
        lambda text: text.replace("HTTP/1.1", "HTTP/1.1 "),
        lambda text: text.replace("GET /", "GET http://elsewhere.example/"),
        lambda text: text.replace("GET /", "GET"),
        lambda text: text.replace(" HTTP/1.1", ""),
        lambda text: "\x16\x03\x01" + text,
    ],
)
def test_what_is_doubtful_is_refused_and_ends_the_connection(site, path, change):
    """What follows, a second request hidden behind the doubt, is never answered."""
    doubtful = change(simple(site, path, "X-A: b").decode("latin-1")).encode("latin-1")
    ready = site.ready
    received = site.raw(doubtful + simple(site, "/hidden/"))
    assert statuses(received)[-1] in {400, 505}
    assert not {200, 404} & set(statuses(received))
    assert site.ready == ready


def test_a_get_with_a_body_is_one_request_and_its_body_none(site, path):
    hidden = simple(site, "/hidden/")
    received = site.raw(simple(site, path, f"Content-Length: {len(hidden)}") + hidden + simple(site, path, CLOSE))
    assert statuses(received) == [200, 200]
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(hidden), hidden)
    received = site.raw(simple(site, path, "Transfer-Encoding: chunked") + chunked + simple(site, path, CLOSE))
    assert statuses(received) == [200, 200]


def test_a_host_that_is_not_ours_gets_nothing_from_the_cache(site, path):
    for host in ("elsewhere.example", "", "127.0.0.1.elsewhere.example", "news.example.org@elsewhere.example"):
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        assert statuses(site.raw(request)) == [400]
    assert site.get(path, host="news.example.org:8443").status == 200


@pytest.mark.parametrize("kind", ["one long field", "many fields", "a long address", "an endless field"])
def test_a_huge_head_is_refused(site, kind):
    piece = "x" * LIMIT
    request = {
        "one long field": simple(site, "/", f"X-A: {piece}"),
        "many fields": simple(site, "/", *(f"X-{n}: {n}" for n in range(LIMIT // 5))),
        "a long address": simple(site, f"/{piece}/"),
        "an endless field": simple(site, "/", f"X-A: {piece * 4}")[:-4],
    }[kind]
    assert statuses(site.raw(request)) == [431]


def test_what_only_looks_like_a_session_or_a_condition_is_left_to_django(site, path):
    ready = site.ready
    for header in ("Cookie: a=b; sessionid=x", "Authorization: Basic eDp5", 'If-Match: "x"', "Expect: 100-continue"):
        assert 200 in statuses(site.raw(simple(site, path, header, CLOSE)))
    assert site.ready == ready


class TestWhatACrowdGets:
    def test_the_same_bytes_get_the_same_answer_for_a_second_and_no_longer(self):
        second = protocol.Second()
        first = second.date(1_800_000_000.1)
        second.remember(b"asked", Entry(b"/", Rendered(200, [], b"", b""), generation=1, recalls=0, until=9), b"answer")
        assert second.date(1_800_000_000.9) is first
        assert second.answers[b"asked"][1] == b"answer"
        assert second.date(1_800_000_001.0) == b"date: Fri, 15 Jan 2027 08:00:01 GMT\r\n\r\n"
        assert second.answers == {}

    def test_it_takes_little_memory_whatever_is_asked(self):
        second, entry = protocol.Second(), Entry(b"/", Rendered(200, [], b"", b""), generation=1, recalls=0, until=9)
        second.remember(b"large", entry, bytes(protocol.LARGEST_REMEMBERED + 1))
        for number in range(2 * protocol.ANSWERS_REMEMBERED):
            second.remember(b"%d" % number, entry, b"answer")
        assert len(second.answers) == protocol.ANSWERS_REMEMBERED
        assert b"large" not in second.answers
        second.remember(b"0", entry, b"newer")  # of a page that was published again within the second
        assert second.answers[b"0"][1] == b"newer"

    def test_what_was_published_within_the_second_is_shown_to_who_asks_again(self, site):
        post = published("Before", slug="asked-again")
        asked = simple(site, post.url)
        site.get(post.url)
        with site.connect() as line:
            for number in range(20):
                line.sendall(asked)
                assert b"<title>%s" % post.title.encode() in answer(line)
                post.title = f"Number {number}"
                post.save_revision().publish()


class TestSlowClients:
    @pytest.fixture(autouse=True)
    def hurry(self, monkeypatch):
        monkeypatch.setattr(protocol, "LOOK_SECONDS", 0.05)

    def test_a_head_that_drips_is_cut_off(self, site):
        with site.connect() as line:
            line.settimeout(0.05)
            received = b""
            began = time.monotonic()
            while not received:
                assert time.monotonic() - began < 10
                try:
                    line.sendall(b"GET / HTTP/1.1\r\nX-A: b\r\n"[:20] if not received else b"")
                    received = line.recv(65536)
                except TimeoutError:
                    continue
            assert statuses(received) == [408]

    @pytest.mark.parametrize(
        "sent", [b"", b"\r\n", b"POST /subscribe/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nabc"]
    )
    def test_who_says_nothing_more_is_shown_out(self, site, sent):
        with site.connect() as line:
            line.sendall(sent)
            assert rest(line) == b""

    def test_who_reads_on_is_not(self, site, path):
        with site.line() as line:
            for _ in range(5):
                line.request("GET", path)
                assert line.getresponse().read()
                time.sleep(0.1)
