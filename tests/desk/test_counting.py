"""Clicks are counted only if the publication wants it, by link and day, and never by whom."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from wagtail.rich_text import RichText

from tests.audience import people
from tests.posts import published
from tests.readers import readers
from tocsin.audience import actions, limits
from tocsin.audience.models import Publication
from tocsin.channels.email.channel import EmailChannel
from tocsin.content.models import PostPage
from tocsin.courier import counting as ledger
from tocsin.courier.message import Message
from tocsin.courier.models import Clicks, CountedLink, Delivery, Dispatch, Edition
from tocsin.desk.counting import counted
from tocsin.lib import config

TEXT = RichText(
    '<p>See <a href="https://example.org/a?b=1&amp;c=2">the report</a>, again <a href="https://example.org/a?b=1&amp;c=2">there</a>.</p>'
)
HERE = "http://news.example.org"


@pytest.fixture
def counting(db) -> None:
    Publication.objects.update(count_clicks=True)


def with_a_link() -> PostPage:
    return published("News", body=[("text", TEXT)])


def editions() -> list[Message]:
    return [Message.from_json(edition.message) for edition in Edition.objects.order_by("id")]


@pytest.mark.django_db
def test_without_the_setting_links_are_what_they_are():
    readers(12)
    with_a_link()
    [message] = editions()
    assert "/go/" not in message.html + message.text
    assert "counted" not in message.html + message.text
    assert not CountedLink.objects.exists()


def test_with_it_links_lead_through_us_and_the_mail_says_so(counting):
    readers(12)
    with_a_link()
    [message] = editions()
    leading = {link.url: link.key for link in CountedLink.objects.all()}
    assert set(leading) == {f"{HERE}/", f"{HERE}/news/", "https://example.org/a?b=1&c=2"}
    assert message.html.count(f"{HERE}/go/{leading['https://example.org/a?b=1&c=2']}/") == 2
    assert "never by whom" in message.html
    assert "never by whom" in " ".join(message.text.split())
    assert "/go/" not in message.text
    assert "https://example.org/a?b=1&c=2" in message.text
    assert re.findall(r'href="(\x02\w+\x03)', message.html) == ["\x02manage\x03", "\x02unsubscribe\x03"]


def test_who_refuses_gets_the_plain_links_and_everybody_one_mail(counting):
    readers(12)
    mira = people.subscribe("mira@example.org")
    actions.refuse_counting(mira.public_id, refuses=True)
    with_a_link()
    plain = Delivery.objects.get(subscriber_id=mira.pk).edition
    assert "/go/" not in Message.from_json(plain.message).html
    assert "counted" not in Message.from_json(plain.message).html
    [other] = set(Delivery.objects.exclude(subscriber_id=mira.pk).values_list("edition__message__html", flat=True))
    assert "/go/" in other
    assert (Dispatch.objects.get().audience, Delivery.objects.count()) == (13, 13)


def test_among_few_readers_nothing_is_counted(counting):
    readers(ledger.FEWEST_READERS - 1)
    with_a_link()
    [message] = editions()
    assert "/go/" not in message.html
    assert not CountedLink.objects.exists()


def test_both_editions_can_be_sent(counting):
    readers(12)
    actions.refuse_counting(people.subscribe("mira@example.org").public_id, refuses=True)
    with_a_link()
    channel = EmailChannel.from_config(config.current())
    for edition, message in zip(Edition.objects.order_by("id"), editions(), strict=True):
        assert channel.compose(edition.pk, message)


def test_a_click_is_counted_and_leads_where_the_link_led(counting, client: Client):
    readers(12)
    with_a_link()
    link = CountedLink.objects.get(url__startswith="https://example.org")
    for _ in range(3):
        response = client.get(f"/go/{link.key}/")
        assert (response.status_code, response.headers["Location"]) == (302, "https://example.org/a?b=1&c=2")
        assert response.headers["Cache-Control"] == "no-store"
        assert not response.cookies
    client.head(f"/go/{link.key}/")
    assert client.post(f"/go/{link.key}/").status_code == 405
    assert Clicks.objects.get().number == 3
    assert {each.url: each.number for each in ledger.clicks(link.dispatch_id)}[link.url] == 3


def test_one_network_cannot_make_a_link_look_well_liked(counting, client: Client, monkeypatch):
    monkeypatch.setattr(limits, "FOLLOWED", limits.Limit("followed", burst=2, every=3600))
    readers(12)
    with_a_link()
    link = CountedLink.objects.get(url__startswith="https://example.org")
    for _ in range(5):
        assert client.get(f"/go/{link.key}/").status_code == 302
    client.get(f"/go/{link.key}/", REMOTE_ADDR="198.51.100.7")
    assert Clicks.objects.get().number == 3


def test_when_counting_is_switched_off_old_links_still_lead_on_but_are_not_counted(counting, client: Client):
    readers(12)
    with_a_link()
    Publication.objects.update(count_clicks=False)
    link = CountedLink.objects.order_by("place").last()
    assert link is not None
    assert client.get(f"/go/{link.key}/").status_code == 302
    assert not Clicks.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["nothing", "https:", "..%2f..", "x" * 500, "%00"])
def test_no_other_address_leads_anywhere(key, client: Client):
    response = client.get(f"/go/{key}/")
    assert response.status_code == 404
    assert "Location" not in response.headers


def test_clicks_at_once_are_all_counted(committed):
    Publication.objects.update(count_clicks=True)
    readers(12)
    with_a_link()
    key, start = CountedLink.objects.values_list("key", flat=True)[0], threading.Barrier(4)

    def click(_: int) -> None:
        start.wait()
        try:
            for _ in range(5):
                ledger.followed(key)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(click, range(4)))
    assert Clicks.objects.get().number == 20


def test_only_links_are_changed_never_pictures_or_words():
    html = (
        '<a class="x" href="https://a.example/">https://a.example/</a><img src="https://a.example/p.png">'
        '<link href="https://a.example/"><a href="mailto:a@example.org">m</a><a data-href="https://a.example/" href="\x02manage\x03">y</a>'
    )
    made = counted(Message("s", "https://a.example/", html, "n", "n@example.org"), lambda: "KEY")
    assert made.links == {"KEY": "https://a.example/"}
    assert made.message.html == html.replace('class="x" href="https://a.example/"', f'class="x" href="{HERE}/go/KEY/"')
    assert made.message.text == "https://a.example/"
