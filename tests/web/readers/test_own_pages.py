"""Confirming, the reader's own page, leaving, being deleted: behind mailed links."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from tests.audience import people
from tests.web.readers.reading import browser, heading, link, marks, subscribe
from tocsin.audience import actions, queries
from tocsin.audience.models import Consent, Subscriber, Suppression
from tocsin.courier.message import Mark
from tocsin.courier.models import Delivery
from tocsin.lib.links import CONFIRM_AGE, DATA_AGE, ERASE_AGE

pytestmark = pytest.mark.django_db
PURPOSES = ["confirm", "manage", "unsubscribe", "data", "erase"]


@pytest.fixture
def mira() -> Subscriber:
    return people.subscribe("mira@example.org", "Mira")


def pending() -> Subscriber:
    subscribe()
    return Subscriber.objects.get()


def test_the_link_asks_and_the_button_subscribes():
    person = pending()
    url = link("confirm", person)
    page = browser().get(url)
    assert (page.status_code, heading(page)) == (200, "One more step")
    assert b'<form method="post"><p class="choices"><button' in page.content
    assert people.told() == []
    done = browser().post(url)
    assert (done.status_code, heading(done)) == (200, "You are subscribed")
    assert link("manage", person).encode() in done.content
    assert people.told() == ["mira@example.org"]
    assert people.record(person) == ["asked", "confirmed"]


def test_a_used_confirmation_says_so():
    url = link("confirm", pending())
    browser().post(url)
    for response in (browser().get(url), browser().post(url)):
        assert (response.status_code, heading(response)) == (200, "You are subscribed already")
    assert Consent.objects.filter(event="confirmed").count() == 1


def test_a_used_confirmation_does_not_undo_leaving():
    person = pending()
    url = link("confirm", person)
    browser().post(url)
    browser().post(link("unsubscribe", person))
    for response in (browser().get(url), browser().post(url)):
        assert heading(response) == "You have unsubscribed since"
    assert people.told() == []


@pytest.mark.parametrize(("purpose", "age"), [("confirm", CONFIRM_AGE), ("data", DATA_AGE), ("erase", ERASE_AGE)])
def test_an_expired_link_does_nothing_and_says_what_to_do(purpose, age):
    person = pending()
    for response in (
        browser().get(link(purpose, person, age=age + 1)),
        browser().post(link(purpose, person, age=age + 1)),
    ):
        assert (response.status_code, heading(response)) == (410, "This link has expired")
    person.refresh_from_db()
    assert person.status == "pending"
    assert browser().get(link(purpose, person, age=age - 60)).status_code == 200


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_forged_or_altered_link_tells_nothing_about_anybody(purpose, mira):
    url = link(purpose, mira)
    token = url.split("/")[2]
    others = [link(other, mira).split("/")[2] for other in PURPOSES if other != purpose]
    altered = token[:-1] + ("A" if token[-1] != "A" else "B")
    pages = set()
    for forged in (altered, token[1:], token + "A", "x", "x" * 5000, "é", "%00", *others):
        for method in ("get", "post"):
            response = getattr(browser(), method)(url.replace(token, forged))
            assert response.status_code == 404
            pages.add(response.content)
    [page] = pages
    assert b"This link does not work" in page
    mira.refresh_from_db()
    assert (mira.status, mira.name) == ("active", "Mira")


@pytest.mark.parametrize("purpose", PURPOSES)
def test_no_get_ever_changes_anything(purpose, mira, django_assert_num_queries):
    pending()
    writes = []

    def watch(execute, sql, params, many, context):
        if not sql.lstrip().upper().startswith(("SELECT", "SAVEPOINT", "RELEASE")):
            writes.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        for person in Subscriber.objects.all():
            for method in ("get", "head"):
                for query in ("", "?List-Unsubscribe=One-Click&do=change&said=changed"):
                    assert getattr(browser(), method)(link(purpose, person) + query).status_code == 200
    assert writes == []


@pytest.mark.parametrize("path", ["/subscribe/", "/subscribe/sent/"])
def test_the_public_pages_set_no_cookie_and_write_nothing(path):
    response = browser().get(path)
    assert response.status_code == 200
    assert "Set-Cookie" not in response.headers
    assert "Cookie" not in response.headers.get("Vary", "")


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_page_behind_a_link_is_kept_and_passed_on_by_nobody(purpose, mira):
    for method in ("get", "post"):
        response = getattr(browser(), method)(link(purpose, mira))
        assert response.headers["Cache-Control"] == "no-store"
        assert "noindex" in response.headers["X-Robots-Tag"]
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in response.headers
        assert "Cookie" not in response.headers.get("Vary", "")
        assert (b"mira@example.org" in response.content) == (purpose == "data")


def test_one_click_unsubscribes_at_once(mira):
    url = link("unsubscribe", mira)
    for _ in range(2):
        response = browser(origin="https://mail.example").post(url, {"List-Unsubscribe": "One-Click"})
        assert (response.status_code, response.content) == (200, b"You are unsubscribed.\n")
        assert "Location" not in response.headers
        assert "Set-Cookie" not in response.headers
    assert people.told() == []
    assert people.record(mira) == ["asked", "confirmed", "withdrawn"]
    assert Consent.objects.get(event="withdrawn").how == "one-click"
    assert Suppression.objects.get().reason == "unsubscribed"


def test_one_click_works_as_a_bare_form_without_any_header(mira):
    response = browser().post(
        link("unsubscribe", mira), "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code == 200
    assert people.told() == []


def test_unsubscribing_on_the_page_asks_first(mira):
    url = link("unsubscribe", mira)
    assert heading(browser().get(url)) == "Unsubscribe?"
    assert people.told() == ["mira@example.org"]
    for response in (browser().post(url), browser().post(url), browser().get(url)):
        assert (response.status_code, heading(response)) == (200, "You are unsubscribed")
    assert people.record(mira) == ["asked", "confirmed", "withdrawn"]


def test_the_own_page_shows_and_changes_what_one_gets(mira):
    parks, everything = people.topic("parks"), queries.everything()
    url = link("manage", mira)
    page = browser().get(url).content.decode()
    assert "m•••@example.org" in page
    assert f'name="follow-{parks.pk}"' in page
    fields = {"do": "change", "name": "Míra", f"follow-{everything.pk}": "alerts", f"follow-{parks.pk}": "instant"}
    response = browser(origin="null").post(url, fields)
    assert (response.status_code, response.headers["Location"]) == (303, "?said=changed")
    assert "Saved" in browser().get(url + "?said=changed").content.decode()
    mira.refresh_from_db()
    assert mira.name == "Míra"
    assert queries.chosen(mira) == {everything.pk: "alerts", parks.pk: "instant"}
    browser().post(url, {"do": "change", f"follow-{everything.pk}": ""})
    mira.refresh_from_db()
    assert (mira.name, mira.status, queries.chosen(mira)) == ("Míra", "active", {parks.pk: "instant"})


@pytest.mark.parametrize("fields", [{}, {"do": ""}, {"do": "no such deed"}, {"do": "change"}])
def test_what_is_not_sent_is_not_changed(fields, mira):
    assert browser().post(link("manage", mira), fields).status_code in {200, 303}
    mira.refresh_from_db()
    assert (mira.name, mira.status, queries.chosen(mira)) == ("Mira", "active", {queries.everything().pk: "instant"})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"do": "change", "name": "x" * 10_000}, "longer than 120"),
        ({"do": "change", "name": "a\r\nb"}, "line breaks"),
        ({"do": "change", "follow": "hourly"}, "This pace does not exist"),
        ({"do": "pause", "until": ""}, "Choose a day."),
        ({"do": "pause", "until": "soon"}, "year-month-day"),
        ({"do": "pause", "until": "2026-11-22"}, "Choose a day from 23 November 2026"),
        ({"do": "pause", "until": "9999-12-31"}, "Choose a day from 23 November 2026"),
        ({"do": "pause", "until": "x" * 10_000}, "year-month-day"),
    ],
)
def test_what_cannot_be_saved_is_said_and_nothing_changes(fields, words):
    with time_machine.travel("2026-11-22 12:00+00:00"):
        mira = people.subscribe("mira@example.org", "Mira")
        field = f"follow-{queries.everything().pk}"
        fields = {field if key == "follow" else key: value for key, value in fields.items()}
        response = browser().post(link("manage", mira), fields)
        page = response.content.decode()
        assert response.status_code == 422
        assert words in page
        mira.refresh_from_db()
        assert (mira.name, mira.paused_until) == ("Mira", None)
        assert people.told() == ["mira@example.org"]


def test_a_break_begins_and_ends(mira):
    url, day = link("manage", mira), (timezone.now() + timedelta(days=10)).date()
    assert browser().post(url, {"do": "pause", "until": str(day)}).headers["Location"] == "?said=paused"
    assert people.told() == []
    mira.refresh_from_db()
    assert mira.paused_until.date() == day
    assert "Nothing is sent until" in browser().get(url).content.decode()
    assert browser().post(url, {"do": "resume"}).headers["Location"] == "?said=resumed"
    assert people.told() == ["mira@example.org"]


def test_the_own_page_of_who_left_only_offers_to_come_back_or_be_deleted(mira):
    actions.unsubscribe(mira.public_id, "page")
    url = link("manage", mira)
    page = browser().get(url).content.decode()
    assert "is not subscribed" in page
    assert "follow-" not in page
    for deed in ("change", "pause", "resume"):
        assert browser().post(url, {"do": deed, "until": "2099-01-01"}).status_code in {410, 422}
    mira.refresh_from_db()
    assert mira.status == "left"


def test_deleting_needs_a_fresh_link_from_the_mailbox(mira):
    assert browser().post(link("manage", mira), {"do": "mail-data-link"}).headers["Location"] == "?said=mailed"
    assert marks() == [("mira@example.org", Mark.DATA)]
    Delivery.objects.update(state="failed", reply="550 5.1.1 <mira@example.org>: no such user")
    data = browser().get(link("data", mira)).content.decode()
    [url] = re.findall(r'href="(/erase/[^"]+)"', data)
    page = browser().get(url)
    assert heading(page) == "Delete everything?"
    assert f'href="{urlsplit(link("manage", mira)).path}">No, go back</a>' in page.content.decode()
    assert Subscriber.objects.exists()
    for response in (browser().post(url), browser().post(url), browser().get(url)):
        assert (response.status_code, heading(response)) == (200, "Everything is deleted")
    assert not Subscriber.objects.exists()
    assert Suppression.objects.get().reason == "unsubscribed"
    assert people.record(mira) == ["asked", "confirmed", "erased"]
    assert Delivery.objects.get().reply == ""


def test_links_of_the_deleted_are_answered_kindly(mira):
    actions.erase(mira.public_id)
    assert browser().get(link("manage", mira)).status_code == 410
    assert browser().get(link("confirm", mira)).status_code == 410
    assert browser().post(link("confirm", mira)).status_code == 410
    assert browser().post(link("unsubscribe", mira), {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert heading(browser().get(link("unsubscribe", mira))) == "You are unsubscribed"


def test_a_mailbox_is_not_flooded_with_deletion_links(mira):
    answers = [browser().post(link("manage", mira), {"do": "mail-data-link"}) for _ in range(5)]
    assert len(marks()) == 3
    assert answers[0].headers["Location"] == "?said=mailed"
    assert answers[-1].headers["Location"] == "?said=mailed-enough"


@pytest.mark.parametrize("purpose", ["confirm", "manage", "data", "erase"])
def test_a_page_that_says_it_is_foreign_is_turned_away(purpose, mira):
    response = browser(origin="http://evil.example").post(link(purpose, mira), {"do": "mail-data-link"})
    assert response.status_code == 403
    assert marks() == []
    assert Subscriber.objects.exists()
