"""A link to confirm that is too old or was used up: one button mails a new one, and tells nothing."""

import pytest
import time_machine

from tests.audience import people
from tests.web.readers.reading import browser, heading, link, marks, subscribe, whole
from tocsin.audience import actions, limits, queries
from tocsin.audience.models import Consent, Subscriber
from tocsin.courier.message import Mark
from tocsin.lib.links import CONFIRM_AGE

pytestmark = pytest.mark.django_db
BUTTON = b'<form method="post"><button class="button" name="again" value="1">Mail me a new link</button></form>'
AGAIN = {"again": "1"}


def old_link(person: Subscriber) -> str:
    return link("confirm", person, age=CONFIRM_AGE + 1)


def test_an_expired_link_has_a_button_that_mails_a_new_one():
    person = people.ask("mira@example.org", "Mira", {people.topic("parks").pk: "weekly"}).address.subscriber
    page = browser().get(old_link(person))
    assert (page.status_code, heading(page)) == (410, "This link has expired")
    assert BUTTON in page.content
    assert marks() == []
    answer = browser().post(old_link(person), AGAIN)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/subscribe/sent/")
    assert marks() == [("mira@example.org", Mark.CONFIRM)]
    browser().post(link("confirm", person))
    person.refresh_from_db()
    assert (person.status, person.name) == ("active", "Mira")
    assert list(person.subscriptions.values_list("followable__slug", "cadence")) == [("parks", "weekly")]


def test_it_is_on_record_with_the_words_beside_the_button():
    person = people.ask().address.subscriber
    page = browser().get(old_link(person)).content.decode()
    browser().post(old_link(person), AGAIN)
    asked = Consent.objects.filter(event="asked").latest("id")
    assert asked.how == "old confirmation link"
    assert f'<p class="hint">{asked.text.wording}</p>' in page
    assert asked.text.wording != people.WORDING


def test_page_and_answer_are_the_same_for_everybody():
    asked, active, left, erased, full = (
        people.ask(f"{sort}@example.org").address.subscriber for sort in ("asked", "active", "left", "erased", "full")
    )
    for person in (active, left, erased):
        actions.confirm(person.public_id)
    actions.unsubscribe(left.public_id, "button")
    actions.erase(erased.public_id)
    for _ in range(5):
        subscribe(email="full@example.org")
    before = len(marks())
    seen = [
        (whole(browser().get(old_link(person))), whole(browser().post(old_link(person), AGAIN)))
        for person in (asked, active, left, erased, full)
    ]
    assert all(answers == seen[0] for answers in seen)
    assert marks()[before:] == [
        ("asked@example.org", Mark.CONFIRM),
        ("active@example.org", Mark.MANAGE),
        ("left@example.org", Mark.CONFIRM),
    ]
    assert people.told() == ["active@example.org"]


def test_who_left_since_may_come_back_to_what_they_followed():
    choices = {people.topic("parks").pk: "daily", queries.everything().pk: "alerts"}
    person = people.subscribe("mira@example.org", "Mira", choices)
    browser().post(link("unsubscribe", person))
    page = browser().get(link("confirm", person))
    assert (page.status_code, heading(page)) == (200, "You have unsubscribed since")
    assert BUTTON in page.content
    assert browser().post(link("confirm", person)).content == page.content  # the old button does nothing
    assert marks() == []
    assert browser().post(link("confirm", person), AGAIN).status_code == 303
    assert marks() == [("mira@example.org", Mark.CONFIRM)]
    assert queries.chosen(person) == choices
    person.refresh_from_db()
    assert person.status == "pending"


def test_one_mailbox_is_not_flooded_by_an_old_link():
    person = people.ask().address.subscriber
    subscribe()
    with time_machine.travel("2036-11-22 12:00", tick=False):
        answers = {whole(browser().post(old_link(person), AGAIN))[0] for _ in range(10)}
        subscribe()
    assert answers == {303}
    assert len(marks()) == 1 + limits.MAILBOX.burst, "the form and the button share one allowance"
    assert Consent.objects.filter(event="asked").count() == 1 + len(marks())


def test_one_network_asks_only_so_often(monkeypatch):
    monkeypatch.setattr(limits, "NETWORK", limits.Limit("network", burst=1, every=60))
    client, person = browser(), people.ask().address.subscriber
    client.post("/subscribe/", {"email": "other@example.org"})
    refused = client.post(old_link(person), AGAIN)
    assert (refused.status_code, heading(refused)) == (429, "Too many requests just now")
    assert [to for to, _ in marks()] == ["other@example.org"]


def test_the_page_speaks_the_readers_language():
    person = people.ask().address.subscriber
    Subscriber.objects.update(language="de")
    assert 'lang="de"' in browser().get(old_link(person)).content.decode()
    browser().post(old_link(person), AGAIN)
    person.refresh_from_db()
    assert person.language == Consent.objects.latest("id").text.language == "de"


def test_an_altered_link_and_a_foreign_page_mail_nothing():
    person = people.ask().address.subscriber
    url = old_link(person)
    altered = url[:-3] + ("A" if url[-3] != "A" else "B") + url[-2:]
    broken = browser().post(altered, AGAIN)
    assert (broken.status_code, heading(broken)) == (404, "This link does not work")
    assert "your own page, where you can also unsubscribe" in broken.content.decode()
    assert b'class="button" href="/subscribe/"' in broken.content
    assert b"<button" not in broken.content.partition(b'class="notice"')[2]
    assert browser(origin="http://evil.example").post(url, AGAIN).status_code == 403
    assert marks() == []
