"""What is kept about a reader: seen, downloaded and deleted, behind a fresh link only."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tests.audience import people
from tests.posts import published
from tests.web.readers.reading import browser, link
from tocsin.audience import actions, queries
from tocsin.audience.models import Publication, StaffNote, Subscriber
from tocsin.content.models import Topic
from tocsin.courier.models import Attempt, Delivery, Dispatch, Edition

pytestmark = pytest.mark.django_db


@pytest.fixture
def water() -> Topic:
    return Topic.objects.create(name="Water", slug="water")


@pytest.fixture
def mira(water: Topic) -> Subscriber:
    followable = queries.followables(["water"], []).get(kind="topic")
    return people.subscribe("mira@example.org", "Mira", {followable.pk: "instant"})


def page(person: Subscriber) -> str:
    return browser().get(link("data", person)).content.decode()


def test_it_says_what_was_sent_and_why_even_after_choices_changed(mira, water):
    published("Pipes", topics=[water])
    actions.change(mira.public_id, name="Mira", choices={queries.everything().pk: "instant"})
    published("Roads")
    shown = page(mira)
    assert "mira@example.org" in shown
    pipes, roads = shown.split("<h3>Pipes</h3>")[1], shown.split("<h3>Roads</h3>")[1].split("<h3>")[0]
    assert "You followed Water (as it happens)." in pipes
    assert "You followed everything (as it happens)." in roads
    assert '<a href="/roads/">Roads</a>' in roads


def test_a_mail_is_called_by_the_subject_it_had(mira):
    browser().post(link("manage", mira), {"do": "mail-data-link"})
    assert f"<h3>Your data at {queries.publication().name}</h3>" in page(mira)


def test_alerts_and_digests_have_their_own_reasons(mira, water):
    post = published("Boil your water", kind="alert", severity="severe")
    actions.slow_down(mira.public_id)
    dispatch = Dispatch.objects.create(
        kind="digest", lane=3, title="Daily digest", audience=1, give_up_us=0,
        created_us=Dispatch.objects.get().created_us + 10**12,
    )  # fmt: skip
    news = published("Pipes", topics=[water])
    edition = Edition.objects.create(
        dispatch=dispatch, language="en", posts=[[news.pk, 1], [post.pk, 1], [999_999, 1]], message={}
    )
    Delivery.objects.create(
        dispatch=dispatch, edition=edition, channel="email", subscriber_id=mira.pk, address_hash=b"x" * 16, at_us=1
    )
    shown = page(mira)
    assert "Alerts go to everybody who has not opted out" in shown
    digest = shown.split("<h3>Daily digest</h3>")[1].split("<h3>")[0]
    assert "You followed Water (once a day)." in digest
    assert ">Pipes</a>" in digest


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("planned", "On its way to you."),
        ("accepted", "Whether it reached your inbox we cannot see."),
        ("deferred", "try again later"),
        ("failed", "refused it"),
        ("suppressed", "Not sent"),
        ("unsure", "You may have got it or not."),
        ("bounced", "It came back"),
        ("complained", "reported as spam"),
    ],
)
def test_what_became_of_a_mail_is_said_honestly(state, words, mira, water):
    published("Pipes", topics=[water])
    Delivery.objects.update(state=state, reply="550 <mira@example.org> unknown")
    shown = page(mira)
    assert words in shown
    assert ("550 &lt;mira" in shown) == (state not in {"planned", "accepted"})


def test_what_was_agreed_to_is_shown_in_its_words(mira):
    shown = page(mira)
    assert shown.count(people.WORDING) == 2
    assert "Asked to subscribe" in shown


def test_a_copy_holds_everything(mira, water):
    Publication.objects.update(record_ip=True)
    published("Pipes", topics=[water])
    Delivery.objects.update(state="failed", reply="550 <mira@example.org> unknown", attempts=1)
    Attempt.objects.create(
        delivery=Delivery.objects.get(),
        number=1,
        relay="r",
        started_us=1,
        finished_us=2,
        outcome="refused",
        reply="550",
    )
    StaffNote.objects.create(subscriber=mira, text="Rang us up.", by="ada")
    actions.slow_down(mira.public_id)
    response = browser().get(link("data", mira) + "my-data.json")
    assert response.headers["Content-Disposition"].startswith('attachment; filename="my-data-')
    assert response.headers["Cache-Control"] == "no-store"
    copy = json.loads(response.content)
    assert copy["person"]["name"] == "Mira"
    assert copy["address"]["value"] == "mira@example.org"
    [now], [before] = copy["subscriptions"], copy["earlier_choices"]
    assert [(each["name"], each["pace"]) for each in (now, before)] == [("Water", "daily"), ("Water", "instant")]
    assert [(each["event"], each["wording"]) for each in copy["consents"]] == [
        ("asked", people.WORDING),
        ("confirmed", people.WORDING),
    ]
    [sent] = copy["deliveries"]
    assert (sent["title"], sent["state"], sent["why"]) == ("Pipes", "failed", "You followed Water (as it happens).")
    assert [note["text"] for note in copy["notes_of_the_staff"]] == ["Rang us up."]
    assert copy["attempts"][0]["mail_server_said"] == "550"


def test_a_copy_of_somebody_else_is_not_in_it(mira, water):
    other = people.subscribe("other@example.org")
    published("Pipes", topics=[water])
    published("Roads")
    for path in ("", "my-data.json"):
        mine, theirs = (browser().get(link("data", each) + path).content.decode() for each in (mira, other))
        assert ("other@example.org" in mine, "Roads" in mine, "mira@example.org" in theirs) == (False, False, False)


def test_the_link_ends_after_an_hour_and_says_what_to_do(mira):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        url = link("data", mira)
        clock.shift(timedelta(minutes=61))
        for path in ("", "my-data.json"):
            response = browser().get(url + path)
            assert response.status_code == 410
            assert b"Ask for a new one on your own page" in response.content
            assert b"mira@" not in response.content


def test_many_mails_are_cut_and_said_to_be(mira, monkeypatch, water):
    monkeypatch.setattr("tocsin.web.readers.own_data.SHOWN", 1)
    published("Pipes", topics=[water])
    published("Drains", topics=[water])
    shown = page(mira)
    assert "<h3>Drains</h3>" in shown
    assert "<h3>Pipes</h3>" not in shown
    assert "These are the last 1." in shown
