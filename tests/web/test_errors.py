"""Pages for when something is not there, or went wrong."""

import asyncio

import pytest
from django.db import DatabaseError

from tests.posts import published
from tests.web.readers.reading import browser
from tests.web.reading import got, page, text, texts
from tocsin.web import views
from tocsin.web.serving import refusals


@pytest.mark.django_db
def test_a_lost_reader_is_shown_the_latest_posts():
    published()
    tree = page("/nowhere/", 404)
    assert text(tree, "//h1") == "This page is not here"
    assert texts(tree, "//main//article//h2") == ["The bridge is closed"]


STRANGE = (
    *("/%00/", "/%00", "/a%0d%0ab/", "/%ff%fe/", "/" + "x" * 5000 + "/", "/..%2f..%2fetc/passwd"),
    *("/xx/", "/zz-klingon/news/", "/topics/none/", "/topics/%00/", "/authors/..%2f/", "/authors/%F0%9F%94%94/"),
    *("/archive/0000/", "/archive/1999/13/", "/archive/2026/00/", "/archive/2026/1000000000000/"),
    *("/?page=1e3", "/?page=%00", "/?page=" + "9" * 5000, "/cards/9-x.png", "/icon-0.png", "/media/images/%2e%2e"),
)


@pytest.mark.django_db
@pytest.mark.parametrize("url", STRANGE, ids=range(len(STRANGE)))
def test_strange_addresses_are_simply_not_here(url):
    answer = got(url, 404).content.decode()
    assert not any(word in answer for word in ("Traceback", "Exception", "tocsin.", "/lib/python"))


@pytest.mark.django_db
def test_a_broken_page_says_so_without_asking_the_database(monkeypatch):
    def broken() -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr("tocsin.web.context.publication", broken)
    monkeypatch.setattr(views, "listing", broken)
    answer = got("/", 500)
    assert "Something went wrong" in answer.content.decode()
    assert "gone" not in answer.content.decode()


@pytest.mark.django_db
def test_robots_are_kept_from_what_is_personal():
    rules = got("/robots.txt").content.decode()
    for path in ("/admin/", "/reader/", "/unsubscribe/", "/confirm/", "/inbox/"):
        assert f"Disallow: {path}\n" in rules


@pytest.mark.parametrize("secure", [True, False])
def test_a_refusal_before_django_keeps_browsers_with_tls(secure, settings):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(refusals.another_host(send, secure=secure))
    assert sent[0]["status"] == 400
    assert dict(sent[0]["headers"]).get(b"strict-transport-security") == (b"max-age=31536000" if secure else None)


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["post", "delete", "put"])
def test_what_no_form_of_ours_sent_is_refused_in_our_words(method):
    answer = getattr(browser(), method)("/")
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.content.decode()
    assert "CSRF" not in answer.content.decode()
