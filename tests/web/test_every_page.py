"""What holds for every page a reader can meet: valid HTML, strict headers, few bytes, few queries."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator

import html5lib
import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html

from tests.conftest import own_database
from tests.everything import Leaf, publish_everything
from tocsin.web import errors
from tocsin.web.cache.generation import shared
from tocsin.web.cache.tally import Tally
from tocsin.web.cache.targets import target
from tocsin.web.compression import Coding, compressed
from tocsin.web.look import look
from tocsin.web.security import headers_outside_django
from tocsin.web.serving.rendering import Renderer
from tocsin.web.serving.threads import Django

pytestmark = pytest.mark.database

FLIGHT = 14_000
SCRIPT = 1_024
QUERIES = 12
HEADERS = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls")
FORBIDDEN = "//*[@style] | //*[@*[starts-with(name(), 'on')]] | //iframe | //object | //embed | //base"


@pytest.fixture(scope="module")
def leaves(django_db_blocker: object) -> Iterator[list[Leaf]]:
    settings = pytest.MonkeyPatch()
    with own_database(django_db_blocker, settings):
        yield publish_everything()


@pytest.fixture(scope="module")
def answers(leaves: list[Leaf]) -> dict[str, HttpResponse]:
    """What each page answers, and a form that was filled in wrong."""
    reader = Client(
        raise_request_exception=False, headers={"host": "news.example.org", "origin": "http://news.example.org"}
    )
    found = {leaf.path: reader.get(leaf.path) for leaf in leaves}
    assert {path: answer.status_code for path, answer in found.items()} == {leaf.path: leaf.status for leaf in leaves}
    return {**found, "refused": reader.post("/subscribe/", {"email": "nobody", "name": "x" * 500})}


@pytest.fixture(scope="module")
def texts(answers: dict[str, HttpResponse]) -> dict[str, str]:
    """Their HTML, and that of what is shown when nothing works."""
    shown = {path: answer.content.decode() for path, answer in answers.items()}
    return {**shown, "500": errors.sorry(*errors.OUR_FAULT), "503": errors.sorry(*errors.AWAY)}


def test_it_is_valid_html(texts):
    found = []
    for path, text in texts.items():
        parser = html5lib.HTMLParser()
        parser.parse(text)
        found += [(path, *error) for error in parser.errors]
    assert found == []


def test_its_names_are_its_own_and_lead_somewhere(texts):
    found = []
    for path, text in texts.items():
        tree = html.fromstring(text)
        ids = Counter(tree.xpath("//@id"))
        found += [(path, "twice", name) for name, times in ids.items() if times > 1]
        references = [
            name for attribute in REFERENCES for value in tree.xpath(f"//@{attribute}") for name in value.split()
        ]
        anchors = [link.removeprefix("#") for link in tree.xpath("//a/@href[starts-with(., '#')]")]
        found += [(path, "leads nowhere", name) for name in (*references, *anchors) if name not in ids]
    assert found == []


def test_it_has_one_title_one_first_heading_and_no_level_is_left_out(texts):
    for path, text in texts.items():
        tree = html.fromstring(text)
        assert len(tree.xpath("//head/title[normalize-space()]")) == 1, path
        levels = [int(heading.tag[1]) for heading in tree.xpath("//*[self::h1 or self::h2 or self::h3 or self::h4]")]
        assert levels.count(1) == 1, path
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), (path, levels)
        assert tree.xpath("//html/@lang"), path
        assert not tree.xpath("//img[not(@alt) or not(@width) or not(@height)]"), path


def test_it_needs_nothing_its_policy_forbids_and_little_script(texts):
    for path, text in texts.items():
        assert not html.fromstring(text).xpath(FORBIDDEN), path
        scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
        assert sum(len(script.encode()) for script in scripts) <= SCRIPT, path


def test_it_promises_the_browser_the_same(answers, leaves):
    own = {leaf.path for leaf in leaves if leaf.own}
    for path, answer in answers.items():
        headers = {name.lower(): value for name, value in answer.headers.items()}
        assert headers | HEADERS == headers, path
        assert "unsafe" not in headers["content-security-policy"], path
        assert headers["content-security-policy"].startswith("default-src 'none'"), path
        assert "geolocation=()" in headers["permissions-policy"], path
        assert headers["referrer-policy"] == ("no-referrer" if path in own else "same-origin"), path
        assert not answer.cookies, path
        assert "strict-transport-security" not in headers, path  # only behind TLS


def test_answers_given_before_django_promise_no_less(answers):
    of_django = {name.lower() for name in answers["/"].headers} - {
        "content-type",
        "content-length",
        "content-language",
        "vary",
    }
    assert of_django <= {name.lower() for name in headers_outside_django(look())}


def test_it_arrives_in_the_first_flight(answers):
    for path, answer in answers.items():
        head = sum(len(name) + len(value) + 4 for name, value in answer.headers.items()) + 150
        assert head + len(compressed(answer.content, Coding.BROTLI)) <= FLIGHT, path


def test_it_costs_few_queries_whatever_it_shows(leaves):
    renderer = Renderer(Django(), shared(), Tally(), "news.example.org", behind_tls=False)
    costs = {}
    for leaf in leaves:
        path, _, query = leaf.path.partition("?")
        page = target(path, query.encode())
        if page is None:  # one reader's own, or asked for each time
            continue
        renderer.render(page, page.raw, secure=False)
        with CaptureQueriesContext(connection) as captured:
            renderer.render(page, page.raw, secure=False)
        costs[leaf.path] = len(captured)
    assert {path: cost for path, cost in costs.items() if cost > QUERIES} == {}


def test_behind_tls_browsers_are_told_to_stay_with_it(leaves, settings):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    reader = Client(headers={"host": "news.example.org"})
    for leaf in leaves:
        assert reader.get(leaf.path, secure=True).headers["Strict-Transport-Security"] == "max-age=31536000", leaf.path
