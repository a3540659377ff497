"""What every answer promises the browser, and that the pages keep to it."""

import hashlib
import re
from base64 import b64encode

import pytest
from django.test import Client
from wagtail.test.utils.form_data import inline_formset, nested_form_data, streamfield

from tests.pictures import uploaded
from tests.posts import published
from tests.web.reading import got, page
from tocsin.audience.models import Publication
from tocsin.content.models import Author, PostPage, Topic
from tocsin.desk.models import User

pytestmark = pytest.mark.django_db

PAGES = ["/", "/the-bridge-is-closed/", "/topics/water/", "/authors/ada/", "/nowhere/"]


@pytest.fixture(autouse=True)
def newsroom() -> None:
    water, ada = Topic.objects.create(name="Water", slug="water"), Author.objects.create(name="Ada", slug="ada")
    published(topics=[water], authors=[ada], lead_image=uploaded(), body=[("text", "<p>x</p>")])


def policy(answer: object) -> dict[str, list[str]]:
    directives = (part.split() for part in answer["Content-Security-Policy"].split(";"))  # type: ignore[index]
    return {name: sources for name, *sources in directives}


def source(code: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"


def answer_of(url: str) -> object:
    return got(url, 404 if url == "/nowhere/" else 200)


@pytest.mark.parametrize("url", PAGES)
def test_the_policy_allows_exactly_the_style_and_script_of_the_page(url):
    Publication.objects.update(accent="#0a6e4f")
    answer = answer_of(url)
    content = answer.content.decode()  # type: ignore[attr-defined]
    allowed = policy(answer)
    assert [source(code) for code in re.findall(r"<style>(.*?)</style>", content, re.DOTALL)] == allowed["style-src"]
    assert [source(code) for code in re.findall(r"<script>(.*?)</script>", content, re.DOTALL)] == allowed["script-src"]
    assert allowed["default-src"] == allowed["frame-ancestors"] == allowed["base-uri"] == ["'none'"]
    assert allowed["form-action"] == ["'self'"]
    assert "unsafe" not in answer["Content-Security-Policy"]  # type: ignore[index]


@pytest.mark.parametrize("url", PAGES)
def test_no_page_needs_what_the_policy_forbids(url):
    tree = page(url, 404 if url == "/nowhere/" else 200)
    assert not tree.xpath("//*[@style] | //*[@*[starts-with(name(), 'on')]] | //iframe | //object | //base")
    fetched = tree.xpath("//link[@rel!='canonical'][@rel!='alternate']/@href | //img/@src | //script/@src")
    assert [url for url in fetched if not url.startswith(("/", "data:image/"))] == []


@pytest.mark.parametrize("url", [*PAGES, "/feed.xml", "/robots.txt"])
def test_public_answers_carry_no_cookie_and_depend_on_none(url):
    answer = answer_of(url)
    assert not answer.cookies  # type: ignore[attr-defined]
    assert "cookie" not in answer.headers.get("Vary", "").lower()  # type: ignore[attr-defined]


@pytest.mark.parametrize("url", [*PAGES, "/feed.xml", "/robots.txt", "/admin/login/"])
def test_every_answer_has_the_plain_headers(url):
    headers = answer_of(url).headers  # type: ignore[attr-defined]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_the_newsroom_has_a_policy_of_its_own():
    allowed = policy(got("/admin/login/"))
    assert allowed["object-src"] == ["'none'"]
    assert allowed["frame-ancestors"] == allowed["default-src"] == allowed["form-action"] == ["'self'"]


def test_a_preview_may_be_framed_by_the_newsroom():
    editor = Client()
    editor.force_login(User.objects.create_superuser("editor", password="x"))
    url = f"/admin/pages/{PostPage.objects.get().pk}/edit/preview/"
    form = {"title": "Not saved yet", "slug": "x", "kind": "news", "body": streamfield([])}
    lists = {name: inline_formset([]) for name in ("bylines", "notes", "comments")}
    assert editor.post(url, nested_form_data({**form, **lists})).json()["is_valid"]
    answer = editor.get(url)
    assert "Not saved yet" in answer.content.decode()
    assert policy(answer)["frame-ancestors"] == ["'self'"]
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
