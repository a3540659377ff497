"""What is shared between readers, what never is, and that nobody can starve what is."""

import asyncio
import json
from threading import Thread
from typing import Any

import pytest
from django.test import Client

from tests.posts import published
from tocsin.desk.models import User
from tocsin.web.cache.shelves import BUDGETS, Shelf
from tocsin.web.serving import refusals, threads

pytestmark = pytest.mark.database
READERS = 400


async def _all_at_once(port: int, path: str, readers: int) -> list[bytes]:
    async def read() -> bytes:
        came, leaves = await asyncio.open_connection("127.0.0.1", port)
        leaves.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        received = await came.read()
        leaves.close()
        return received

    return await asyncio.gather(*(read() for _ in range(readers)))


def test_hundreds_of_readers_arriving_on_a_fresh_alert_cost_one_render(site):
    alert = published("Leave the harbour", slug="leave-the-harbour", kind="alert", severity="extreme")
    before = site.front.renders
    answers = asyncio.run(_all_at_once(site.port, alert.url, READERS))
    assert all(b"Leave the harbour" in answer for answer in answers)
    assert site.front.renders == before + 1


def test_odd_queries_are_the_same_page(site):
    path = published("Plain", slug="plain").url
    site.get(path)
    renders, known = site.front.renders, len(site.front.store.entries)
    for number in range(50):
        assert site.get(f"{path}?utm_source={number}&page=1&x={'y' * number}").status == 200
    assert site.front.renders == renders
    assert len(site.front.store.entries) == known


def test_floods_of_nothing_and_of_page_numbers_push_out_no_page(site, monkeypatch):
    path = published("Here to stay", slug="here-to-stay").url
    site.get(path)
    monkeypatch.setattr(site.front.store, "_budgets", BUDGETS | {Shelf.NOWHERE: 90_000, Shelf.NUMBERED: 90_000})
    for number in range(12):
        assert site.get(f"/nowhere-{number}/").status == 404
        assert site.get(f"{path}?page={number + 2}").status == 200
    assert site.front.store.used(Shelf.NOWHERE) <= 90_000
    assert site.front.store.used(Shelf.NUMBERED) <= 90_000
    ready = site.ready
    assert site.get(path).status == 200
    assert site.ready == ready + 1


def test_a_page_number_that_leads_nowhere_is_not_found_once(site):
    renders = site.front.renders
    for number in ("0", "-1", "x", "999999999999", "1e9", "%00", "%FF"):
        assert site.get(f"/?page={number}").status == 404
    assert site.front.renders == renders + 1


def test_who_is_logged_in_is_answered_by_django(site):
    path = published("For editors too", slug="for-editors-too").url
    site.get(path)
    editor = User.objects.create_superuser("ed", email="", password="x")
    client = Client()
    client.force_login(editor)
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    ready, renders = site.ready, site.front.renders
    assert site.get(path, cookie=cookie).status == 200
    assert "etag" not in site.get(path, cookie=cookie).headers
    assert (site.ready, site.front.renders) == (ready, renders)


@pytest.mark.parametrize("path", ["/admin/login/", "/confirm/x/", "/reader/x/", "/subscribe/sent/", "/search/?q=x"])
def test_private_and_searching_pages_are_never_kept(site, path):
    keys = set(site.front.store.entries)
    for _ in range(2):
        site.get(path)
    assert set(site.front.store.entries) == keys


def test_nothing_of_the_first_reader_gets_into_the_page(site):
    """The page is rendered from a neutral request: what the first one carried cannot show."""
    path = published("Neutral", slug="neutral").url
    site.get(path, accept_language="fr", user_agent="<script>", referer="http://x/", cookie="django_language=de")
    page = site.get(path, accept_language="de")
    assert page.headers["content-language"] == "en"
    assert "vary" not in page.headers or page.headers["vary"] == "accept-encoding"
    assert "<script>alert" not in page.text


def test_forms_are_not_kept_and_still_work(site):
    form = b"name=Ada&email=ada%40example.org"
    sent = site.get("/subscribe/", "POST", form, content_type="application/x-www-form-urlencoded")
    assert (sent.status, sent.headers["location"]) == (303, "/subscribe/sent/")
    assert site.get("/subscribe/").status == 200


class TestBodies:
    def test_a_form_has_a_limit_and_says_so(self, site):
        answer = site.get("/subscribe/", "POST", b"x" * 70_000)
        assert answer.status == 413
        assert "At most 64 KB" in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]

    def test_also_when_the_size_is_not_announced(self, site):
        request = (
            f"POST /subscribe/ HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )
        answer = site.raw(request, *[b"4000\r\n" + b"x" * 0x4000 + b"\r\n"] * 5, b"0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 413 ")

    def test_a_program_is_told_as_the_api_tells_everything(self, site):
        answer = site.get("/api/v1/subscribers/", "POST", b"x" * 70_000, content_type="application/json")
        assert (answer.status, answer.headers["content-type"]) == (413, "application/problem+json")
        assert json.loads(answer.text)["type"].endswith("/api/v1/problems/too-large/")

    @pytest.mark.parametrize(("path", "kind"), [("/api/v1/topics/", "application/problem+json"), ("/", "text/html")])
    def test_also_when_too_many_wait(self, path, kind):
        sent: list[dict[str, Any]] = []

        async def send(message):
            sent.append(message)

        asyncio.run(refusals.busy({"path": path}, send, secure=False))
        headers = dict(sent[0]["headers"])
        assert sent[0]["status"] == 503
        assert headers[b"content-type"].decode().startswith(kind)
        assert headers[b"retry-after"]

    def test_the_newsroom_may_upload_more_but_not_everything(self, site):
        client = Client()
        client.force_login(User.objects.create_superuser("uploads", email="", password="x"))
        upload, session = b"x" * 3_000_000, {"cookie": f"sessionid={client.cookies['sessionid'].value}"}
        assert site.get("/admin/images/add/", "POST", upload).status == 413
        for pretended in ("sessionid=x", "sessionid=abcdefghijklmnop", 'sessionid="\\000aaaaaaaaa"'):
            assert site.get("/admin/images/add/", "POST", upload, cookie=pretended).status == 413
        assert site.get("/admin/images/add/", "POST", upload, **session).status == 403
        too_much = {**session, "content_length": str(40_000_000)}
        assert site.get("/admin/images/add/", "POST", b"", **too_much).status == 413


def test_when_too_many_wait_the_next_is_told_to_come_back(site, monkeypatch):
    tiny = threads.Size("nobody", threads=1, waiting=0)
    monkeypatch.setattr(threads.Room.STRANGERS, "_value_", tiny)
    answers: list[int] = []
    readers = [Thread(target=lambda n=n: answers.append(site.get(f"/stranger-{n}/").status)) for n in range(12)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert set(answers) == {404, 503}
