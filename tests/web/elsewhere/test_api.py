"""The HTTP API: keys open what they were made for, people are asked first, and what is wrong is said with its mend."""

from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone

from tests.audience import people
from tests.posts import draft, published
from tests.web.elsewhere.asking import ask, key, places, problem, subscribe
from tests.web.readers.reading import marks
from tocsin.audience import actions as audience
from tocsin.audience import limits, queries
from tocsin.audience.models import Consent, Subscriber, Suppression
from tocsin.content.models import Author, Topic
from tocsin.courier.message import Mark
from tocsin.web.elsewhere import actions
from tocsin.web.elsewhere.api import posts
from tocsin.web.elsewhere.models import Key, Scope

pytestmark = pytest.mark.django_db
DOORS = [
    ("POST", "subscribers", {"email": "mira@example.org"}, Scope.SUBSCRIBERS_WRITE),
    ("POST", "subscribers/lookup", {"email": "mira@example.org"}, Scope.SUBSCRIBERS_READ),
    ("GET", "topics", None, Scope.TOPICS_READ),
    ("GET", "posts", None, Scope.POSTS_READ),
    ("GET", "posts/2f1c6a52-9f64-4e12-8a71-0d3a8a3a7a11", None, Scope.POSTS_READ),
]


@pytest.mark.parametrize(("method", "path", "body", "scope"), DOORS)
def test_a_door_opens_for_its_own_scope_only(method, path, body, scope):
    answer = ask(method, path, "", body)
    assert problem(answer) == (401, "no-key")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    others = key(*(each for each in Scope if each != scope))
    answer = ask(method, path, others, body)
    assert problem(answer) == (403, "missing-scope")
    assert scope.value in answer.json()["detail"]
    assert f'scope="{scope.value}"' in answer.headers["WWW-Authenticate"]
    assert not Subscriber.objects.exists()
    assert ask(method, path, key(scope), body).status_code in {200, 404}


def test_a_key_is_kept_only_as_a_hash():
    shown = key()
    stored = Key.objects.get()
    secret = shown.removeprefix(stored.start)
    assert len(secret) > 40
    assert secret.strip("_") not in str(Key.objects.values())
    assert shown.startswith("tocsin_")


@pytest.mark.parametrize(
    "spoil", [lambda k: k[:-1] + ("A" if k[-1] != "A" else "B"), lambda k: k + "A", lambda k: "x", lambda k: "é" * 9]
)
def test_a_wrong_key_opens_nothing(spoil):
    assert problem(ask("GET", "topics", spoil(key()))) == (401, "bad-key")


@pytest.mark.parametrize("header", ["", "Basic eDp5", "Bearer", "tocsin", "Bearer  "])
def test_what_is_no_key_is_none(header):
    answer = ask("GET", "topics", headers={"authorization": header, "host": "news.example.org"})
    assert answer.status_code == 401


def test_a_revoked_key_opens_nothing_any_more():
    shown = key()
    assert ask("GET", "topics", shown).status_code == 200
    actions.revoke(Key.objects.get())
    assert problem(ask("GET", "topics", shown)) == (401, "bad-key")


def test_a_key_ends_when_it_was_to_end():
    with time_machine.travel("2026-11-22 12:00", tick=False) as clock:
        shown = key(expires_at=timezone.now() + timedelta(days=1))
        assert ask("GET", "topics", shown).status_code == 200
        clock.shift(86_400)
        assert problem(ask("GET", "topics", shown)) == (401, "bad-key")


def test_the_last_use_of_a_key_is_noted_to_the_minute():
    with time_machine.travel("2026-11-22 12:00+00:00", tick=False) as clock:
        shown = key()
        for _ in range(2):
            ask("GET", "topics", shown)
            clock.shift(30)
        assert Key.objects.get().last_used_at.second == 0
        clock.shift(30)
        ask("GET", "topics", shown)
        assert Key.objects.get().last_used_at.minute == 1


def test_a_key_may_ask_only_so_often_and_every_answer_says_how_often(monkeypatch):
    monkeypatch.setattr(limits, "KEY", limits.Limit("key", burst=2, every=30))
    with time_machine.travel("2026-11-22 12:00", tick=False) as clock:
        shown, other = key(), key()
        answers = [ask("GET", "topics", shown) for _ in range(3)]
        assert [answer.headers["RateLimit"] for answer in answers] == [
            '"key";r=1;t=30',
            '"key";r=0;t=30',
            '"key";r=0;t=30',
        ]
        assert problem(answers[2]) == (429, "slow-down")
        assert answers[2].headers["Retry-After"] == "30"
        assert answers[0].headers["RateLimit-Policy"] == '"key";q=120;w=60'
        assert ask("GET", "topics", other).status_code == 200
        clock.shift(30)
        assert ask("GET", "topics", shown).status_code == 200


def test_keys_cannot_be_guessed_at_leisure():
    with time_machine.travel("2026-11-22 12:00", tick=False):
        answers = [ask("GET", "topics", "x") for _ in range(limits.KEYLESS.burst + 1)]
    assert problem(answers[-2]) == (401, "bad-key")
    assert problem(answers[-1]) == (429, "slow-down")


def test_nothing_of_the_api_is_kept_or_open_to_pages_of_other_sites():
    for answer in (
        ask("GET", "topics", key()),
        ask("GET", "topics"),
        ask("OPTIONS", "topics"),
        ask("GET", "openapi.json"),
    ):
        assert answer.headers["Cache-Control"] == "no-store"
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
        assert "Set-Cookie" not in answer.headers


# Subscribing


def test_whoever_is_subscribed_by_a_program_is_asked_first():
    parks, ada = people.topic("parks"), audience.mirror_followable("author", "ada", "Ada")
    answer = subscribe(key(), name="Míra", topics=["parks"], authors=["ada"], cadence="weekly")
    assert (answer.status_code, answer.json()) == (200, {"outcome": "asked"})
    assert marks() == [("mira@example.org", Mark.CONFIRM)]
    person = Subscriber.objects.get()
    assert (person.status, person.name, person.source) == ("pending", "Míra", "api: a program")
    assert queries.chosen(person) == {parks.pk: "weekly", ada.pk: "weekly"}


def test_the_same_request_again_mails_nothing_again_for_a_while():
    with time_machine.travel("2026-11-22 12:00", tick=False) as clock:
        shown = key()
        answers = {subscribe(shown).content for _ in range(5)}
        assert len(answers) == 1
        assert len(marks()) == 1
        clock.shift(600)
        subscribe(shown)
        assert len(marks()) == 2


def test_asking_tells_nothing_about_an_address():
    people.subscribe("active@example.org")
    audience.unsubscribe(people.subscribe("left@example.org").public_id, "page")
    shown = key(Scope.SUBSCRIBERS_WRITE)
    assert len({subscribe(shown, f"{who}@example.org").content for who in ("active", "left", "newone")}) == 1


def test_a_program_cannot_flood_a_mailbox_and_the_site_has_its_limit(monkeypatch):
    shown = key()
    with time_machine.travel("2026-11-22 12:00", tick=False) as clock:
        for _ in range(15):
            assert subscribe(shown).status_code == 200
            clock.shift(600)
        assert len(marks()) == limits.MAILBOX_DAY.burst
    monkeypatch.setattr(limits, "SITE", limits.Limit("site", burst=0, every=60))
    answer = subscribe(shown)
    assert problem(answer) == (429, "slow-down")
    assert int(answer.headers["Retry-After"]) > 0


def test_who_agreed_elsewhere_is_subscribed_at_once_if_the_key_may_say_so():
    consent = "Ticked the box on our membership form, 2026-11-01"
    assert problem(subscribe(key(Scope.SUBSCRIBERS_WRITE), consent=consent)) == (403, "missing-scope")
    assert not Subscriber.objects.exists()
    shown = key(Scope.SUBSCRIBERS_WRITE, Scope.SUBSCRIBERS_CONFIRM)
    assert subscribe(shown, name="Mira", consent=consent).json() == {"outcome": "added"}
    assert subscribe(shown, name="Somebody else", consent=consent).json() == {"outcome": "unchanged"}
    assert people.told() == ["mira@example.org"]
    assert Subscriber.objects.get().name == "Mira"
    assert marks() == []
    line = Consent.objects.get()
    assert (line.event, line.how, line.text.wording) == ("imported", "api: a program", consent)


def test_nobody_who_left_is_brought_back_by_a_program():
    shown, consent = key(), "Agreed on paper in 2019"
    audience.unsubscribe(people.subscribe("left@example.org").public_id, "page")
    audience.erase(people.subscribe("erased@example.org").public_id)
    people.subscribe("bounced@example.org")
    Suppression.objects.create(
        address_hash=queries.hash_of(audience.EmailAddress("", "bounced@example.org")), reason="bounced"
    )
    for who in ("left", "erased", "bounced"):
        assert subscribe(shown, f"{who}@example.org", consent=consent).json() == {"outcome": "kept_out"}
    assert people.told() == []
    people.ask("pending@example.org")
    assert subscribe(shown, "pending@example.org", consent=consent).json() == {"outcome": "added"}
    assert people.told() == ["pending@example.org"]


INVALID = [
    ({}, "body.email"),
    ({"email": "mira"}, "body.email"),
    ({"email": "mira@example.org\r\nBcc: x@example.org"}, "body.email"),
    ({"email": "mira@example.org\0"}, "body.email"),
    ({"email": ["mira@example.org"]}, "body.email"),
    ({"email": None}, "body.email"),
    ({"email": "x" * 400}, "body.email"),
    ({"email": "mira@example.org", "name": "see https://spam.example"}, "body.name"),
    ({"email": "mira@example.org", "name": 7}, "body.name"),
    ({"email": "mira@example.org", "topics": ["nothing-like-it"]}, "body.topics"),
    ({"email": "mira@example.org", "topics": "parks"}, "body.topics"),
    ({"email": "mira@example.org", "topics": ["\0"]}, "body.topics"),
    ({"email": "mira@example.org", "cadence": "hourly"}, "body.cadence"),
    ({"email": "mira@example.org", "consent": "yes"}, "body.consent"),
    ({"email": "mira@example.org", "consent": "     \n\0          "}, "body.consent"),
    ({"email": "mira@example.org", "colour": "red"}, "body.colour"),
]


@pytest.mark.parametrize(("body", "where"), INVALID)
def test_what_is_not_valid_is_said_where_and_nothing_is_done(body, where):
    answer = ask("POST", "subscribers", key(), body)
    assert problem(answer) == (422, "invalid")
    assert places(answer) == [where]
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    ("body", "more", "expected"),
    [
        ("{", {}, (400, "unreadable")),
        ("", {}, (415, "not-json")),
        (b"\xff\xfe", {}, (400, "unreadable")),
        ("[" * 5000, {}, (400, "unreadable")),
        ('{"email": "a@example.org", "email": "b@example.org"}', {}, (400, "unreadable")),
        ('{"email": NaN}', {}, (400, "unreadable")),
        ("[]", {}, (422, "invalid")),
        ("null", {}, (422, "invalid")),
        ("1", {}, (422, "invalid")),
        ('{"email": "' + "x" * 17_000 + '"}', {}, (413, "too-large")),
        ("email=mira@example.org", {"content_type": "application/x-www-form-urlencoded"}, (415, "not-json")),
    ],
)
def test_a_body_that_is_no_object_of_json_is_refused(body, more, expected):
    assert problem(ask("POST", "subscribers", key(), body, **more)) == expected


# Looking up


def test_looking_somebody_up():
    people.topic("parks")
    shown = key(Scope.SUBSCRIBERS_READ)
    assert problem(ask("POST", "subscribers/lookup", shown, {"email": "mira@example.org"})) == (
        404,
        "no-such-subscriber",
    )
    person = people.subscribe("mira@example.org", "Mira", {queries.everything().pk: "alerts"})
    found = ask("POST", "subscribers/lookup", shown, {"email": "MIRA@example.org"}).json()
    assert (found["status"], found["name"], found["kept_out"], found["paused_until"]) == ("active", "Mira", None, None)
    assert found["follows"] == [{"kind": "everything", "slug": "", "name": "Everything", "cadence": "alerts"}]
    audience.unsubscribe(person.public_id, "page")
    found = ask("POST", "subscribers/lookup", shown, {"email": "mira@example.org"}).json()
    assert (found["status"], found["kept_out"], found["follows"]) == ("left", "unsubscribed", [])


# Topics and posts


def test_topics_and_posts_are_those_that_anybody_may_read():
    parks = Topic.objects.create(name="Parks", slug="parks", description="Green.")
    ada = Author.objects.create(name="Ada", slug="ada")
    shown = key()
    draft("Not out yet")
    published("First", topics=[parks], authors=[ada], summary="In short.", body=[("heading", "Why")])
    published("Second", kind="alert", severity="minor")
    assert ask("GET", "topics", shown).json() == {
        "items": [
            {"slug": "parks", "name": "Parks", "description": "Green.", "url": "http://news.example.org/topics/parks/"}
        ]
    }
    found = ask("GET", "posts", shown).json()
    assert [each["title"] for each in found["items"]] == ["Second", "First"]
    assert (found["total"], found["pages"], found["next"], found["previous"]) == (2, 1, None, None)
    first = found["items"][1]
    assert first["url"] == "http://news.example.org/first/"
    assert (first["topics"][0]["slug"], first["authors"][0]["name"]) == ("parks", "Ada")
    whole = ask("GET", f"posts/{first['id']}", shown).json()
    assert {name: whole[name] for name in first} == first
    assert "Why" in whole["html"]
    assert [each["title"] for each in ask("GET", "posts?topic=parks", shown).json()["items"]] == ["First"]
    assert [each["title"] for each in ask("GET", "posts?kind=alert", shown).json()["items"]] == ["Second"]


def test_posts_are_paged():
    for number in range(5):
        published(f"Post {number}")
    shown, seen, path = key(), [], "posts?per_page=2"
    while path:
        page = ask("GET", path, shown).json()
        seen += [each["title"] for each in page["items"]]
        path = (page["next"] or "").removeprefix("http://news.example.org/api/v1/")
    assert seen == [f"Post {number}" for number in (4, 3, 2, 1, 0)]
    last = ask("GET", "posts?per_page=2&page=3", shown).json()
    assert last["previous"] == "http://news.example.org/api/v1/posts?per_page=2&page=2"
    assert problem(ask("GET", "posts?page=9", shown)) == (404, "not-found")


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("page=0", "query.page"),
        ("page=x", "query.page"),
        ("per_page=101", "query.per_page"),
        ("kind=blog", "query.kind"),
        ("pgae=2", "query.pgae"),
    ],
)
def test_a_parameter_that_is_not_valid_is_named(query, where):
    answer = ask("GET", f"posts?{query}", key())
    assert problem(answer) == (422, "invalid")
    assert places(answer) == [where]


# What is not there, what goes wrong


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "", (404, "not-found")),
        ("GET", "nothing", (404, "not-found")),
        ("POST", "nothing", (404, "not-found")),
        ("GET", "posts/7", (404, "not-found")),
        ("GET", "posts?topic=none-like-it", (404, "not-found")),
        ("DELETE", "topics", (405, "method-not-allowed")),
        ("GET", "subscribers", (405, "method-not-allowed")),
        ("HEAD", "topics", (405, "method-not-allowed")),
    ],
)
def test_what_is_not_there_is_a_problem_too(method, path, expected):
    answer = ask(method, path, key(), {} if method == "POST" else None)
    if method == "HEAD":
        assert answer.status_code == 405
    else:
        assert problem(answer) == expected
    assert ("Allow" in answer.headers) is (expected[0] == 405)


def test_every_problem_is_explained_behind_its_type():
    path = ask("GET", "topics").json()["type"].removeprefix("http://news.example.org/api/v1/")
    page = ask("GET", path)
    assert page.status_code == 200
    assert "A key is needed" in page.content.decode()


@pytest.mark.parametrize(
    ("error", "expected"), [(RuntimeError("secret"), (500, "our-fault")), (OperationalError("secret"), (503, "away"))]
)
def test_what_goes_wrong_here_is_said_without_details(monkeypatch, error, expected):
    def fail():
        raise error

    monkeypatch.setattr(posts, "topics", fail)
    answer = ask("GET", "topics", key())
    assert problem(answer) == expected
    assert b"secret" not in answer.content


def test_the_description_is_open_and_complete():
    said = ask("GET", "openapi.json").json()
    assert said["openapi"] == "3.1.0"
    assert set(said["paths"]) == {
        "/api/v1/subscribers",
        "/api/v1/subscribers/lookup",
        "/api/v1/topics",
        "/api/v1/posts",
        "/api/v1/posts/{post_id}",
    }
    for methods in said["paths"].values():
        for operation in methods.values():
            assert operation["security"]
            assert {"401", "403", "422", "429"} <= operation["responses"].keys()
