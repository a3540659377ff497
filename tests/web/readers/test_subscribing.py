"""The Stay informed form: one answer for every address, and never a mail too many."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.audience import people
from tests.web.readers.reading import ORIGIN, browser, heading, mails, marks, subscribe, whole
from tocsin.audience import actions, limits, queries, wordings
from tocsin.audience.models import Address, Allowance, Consent, Subscriber, Suppression
from tocsin.courier.message import Mark
from tocsin.courier.models import Dispatch, Lane
from tocsin.lib import addresses


@pytest.mark.django_db
def test_subscribing_mails_a_confirmation_and_says_look_into_your_inbox():
    client = browser()
    response = subscribe(client, name="Mira Čapková")
    assert (response.status_code, response.headers["Location"]) == (303, "/subscribe/sent/")
    assert heading(client.get("/subscribe/sent/")) == "Look into your inbox"
    assert marks() == [("mira@example.org", Mark.CONFIRM)]
    dispatch = Dispatch.objects.get()
    assert (dispatch.kind, dispatch.lane, dispatch.audience) == ("reader", Lane.TRANSACTIONAL, 1)
    assert Subscriber.objects.get().name == "Mira Čapková"


@pytest.mark.django_db
def test_the_confirmation_mail_is_complete():
    subscribe()
    [mail] = mails()
    assert mail.subject == "Please confirm: The Example Gazette by e-mail"
    assert (mail.sender_name, mail.sender_email) == ("The Example Gazette", "news@example.org")
    assert (mail.automatic, mail.bulk) == (True, False)
    assert max(map(len, mail.text.splitlines())) <= 72
    assert mail.html.count(Mark.CONFIRM) == 3


@pytest.mark.django_db
def test_the_sentence_shown_is_the_sentence_recorded():
    page = browser().get("/subscribe/").content.decode()
    subscribe()
    wording = Consent.objects.get().text.wording
    assert wording == wordings.subscribing("The Example Gazette")
    assert wording in page


def known_addresses() -> list[str]:
    """One address of every sort; the first is unknown."""
    actions.unsubscribe(people.subscribe("left@example.org").public_id, "page")
    actions.erase(people.subscribe("erased@example.org").public_id)
    people.subscribe("active@example.org")
    people.ask("pending@example.org")
    for reason in ("bounced", "complained", "manual"):
        people.subscribe(f"{reason}@example.org")
        address_hash = queries.hash_of(addresses.parse(f"{reason}@example.org"))
        Suppression.objects.create(address_hash=address_hash, reason=reason)
    subscribe(email="tired@example.org")
    for _ in range(5):
        subscribe(email="tired@example.org")
    return [
        "new@example.org",
        *(
            f"{sort}@example.org"
            for sort in ["left", "erased", "active", "pending", "bounced", "complained", "manual", "tired"]
        ),
    ]


@pytest.mark.django_db
def test_every_address_gets_the_same_answer_to_the_byte():
    answers = {}
    for address in known_addresses():
        client = browser()
        answers[address] = whole(subscribe(client, email=address)), whole(client.get("/subscribe/sent/"))
        assert answers[address] == answers["new@example.org"], address
        assert not client.cookies
    (status, headers, _), (_, page_headers, page) = answers["new@example.org"]
    assert status == 303
    assert b"example.org" not in page.replace(b"news.example.org", b"").replace(b'"http://', b"")
    assert "Set-Cookie" not in headers
    assert headers["Cache-Control"] == page_headers["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_only_the_mail_differs():
    for address in known_addresses():
        subscribe(email=address)
    confirm = ["tired@example.org"] * 3 + ["new@example.org", "left@example.org", "erased@example.org"]
    assert [to for to, mark in marks() if mark == Mark.CONFIRM] == [*confirm, "pending@example.org"]
    # The courier gives nothing to a relay for the last three: see `courier.standing`.
    already = ["active@example.org", "bounced@example.org", "complained@example.org", "manual@example.org"]
    assert [to for to, mark in marks() if mark == Mark.MANAGE] == already


@pytest.mark.django_db
def test_one_mailbox_is_not_flooded():
    with time_machine.travel("2026-11-22 12:00", tick=False) as clock:
        for _ in range(10):
            assert subscribe().status_code == 303
        assert len(marks()) == limits.MAILBOX.burst
        clock.shift(600)
        for _ in range(10):
            subscribe(email="MIRA@example.org")
        assert len(marks()) == limits.MAILBOX.burst + 1
        clock.shift(4 * 3600)
        for _ in range(20):
            subscribe()
            clock.shift(600)
        assert len(marks()) <= limits.MAILBOX_DAY.burst + 2
        assert Consent.objects.filter(event="asked").count() == len(marks())


@pytest.mark.django_db
def test_one_network_asks_only_so_often(monkeypatch):
    with time_machine.travel("2026-11-22 12:00", tick=False) as clock:
        monkeypatch.setattr(limits, "NETWORK", limits.Limit("network", burst=2, every=60))
        client = browser()
        client.defaults["REMOTE_ADDR"] = "203.0.113.9"
        answers = [subscribe(client, email=f"r{n}@example.org") for n in range(3)]
        assert [answer.status_code for answer in answers] == [303, 303, 429]
        assert heading(answers[2]) == "Too many requests just now"
        assert int(answers[2].headers["Retry-After"]) > 0
        assert len(marks()) == 2
        client.defaults["REMOTE_ADDR"] = "203.0.114.9"
        assert subscribe(client, email="r4@example.org").status_code == 303
        client.defaults["REMOTE_ADDR"] = "203.0.113.10"
        assert subscribe(client, email="r5@example.org").status_code == 429
        clock.shift(60)
        assert subscribe(client, email="r5@example.org").status_code == 303


@pytest.mark.django_db
def test_the_site_asks_only_so_often(monkeypatch):
    monkeypatch.setattr(limits, "SITE", limits.Limit("site", burst=1, every=60))
    assert subscribe().status_code == 303
    assert subscribe(email="taras@example.org").status_code == 429


@pytest.mark.django_db
def test_a_machine_that_fills_in_everything_is_told_the_same_and_nothing_is_done():
    person = whole(subscribe(email="new@example.org"))
    before = Allowance.objects.count()
    assert whole(subscribe(website="http://spam.example")) == person
    assert Subscriber.objects.count() == 1
    assert Allowance.objects.count() == before


BAD = [
    ({"email": ""}, "No e-mail address was given."),
    ({"email": "mira"}, "must have an @-sign"),
    ({"email": "mira@example"}, "Write it like name@example.org."),
    ({"email": "mira@example.org\r\nBcc: x@example.org"}, "cannot contain line breaks"),
    ({"email": "mira@example.org\n"}, "cannot contain line breaks"),
    ({"email": "x" * 10_000}, "too long"),
    ({"email": "x" * 10_000 + "@example.org"}, "too long"),
    ({"email": "mira@example.org\0"}, "Null characters"),
    ({"name": "Mira\r\nBcc: x@example.org"}, "The name contains line breaks"),
    ({"name": "Mira\n"}, "The name contains line breaks"),
    ({"name": "x" * 10_000}, "The name is longer than 120 characters"),
    ({"name": "visit https://spam.example"}, "The name contains a link"),
    ({"topics": ["no-such-topic"]}, "does not exist"),
    ({"topics": "x" * 10_000}, "does not exist"),
    ({"topics": "parks\0"}, "does not exist"),
    ({"cadence": "daily\0"}, "This pace does not exist"),
    ({"cadence": "hourly"}, "This pace does not exist"),
    ({"cadence": "x" * 10_000}, "This pace does not exist"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("fields", "words"), BAD, ids=[f"{words}-{n}" for n, (_, words) in enumerate(BAD)])
def test_bad_input_is_refused_in_words_and_leaves_no_trace(fields, words):
    response = subscribe(**({"email": "mira@example.org", "name": "Míra"} | fields))
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert 'aria-invalid="true"' in page or "topics" in fields or "cadence" in fields
    assert len(page) < len(subscribe(email="").content) + 500  # what was typed comes back cut, if at all
    assert not Subscriber.objects.exists()
    assert not Allowance.objects.exists()
    assert "Set-Cookie" not in response.headers
    if "name" not in fields:
        assert 'value="Míra"' in page


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_typed_the_answer_is_a_page_that_only_shows_it(email, name):
    for given_email in (email, f"{email}@example.org"):
        response = subscribe(email=given_email, name=f"<i>{name}")
        assert response.status_code in {303, 422, 429}
        assert "<i>" not in response.content.decode()


@pytest.mark.django_db
def test_topics_and_pace_may_be_chosen_at_once():
    parks, roads = people.topic("parks"), people.topic("roads")
    people.topic("schools")
    page = browser().get("/subscribe/").content.decode()
    assert all(f'value="{slug}"' in page for slug in ("parks", "roads", "schools", "weekly"))
    assert subscribe(topics=["parks", "roads"], cadence="weekly").status_code == 303
    assert queries.chosen(Subscriber.objects.get()) == {parks.pk: "weekly", roads.pk: "weekly"}


@pytest.mark.django_db
def test_without_a_choice_it_is_everything_as_it_happens():
    people.topic("parks")
    subscribe()
    assert queries.chosen(Subscriber.objects.get()) == {queries.everything().pk: "instant"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": ORIGIN}, 303),
        ({"origin": "http://news.example.org", "referer": "http://evil.example/"}, 303),
        ({"origin": "http://localhost:8000", "host": "localhost:8000"}, 303),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "https://news.example.org.evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
    ],
)
def test_a_form_on_somebody_else_s_page_subscribes_nobody(headers, status):
    response = subscribe(browser(**headers))
    assert response.status_code == status
    assert Subscriber.objects.exists() is (status == 303)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("referrer", "status"),
    [(None, 303), (f"{ORIGIN}/a-post/", 303), ("http://evil.example/news.example.org", 403)],
)
def test_without_an_origin_the_referrer_counts(referrer, status):
    client = browser()
    del client.defaults["HTTP_ORIGIN"]
    if referrer:
        client.defaults["HTTP_REFERER"] = referrer
    assert subscribe(client).status_code == status


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_not_known(method):
    assert getattr(browser(), method)("/subscribe/").status_code == 405


def test_two_requests_at_once_for_one_new_address(committed):
    start = threading.Barrier(4)

    def run(_: int) -> int:
        start.wait()
        try:
            return subscribe().status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(run, range(4))) == [303] * 4
    assert Subscriber.objects.count() == Address.objects.count() == 1
    assert len(marks()) == limits.MAILBOX.burst
