"""Alerts: nobody can take one for news, or an old one for one in force."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.posts import published
from tests.web.reading import page, text, texts
from tocsin.content.models import PostPage
from tocsin.web.alerts import Standing, alert

URL = "/boil-water/"
HEAD = "//article/header"
STRIP = "//aside[@aria-label='Alerts in force']"

Status = PostPage.AlertStatus


def alarm(title: str = "Boil water", severity: str = "severe", **fields: Any) -> PostPage:
    return published(title, kind="alert", severity=severity, **fields)


def chain() -> None:
    first = alarm()
    second = alarm("Boil water longer", severity="extreme", alert_status="update", follows_up=first)
    alarm("The water is clean", severity="minor", alert_status="cancel", follows_up=second)


class TestStanding:
    now = timezone.now()

    def standing(self, *follow_ups: PostPage, **fields: Any) -> Standing:
        made = alert(PostPage(kind="alert", severity="minor", **fields), follow_ups, self.now)
        assert made is not None
        return made.standing

    def test_an_alert_is_in_force_until_the_second_it_expires(self):
        assert self.standing() is Standing.IN_FORCE
        assert self.standing(alert_expires_at=self.now + timedelta(seconds=1)) is Standing.IN_FORCE
        assert self.standing(alert_expires_at=self.now) is Standing.ENDED

    def test_an_update_replaces_and_a_cancel_cancels(self):
        update, cancel = PostPage(alert_status=Status.UPDATE), PostPage(alert_status=Status.CANCEL)
        assert self.standing(update) is Standing.REPLACED
        assert self.standing(update, cancel) is Standing.CANCELLED
        assert self.standing(alert_status=Status.CANCEL) is Standing.ALL_CLEAR

    def test_news_has_none(self):
        assert alert(PostPage(kind="news"), (), self.now) is None


@pytest.mark.django_db
def test_an_alert_in_force_says_how_bad_and_until_when():
    alarm(alert_expires_at=timezone.now() + timedelta(hours=3))
    tree = page(URL)
    assert text(tree, f"{HEAD}/p[@class='label']") == "Severe alert"
    assert "severe" in tree.xpath(HEAD)[0].get("class").split()
    assert texts(tree, f"{HEAD}//dt") == ["Issued", "In force until"]
    assert len(tree.xpath(f"{HEAD}//dd/time")) == 2


@pytest.mark.django_db
def test_an_alert_that_is_over_says_so_and_loses_its_colour():
    alarm(alert_expires_at=timezone.now() - timedelta(hours=3))
    tree = page(URL)
    assert text(tree, f"{HEAD}/p[@class='label']") == "No longer in force · Severe alert"
    assert "severe" not in tree.xpath(HEAD)[0].get("class").split()
    assert "Was in force until" in texts(tree, f"{HEAD}//dt")


@pytest.mark.django_db
def test_every_alert_of_a_chain_leads_to_the_last_word():
    chain()
    first, second, last = (page(url) for url in (URL, "/boil-water-longer/", "/the-water-is-clean/"))
    assert text(first, f"{HEAD}/p[@class='label']") == "Cancelled · Severe alert"
    assert texts(first, f"{HEAD}//dd/a") == ["The water is clean"]
    assert text(second, f"{HEAD}/p[@class='label']") == "Cancelled · Extreme alert, updated"
    assert texts(second, f"{HEAD}//dd/a") == ["The water is clean", "Boil water"]
    assert text(last, f"{HEAD}/p[@class='label']") == "All clear"
    assert texts(last, f"{HEAD}//dd/a") == ["Boil water", "Boil water longer"]


@pytest.mark.django_db
def test_a_chain_bitten_in_its_tail_ends():
    first = alarm()
    second = alarm("Boil water longer", alert_status="update", follows_up=first)
    PostPage.objects.filter(pk=first.pk).update(follows_up=second)
    assert text(page(URL), f"{HEAD}/p[@class='label']") == "Updated since · Severe alert"


@pytest.mark.django_db
def test_an_alert_in_force_is_announced_on_every_page_but_its_own():
    alarm()
    published("News")
    for url in ("/", "/news/", "/topics/none/"):
        tree = page(url, 404 if "none" in url else 200)
        assert tree.xpath(f"{STRIP}//a/@href") == [URL]
    assert not page(URL).xpath(STRIP)


@pytest.mark.django_db
def test_what_is_over_replaced_or_cancelled_is_not_announced():
    chain()
    alarm("Ice", alert_expires_at=timezone.now() - timedelta(seconds=1))
    forgotten = alarm("Wind")
    PostPage.objects.filter(pk=forgotten.pk).update(first_published_at=timezone.now() - timedelta(days=8))
    assert not page().xpath(STRIP)


@pytest.mark.django_db
def test_the_stream_tells_alerts_from_news():
    alarm()
    published("News")
    labels = {text(card, ".//h2"): texts(card, ".//strong[@class='label']") for card in page().xpath("//main//article")}
    assert labels == {"News": [], "Boil water": ["Severe alert"]}
