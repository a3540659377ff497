"""The form on other people's pages: it works from anywhere, and leads back only to sites that were named."""

import re

import pytest

from tests.web.readers.reading import browser, heading, marks
from tests.web.readers.test_suspicion import fields, solution
from tocsin.audience.models import Consent, Subscriber
from tocsin.courier.message import Mark
from tocsin.web.elsewhere import actions, embedding, queries
from tocsin.web.readers import sums, suspicion

pytestmark = pytest.mark.django_db
FRIEND = "https://friend.example"


@pytest.fixture(autouse=True)
def friend():
    actions.befriend([FRIEND])


def send(origin: str = FRIEND, **more: str):
    """Send the form from another site's page."""
    return browser(origin=origin).post(
        "/subscribe/elsewhere/", {"email": "mira@example.org", "name": "Mira", "website": ""} | more
    )


@pytest.mark.parametrize("origin", [FRIEND, "https://stranger.example", "null", ""])
def test_it_works_from_any_site(origin):
    answer = send(origin)
    assert answer.status_code == 303
    assert marks() == [("mira@example.org", Mark.CONFIRM)]
    assert "Set-Cookie" not in answer.headers
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_readers_find_back_to_a_friendly_site():
    answer = send()
    assert answer.headers["Location"] == "/subscribe/sent/?back=https%3A%2F%2Ffriend.example"
    page = browser().get(answer.headers["Location"])
    assert heading(page) == "Look into your inbox"
    assert '<a class="button" href="https://friend.example">Back to friend.example</a>' in page.content.decode()
    whole = send(back=f"{FRIEND}/news/?a=1&b=2")
    assert (
        'href="https://friend.example/news/?a=1&amp;b=2"' in browser().get(whole.headers["Location"]).content.decode()
    )


@pytest.mark.parametrize(
    "back",
    [
        "https://stranger.example/",
        "https://friend.example.stranger.example/",
        "https://friend.example@stranger.example/",
        "http://friend.example/",
        "https://friend.example:8443/",
        "//friend.example/",
        "javascript:alert(1)",
        "https://friend.example\\@stranger.example/",
        "https://[friend.example/",
        "https://friend.example/\r\nX: y",
        "x" * 5000,
    ],
)
def test_nobody_is_led_anywhere_else(back):
    answer = send("https://stranger.example", back=back)
    assert answer.headers["Location"] == "/subscribe/sent/"
    page = browser().get("/subscribe/sent/", {"back": back}).content.decode()
    assert "Back to the news" in page
    assert "stranger.example" not in page


def test_where_it_was_filled_in_goes_on_record():
    send()
    assert Subscriber.objects.get().source == Consent.objects.get().how == "form on friend.example"


def test_the_way_back_survives_every_page_in_between(monkeypatch):
    monkeypatch.setattr(sums, "ITERATIONS", 10)
    back = f"{FRIEND}/news/"
    broken = send(email="mira", back=back)
    assert broken.status_code == 422
    assert 'action="/subscribe/elsewhere/"' in broken.content.decode()
    assert fields(broken)["back"] == back
    typo = send(email="mira@gmial.com", back=back)
    assert heading(typo) == "Is the address right?"
    hurried = browser().post(
        "/subscribe/elsewhere/", fields(typo) | {"email": "mira@gmail.com", "since": suspicion.since()}
    )
    assert heading(hurried) == "One moment"
    done = browser().post("/subscribe/elsewhere/", fields(hurried) | {"altcha": solution(hurried)})
    assert done.headers["Location"] == "/subscribe/sent/?back=https%3A%2F%2Ffriend.example%2Fnews%2F"
    assert marks() == [("mira@gmail.com", Mark.CONFIRM)]


def test_its_trap_and_limits_are_those_of_our_own_form(monkeypatch):
    assert send(website="x").status_code == 303
    assert marks() == []
    for _ in range(9):
        assert send().status_code == 303
    assert len(marks()) == 3


def test_the_address_of_the_door_leads_to_our_own_form():
    answer = browser().get("/subscribe/elsewhere/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/subscribe/")


def test_what_is_to_be_pasted_is_plain_html_with_the_sentence_people_agree_to():
    pasted = embedding.snippet("https://news.example.org")
    assert '<form method="post" action="https://news.example.org/subscribe/elsewhere/"' in pasted
    assert "By subscribing I agree that The Example Gazette" in pasted
    assert "script" not in pasted
    assert "style" not in pasted
    assert set(re.findall(r' name="([a-z]+)"', pasted)) == {"email", "name", "website"}


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Example.org", "https://example.org"),
        ("https://example.org:443/a?b#c", "https://example.org"),
        ("http://example.org:8080/", "http://example.org:8080"),
        ("http://[::1]:8000/x", "http://[::1]:8000"),
        ("ftp://example.org", ""),
        ("example.org", ""),
        ("https://", ""),
        ("https://a:b@example.org", ""),
        ("https://example.org:x", ""),
        ("https://exa\nmple.org", ""),
        ("", ""),
    ],
)
def test_the_origin_of_an_address(url, origin):
    assert queries.origin_of(url) == origin
