"""What machines meet at the form: a trap of time, a sum, a wait. People get through, with and without JavaScript."""

import json
import re
from base64 import b64decode, b64encode
from html import unescape

import altcha
import pytest
import time_machine
from django.http import HttpResponse
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audience import people
from tests.web.readers.reading import browser, heading, marks, subscribe, whole
from tocsin.audience import actions, limits, queries
from tocsin.audience.models import Address, Subscriber, Suppression
from tocsin.courier.message import Mark
from tocsin.courier.models import Batch, Delivery
from tocsin.lib import addresses
from tocsin.lib.clock import MINUTE, now_us
from tocsin.web.readers import sums, suspicion

NOON = "2026-11-22 12:00"
MIRA = addresses.parse("mira@example.org")


@pytest.fixture(autouse=True)
def easy_sums(monkeypatch):
    """What a sum costs is measured in a browser. However slow this machine is, it is quicker than these people."""
    monkeypatch.setattr(sums, "ITERATIONS", 10)
    monkeypatch.setattr(suspicion, "QUICKEST_SECONDS", 600)


def fields(page: HttpResponse) -> dict[str, str]:
    """The hidden fields of the form on a page."""
    found = re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?>', page.content.decode())
    return {name: unescape(value) for name, value in found}


def solution(page: HttpResponse) -> str:
    """What the script on the page of a sum finds."""
    challenge = altcha.Challenge.from_dict(json.loads(fields(page)["challenge"]))
    solved = altcha.solve_challenge(challenge)
    assert solved
    return altcha.Payload(challenge, solved).to_base64()


def hurried(**more: str | list[str]) -> HttpResponse:
    """A form filled in as it is shown."""
    return subscribe(since=suspicion.since(), **more)


@pytest.mark.django_db
def test_a_form_filled_in_too_quickly_gets_a_sum_and_mails_nothing():
    page = hurried()
    assert (page.status_code, heading(page)) == (200, "One moment")
    assert not Subscriber.objects.exists()
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Content-Security-Policy"].count("'sha256-") == 3


@pytest.mark.django_db
def test_a_form_filled_in_at_leisure_is_answered_at_once():
    with time_machine.travel(NOON, tick=False) as clock:
        since = re.search(r'name="since" value="([^"]+)"', browser().get("/subscribe/").content.decode())[1]
        clock.shift(suspicion.QUICKEST_SECONDS)
        assert subscribe(since=since).status_code == 303
        clock.shift(suspicion.OLDEST_SECONDS)
        assert heading(subscribe(since=since)) == "One moment"
        assert heading(subscribe(since=since[:-1] + "~")) == "One moment"


@pytest.mark.django_db
def test_who_mends_a_mistake_is_not_taken_for_a_machine():
    with time_machine.travel(NOON, tick=False) as clock:
        since = suspicion.since()
        clock.shift(suspicion.QUICKEST_SECONDS)
        page = subscribe(since=since, email="mira")
        assert fields(page)["since"] == since
        assert subscribe(**fields(page)).status_code == 303


@pytest.mark.django_db
def test_a_solved_sum_opens_the_way_with_everything_that_was_filled_in():
    parks, roads = people.topic("parks"), people.topic("roads")
    page = hurried(name="Míra <b>", topics=["parks", "roads"], cadence="weekly")
    carried = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.content.decode())
    assert ("topics", "parks") in carried
    sent = {name: [unescape(value) for key, value in carried if key == name] for name, _ in carried}
    answer = browser().post("/subscribe/", {**sent, "altcha": solution(page)})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/subscribe/sent/")
    assert Subscriber.objects.get().name == "Míra <b>"
    assert queries.chosen(Subscriber.objects.get()) == {parks.pk: "weekly", roads.pk: "weekly"}
    assert Batch.objects.get().due_us == 0


@pytest.mark.django_db
def test_a_solution_is_for_one_mailbox_and_for_an_hour():
    with time_machine.travel(NOON, tick=False) as clock:
        page = hurried()
        found = solution(page)
        assert heading(hurried(email="taras@example.org", altcha=found)) == "One moment"
        assert hurried(altcha=found).status_code == 303
        clock.shift(sums.GOOD_SECONDS + 1)
        assert heading(hurried(altcha=found)) == "One moment"
    assert len(marks()) == 1


@pytest.mark.django_db
def test_one_solution_does_not_flood_its_mailbox():
    page = hurried()
    found = solution(page)
    for _ in range(10):
        assert hurried(altcha=found).status_code == 303
    assert len(marks()) == limits.MAILBOX.burst


def altered(payload: str) -> list[str]:
    """Payloads that are nearly a solution."""
    good = json.loads(b64decode(payload))
    wrong = [
        {**good, "solution": {"counter": 0, "derivedKey": "00" * 32}},
        {**good, "solution": {**good["solution"], "derivedKey": None}},
        {**good, "challenge": {**good["challenge"], "signature": "00" * 32}},
        {**good, "challenge": {**good["challenge"], "signature": None}},
        {**good, "challenge": {"parameters": {**good["challenge"]["parameters"], "cost": 1}}},
        {**good, "challenge": {"parameters": []}},
        {"challenge": [], "solution": 1},
        [],
        None,
    ]
    return [*(b64encode(json.dumps(each).encode()).decode() for each in wrong), payload[:-9], "é", "{", "[" * 20_000]


def test_what_is_no_solution_is_none():
    posed = sums.pose(queries.mailbox_of(MIRA))
    challenge = altcha.Challenge.from_dict(json.loads(posed.challenge))
    found = altcha.Payload(challenge, altcha.solve_challenge(challenge)).to_base64()
    assert sums.is_solved(queries.mailbox_of(MIRA), found)
    for payload in altered(found):
        assert not sums.is_solved(queries.mailbox_of(MIRA), payload)


@settings(max_examples=50)
@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_no_payload_breaks_the_check(payload):
    for shape in (payload, {"challenge": payload, "solution": payload}, {"challenge": {"parameters": payload}}):
        assert not sums.is_solved(b"x" * 16, b64encode(json.dumps(shape).encode()).decode())


@pytest.mark.django_db
def test_without_javascript_the_mail_comes_later_and_the_page_says_so():
    with time_machine.travel(NOON, tick=False):
        page = hurried(name="Mira")
        assert "sent in about 15 minutes" in page.content.decode()
        client = browser()
        answer = client.post("/subscribe/", fields(page) | {"altcha": ""})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/subscribe/sent/later/")
        after = client.get(answer.headers["Location"])
        assert heading(after) == "Look into your inbox later"
        assert "in about 15 minutes" in after.content.decode()
        assert marks() == [("mira@example.org", Mark.CONFIRM)]
        assert Batch.objects.get().due_us == Delivery.objects.get().due_us == now_us() + 15 * MINUTE


@pytest.mark.django_db
def test_only_few_of_a_network_wait_at_once():
    client, answers = browser(), []
    for number in range(limits.PATIENT.burst + 1):
        page = client.post("/subscribe/", {"email": f"r{number}@example.org", "since": suspicion.since()})
        answers.append(client.post("/subscribe/", fields(page)))
    assert [answer.status_code for answer in answers] == [303] * limits.PATIENT.burst + [429]


@pytest.mark.django_db
def test_the_button_works_only_behind_its_own_page():
    page = hurried()
    sent = fields(page)
    assert heading(hurried(email="taras@example.org", shown=sent["shown"])) == "One moment"
    assert heading(hurried(shown="x")) == "One moment"
    assert not Subscriber.objects.exists()


@pytest.mark.django_db
def test_a_crowd_from_one_network_or_to_one_domain_or_anywhere_gets_sums(monkeypatch):
    def one(limit: limits.Limit) -> limits.Limit:
        return limits.Limit(limit.name, burst=1, every=60)

    monkeypatch.setattr(limits, "CALM_NETWORK", one(limits.CALM_NETWORK))
    client = browser()
    assert subscribe(client, email="a@a.example").status_code == 303
    assert heading(subscribe(client, email="b@b.example")) == "One moment"
    monkeypatch.setattr(limits, "CALM_DOMAIN", one(limits.CALM_DOMAIN))
    assert subscribe(email="c@c.example").status_code == 303
    assert heading(subscribe(email="d@c.example")) == "One moment"
    assert [subscribe(email=f"{n}@gmail.com").status_code for n in range(3)] == [303] * 3
    monkeypatch.setattr(limits, "CALM_SITE", one(limits.CALM_SITE))
    assert subscribe(email="e@e.example").status_code == 303
    assert heading(subscribe(email="f@f.example")) == "One moment"


@pytest.mark.django_db
def test_the_page_of_a_sum_tells_nothing_of_an_address():
    people.subscribe("active@example.org")
    actions.unsubscribe(people.subscribe("left@example.org").public_id, "page")
    Suppression.objects.create(address_hash=queries.hash_of(addresses.parse("bounced@example.org")), reason="bounced")
    with time_machine.travel(NOON, tick=False):
        seen = set()
        for address in ("newone@example.org", "active@example.org", "left@example.org", "bounced@example.org"):
            page = hurried(email=address)
            sent = fields(page)
            text = page.content.decode().replace(address, "X")
            for name in ("challenge", "shown", "since"):
                text = re.sub(rf'name="{name}" value="[^"]*"', "", text)
            client = browser()
            later = client.post("/subscribe/", sent)
            at_once = whole(hurried(email=address, altcha=solution(page)))
            seen.add((text, str(whole(later)), str(whole(client.get(later.headers["Location"]))), str(at_once)))
    assert len(seen) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "spelling", ["MIRA@Example.org", "m.i.r.a@example.org", "mira+one@example.org", "Mi.Ra+x.y+z@example.org"]
)
def test_one_mailbox_in_other_spellings_is_not_flooded(spelling):
    for _ in range(limits.MAILBOX.burst):
        subscribe()
    answer = subscribe(email=spelling)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/subscribe/sent/")
    assert len(marks()) == limits.MAILBOX.burst


@pytest.mark.django_db
def test_spellings_share_limits_but_are_people_of_their_own():
    subscribe(email="mira@example.org")
    subscribe(email="mira+work@example.org")
    assert sorted(Address.objects.values_list("value", flat=True)) == ["mira+work@example.org", "mira@example.org"]
    assert Subscriber.objects.count() == 2


@pytest.mark.django_db
def test_a_mailbox_that_never_answers_is_left_alone_in_the_long_run():
    with time_machine.travel(NOON, tick=False) as clock:
        mailed = []
        for _ in range(120):  # somebody tries twice a day, for two months
            mailed.append(limits.take_for_mailbox(b"victim", "subscribe"))
            clock.shift(limits.DAY / 2)
    assert mailed[:8] == [True] * 8
    assert mailed[60:].count(True) <= 30 * limits.DAY / limits.MAILBOX_LONG.every + 1


@pytest.mark.django_db
def test_a_throw_away_mailbox_is_welcome_and_flagged():
    assert subscribe(email="mira@mailinator.com").status_code == 303
    assert subscribe(email="mira@example.org").status_code == 303
    assert dict(Address.objects.values_list("value", "is_disposable")) == {
        "mira@mailinator.com": True,
        "mira@example.org": False,
    }
    assert len(marks()) == 2


@pytest.mark.django_db
@pytest.mark.parametrize("taken", ["mira@gmail.com", "mira@gmial.com"])
def test_a_slip_of_the_finger_is_asked_about_and_either_answer_is_one_click(taken):
    page = subscribe(email="mira@gmial.com", name="Mira")
    assert (page.status_code, heading(page)) == (200, "Is the address right?")
    assert re.findall(r'<button class="[^"]+" name="email" value="([^"]+)">', page.content.decode()) == [
        "mira@gmail.com",
        "mira@gmial.com",
    ]
    assert not Subscriber.objects.exists()
    answer = browser().post("/subscribe/", fields(page) | {"email": taken})
    assert answer.status_code == 303
    assert marks() == [(taken, Mark.CONFIRM)]
    assert Subscriber.objects.get().name == "Mira"


@pytest.mark.django_db
def test_a_kept_address_is_kept_behind_the_sum_too():
    page = hurried(email="mira@gmial.com", kept="1")
    assert browser().post("/subscribe/", fields(page) | {"altcha": solution(page)}).status_code == 303
    assert marks() == [("mira@gmial.com", Mark.CONFIRM)]


@pytest.mark.django_db
def test_no_page_of_the_form_sets_a_cookie_or_shows_what_was_typed_as_markup():
    for page in (hurried(name="<i>x"), subscribe(email="mira@gmial.com", name="<i>x")):
        assert "Set-Cookie" not in page.headers
        assert b"<i>" not in page.content
