"""The parts of the cache that need no database: what a request asks for, how a page is kept, where it lies."""

import gzip
from typing import Any

import brotli
import pytest

from tocsin.web.cache.entries import Entry, Rendered
from tocsin.web.cache.generation import Count, Generation
from tocsin.web.cache.heads import Head, Reader
from tocsin.web.cache.shelves import Shelf, Store
from tocsin.web.cache.targets import target
from tocsin.web.compression import Coding
from tocsin.web.serving.patience import Patience, Standing

HTML = ((b"content-type", b"text/html; charset=utf-8"), (b"x-frame-options", b"DENY"))
FOREVER = float("inf")
reader = Reader(frozenset({b"news.example.org"}), behind_tls=True)


def entry(key: bytes = b"/a/", body: bytes = b"<p>words</p>" * 500, status: int = 200, **fields: Any) -> Entry:
    rendered = Rendered(status, fields.pop("headers", HTML), body, fields.pop("etag", b""))
    return Entry(key, rendered, **({"generation": 1, "recalls": 0, "until": FOREVER} | fields))


class TestTargets:
    @pytest.mark.parametrize(
        ("path", "query", "raw"),
        [
            ("/", b"", b"/"),
            ("/a/", b"utm_source=x&fbclid=y", b"/a/"),
            ("/a/", b"page=1", b"/a/"),
            ("/a/", b"x=1&page=2&page=03", b"/a/?page=3"),
            ("/a/", b"page=", b"/a/?page=0"),
            ("/a/", b"page=" + b"9" * 4000, b"/a/?page=0"),
            ("/sitemap-posts.xml", b"p=2", b"/sitemap-posts.xml?p=2"),
            ("/вода/", b"", b"/%D0%B2%D0%BE%D0%B4%D0%B0/"),
            ("/a b\n/", b"", b"/a%20b%0A/"),
            ("/media/images/x.webp", b"page=2", b"/media/images/x.webp"),
        ],
    )
    def test_a_page_has_one_name(self, path, query, raw):
        found = target(path, query)
        assert found is not None
        assert found.raw == raw

    @pytest.mark.parametrize("path", ["/admin/", "/static/x.js", "/reader/t/", "/search/", "*", "/" + "x" * 1024])
    def test_what_is_not_for_everybody_has_none(self, path):
        assert target(path, b"") is None


class TestHeads:
    def head(self, *lines: str) -> Head | None:
        return reader.read(("\r\n" + "\r\n".join(["Host: news.example.org", *lines]) + "\r\n\r\n").encode("latin-1"))

    def test_a_browsers_head_is_simple(self):
        lines = ("Accept-Encoding: gzip, br", "Connection: keep-alive", "Cookie: a=b", "Upgrade-Insecure-Requests: 1")
        head = self.head(*lines, 'IF-NONE-MATCH:\t"x" ', "X-Forwarded-Proto: https")
        assert head == Head(Coding.BROTLI, secure=True, none_match=b'"x"', modified_since=b"", is_a_readers=False)

    @pytest.mark.parametrize(
        "line",
        [
            "Content-Length: 0",
            "Transfer-Encoding: chunked",
            "Connection: close",
            "Cookie: sessionid=x",
            "Authorization: x",
            "Expect: 100-continue",
            "Host: news.example.org",
            " folded: x",
            "no colon",
            "Name : x",
            "X: a\rb",
            "X: a\nb",
            "X: a\0b",
            "X: " + "x" * 5000,
            "If-None-Match: *",
            "",
        ],
    )
    def test_everything_else_is_not(self, line):
        assert self.head(line) is None
        assert reader.read(b"\r\nHost: elsewhere.example\r\n\r\n") is None
        assert reader.read(b"\r\n\r\n") is None


class TestEntries:
    def test_every_coding_is_the_same_page_under_a_tag_of_its_own(self):
        made = entry()
        faces = [made.face(coding) for coding in Coding]
        plain = b"<p>words</p>" * 500
        assert [brotli.decompress(faces[0].body), gzip.decompress(faces[1].body), faces[2].body] == [plain] * 3
        assert len({face.tag for face in faces}) == 3
        assert made.face(Coding.GZIP) is faces[1]
        assert b"\r\ncache-control: no-cache\r\n" in faces[0].head
        assert b"etag" in faces[0].head_of_304
        assert b"content-length" not in faces[0].head_of_304

    def test_what_does_not_get_smaller_goes_as_it_is(self):
        made = entry(body=b"\x89PNG" * 300, headers=((b"content-type", b"image/png"),))
        assert made.face(Coding.BROTLI) is made.face(Coding.IDENTITY)
        assert b"content-encoding" not in made.face(Coding.BROTLI).head

    def test_a_views_own_tag_and_policy_are_kept_and_a_missing_page_has_none(self):
        feed = entry(headers=(*HTML, (b"cache-control", b"public, max-age=60")), etag=b'"abc"').face(Coding.GZIP)
        assert b'\r\netag: W/"abc"\r\n' in feed.head
        assert feed.head.count(b"cache-control") == 1
        assert b"etag" not in entry(status=404).face(Coding.GZIP).head

    def test_it_holds_for_one_generation_and_until_its_time(self):
        made = entry(generation=3, until=100.0)
        assert made.holds(3, 99.9)
        assert not made.holds(3, 100.0)
        assert not made.holds(4, 99.9)


class TestShelves:
    def test_the_budget_holds_and_what_is_asked_for_stays(self):
        budgets = dict.fromkeys(Shelf, 45_000)
        store = Store(budgets)
        for number in range(40):
            store.put(entry(b"/%d/" % number))
            if b"/0/" in store.entries:
                store.entries[b"/0/"].used = True
            assert store.used(Shelf.PAGES) == sum(each.size for each in store.entries.values()) <= 45_000
        assert b"/0/" in store.entries
        assert b"/39/" in store.entries

    def test_kinds_do_not_push_out_each_other(self):
        store = Store(dict.fromkeys(Shelf, 40_000))
        store.put(entry(b"/a/"))
        store.put(entry(b"s/media/images/x.webp"))
        for number in range(40):
            store.put(entry(b"/a/?page=%d" % number))
            store.put(entry(b"/none-%d/" % number, status=404))
        assert {b"/a/", b"s/media/images/x.webp"} <= store.entries.keys()

    def test_another_face_counts_and_what_is_too_large_is_not_kept(self):
        store = Store(dict.fromkeys(Shelf, 100_000))
        made = entry()
        store.put(made)
        before = store.used(Shelf.PAGES)
        made.face(Coding.IDENTITY)
        store.grown(made)
        assert store.used(Shelf.PAGES) == before + 6_000
        store.put(entry(b"/a/", body=bytes(range(256)) * 400, headers=()))
        assert not store.entries
        assert store.used(Shelf.PAGES) == 0


class TestGeneration:
    def test_processes_share_it_and_only_another_count_moves_it(self, tmp_path):
        mine, theirs = Generation(tmp_path / "g"), Generation(tmp_path / "g")
        mine.observe(Count(5, 0))
        assert theirs.now == 1
        theirs.observe(Count(5, 0))
        assert (mine.now, mine.recalls) == (1, 0)
        theirs.observe(Count(6, 1))
        mine.advance()
        assert (theirs.now, theirs.recalls) == (3, 1)


class TestPatience:
    @pytest.mark.parametrize("standing", Standing)
    def test_it_ends_for_who_does_nothing(self, standing):
        patience = Patience()
        looks = [patience.is_over(standing, active=False, unread=9) for _ in range(standing.value + 2)]
        assert looks.index(True) in {standing.value - 1, standing.value, standing.value + 1}

    def test_it_lasts_for_who_goes_on_but_a_head_may_not_drip(self):
        for standing in (Standing.BODY, Standing.IDLE):
            patience = Patience()
            assert not any(patience.is_over(standing, active=True, unread=0) for _ in range(100))
        reading = Patience()
        assert not any(reading.is_over(Standing.ANSWERING, active=False, unread=1000 - n) for n in range(100))
        dripping = Patience()
        assert any(dripping.is_over(Standing.HEAD, active=True, unread=0) for _ in range(6))
