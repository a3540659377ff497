"""Nothing stale once Publish has returned: every hazard there is, with entries that would otherwise live for ever."""

import re
import time
from datetime import timedelta
from threading import Event, Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import PageViewRestriction

from tests.pictures import uploaded
from tests.posts import draft, publish, published
from tests.web.serving.house import House, ask
from tocsin.audience.models import Publication
from tocsin.content.models import PostPage, Topic

pytestmark = pytest.mark.database


def again(post: PostPage, **fields: object) -> PostPage:
    """Change a post and publish it."""
    for name, value in fields.items():
        setattr(post, name, value)
    post.save_revision()
    return publish(post)


@pytest.fixture
def post(site: House) -> PostPage:
    """A live post that the cache holds."""
    made = published(f"Bridge {time.time_ns()}", slug=f"bridge-{time.time_ns()}")
    warm(site, made.url)
    return made


def warm(site: House, *paths: str) -> None:
    for path in paths:
        site.get(path)
        ready = site.ready
        site.get(path)
        assert site.ready == ready + 1, f"{path} is not answered from ready bytes"


def test_a_page_is_rendered_once_and_then_ready(site, post):
    renders = site.front.renders
    for _ in range(20):
        assert post.title in site.get(post.url).text
    assert site.front.renders == renders


def test_what_was_published_again_shows_at_once(site, post):
    again(post, title="Another headline")
    assert "Another headline" in site.get(post.url).text


def test_a_new_post_shows_on_the_front_page_in_feeds_and_where_there_was_none(site, post):
    warm(site, "/", "/feed.xml")
    assert site.get("/brand-new/").status == site.get("/brand-new/").status == 404
    published("Brand new", slug="brand-new")
    for path in ("/", "/feed.xml", "/brand-new/"):
        assert "Brand new" in site.get(path).text


def test_a_moved_slug_leads_to_the_new_place(site, post):
    old = post.url
    moved = again(post, slug=f"{post.slug}-moved")
    assert site.get(moved.url).status == 200
    assert site.get(old).status in {301, 404}
    assert site.get(old).headers.get("location") in {None, moved.url}


def test_a_redirect_shows_and_goes(site):
    assert site.get("/old-address/").status == site.get("/old-address/").status == 404
    redirect = Redirect.objects.create(old_path="/old-address", redirect_link="/new/")
    assert site.get("/old-address/").headers["location"] == "/new/"
    redirect.delete()
    assert site.get("/old-address/").status == 404


@pytest.mark.parametrize("take_down", ["unpublish", "delete"])
def test_what_is_taken_down_is_gone(site, post, take_down):
    getattr(PostPage.objects.get(pk=post.pk), take_down)()
    assert site.get(post.url).status == 404


def test_what_is_locked_away_is_not_shown_and_comes_back(site, post):
    lock = PageViewRestriction.objects.create(page=post, restriction_type=PageViewRestriction.LOGIN)
    for _ in range(2):
        assert post.title not in site.get(post.url).text
    lock.delete()
    assert post.title in site.get(post.url).text


def pictures(page: str) -> set[str]:
    return set(re.findall(r"/media/pictures/[^\s\"]+", page))


def test_settings_menus_and_pictures_show_at_once(site, post):
    warm(site, "/")
    Publication.objects.update(name="The Other Gazette")
    assert "The Other Gazette" in site.get(post.url).text
    topic = Topic.objects.create(name="Water works", slug=f"water-{time.time_ns()}")
    again(post, topics=[topic])
    assert "Water works" in site.get("/").text
    topic.name = "Sewers"
    topic.save()
    assert "Sewers" in site.get("/").text
    again(post, lead_image=uploaded("first.png"))
    first = pictures(site.get(post.url).text)
    again(post, lead_image=uploaded("second.png"))
    second = pictures(site.get(post.url).text)
    assert first
    assert second
    assert not first & second


def test_an_alert_is_announced_on_every_page_at_once_and_until_the_second_it_expires(site, post):
    warm(site, post.url, "/")
    ends = timezone.now() + timedelta(seconds=2.5)
    alert = published("Flood now", slug="flood-now", kind="alert", severity="severe", alert_expires_at=ends)
    seen = {True: 0, False: 0}
    while not seen[False] or timezone.now() < ends + timedelta(seconds=0.3):
        asked = timezone.now()
        shown = "Alerts in force" in site.get(post.url).text
        answered = timezone.now()
        assert asked < ends if shown else answered >= ends
        seen[shown] += 1
    assert seen[True] > 10
    assert "No longer in force" in site.get(alert.url).text
    alert.delete()


def test_scheduled_publishing_shows_when_the_clock_has_done_it(site):
    from tocsin.desk import clock

    post = draft("Embargoed", slug="embargoed", go_live_at=timezone.now() + timedelta(seconds=1))
    post.get_latest_revision().publish()
    assert site.get("/embargoed/").status == site.get("/embargoed/").status == 404
    time.sleep(1)
    clock.tick()
    assert site.get("/embargoed/").status == 200
    PostPage.objects.filter(pk=post.pk).update(expire_at=timezone.now())
    clock.tick()
    assert site.get("/embargoed/").status == 404


def test_nobody_sees_what_is_not_committed(site, post):
    with transaction.atomic():
        again(post, title="Perhaps")
        if connection.vendor == "postgresql":  # SQLite's one writer would keep the render's own look waiting
            assert "Perhaps" not in site.get(post.url).text
        transaction.set_rollback(True)
    assert "Perhaps" not in site.get(post.url).text


def test_nothing_is_stale_under_load_while_publishing_goes_on(site, post):
    """Readers hammer one page while an editor publishes it again and again: 19 of 20 answers are ready bytes, and all
    of them announce the alert in force.
    """
    published("Storm", kind="alert", severity="severe", alert_expires_at=timezone.now() + timedelta(hours=1))
    done, published_last = Event(), [0]
    stale: list[tuple[int, str]] = []
    again(post, title="Number 0 of many")

    def read() -> None:
        with site.line() as line:
            while not done.is_set():
                floor = published_last[0]
                text = ask(line, post.url).text
                shown = int(text.partition("<title>Number ")[2].split()[0])
                if shown < floor or "Severe alert" not in text:
                    stale.append((floor, text[:200]))

    readers = [Thread(target=read) for _ in range(4)]
    site.ready = site.asked = 0
    for reader in readers:
        reader.start()
    for number in range(1, 9):
        again(PostPage.objects.get(pk=post.pk), title=f"Number {number} of many")
        published_last[0] = number
        wait_until(lambda: site.asked > number * 250)  # noqa: B023 - called at once
    done.set()
    for reader in readers:
        reader.join(30)
    assert not stale
    assert site.ready / site.asked >= 0.95


def wait_until(true: object, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.002)
