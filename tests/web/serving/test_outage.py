"""The database goes away: what was published is still served. And what others change is noticed."""

import time
from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.posts import published
from tests.web.serving.house import House
from tests.web.serving.test_freshness import again, wait_until
from tocsin.audience.models import Publication
from tocsin.content.models import PostPage
from tocsin.web.cache import changes, generation

pytestmark = pytest.mark.database


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Takes the database away from the whole process, site and watch included, until undone."""

    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("the database is away")

    with monkeypatch.context() as patches:
        patches.setattr(BaseDatabaseWrapper, "cursor", refuse)
        yield patches


@pytest.fixture
def post(site: House) -> PostPage:
    made = published(f"Kept {time.time_ns()}", slug=f"kept-{time.time_ns()}")
    assert site.get(made.url).status == 200
    return made


def test_pages_are_served_on_also_those_that_were_out_of_date(site, post, away, caplog):
    generation.shared().advance()
    for _ in range(3):
        assert post.title in site.get(post.url).text
    assert f"{post.url} is shown as it last was" in caplog.text
    answer = site.get("/never-seen/")
    assert answer.status == 503
    assert answer.headers["retry-after"]
    assert "out of reach" in answer.text
    away.undo()
    time.sleep(1.1)
    again(PostPage.objects.get(pk=post.pk), title="After the outage")
    assert "After the outage" in site.get(post.url).text


def test_an_outage_costs_one_try_a_second_for_each_page(site, post, away):
    generation.shared().advance()
    site.get(post.url)
    ready = site.ready
    for _ in range(20):
        site.get(post.url)
    assert site.ready >= ready + 15


def test_what_was_taken_down_before_is_not_shown_again(site, post, away):
    away.undo()
    PostPage.objects.get(pk=post.pk).unpublish()
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(BaseDatabaseWrapper, "cursor", lambda *_: (_ for _ in ()).throw(OperationalError("away")))
        answer = site.get(post.url)
    assert answer.status == 503
    assert post.title not in answer.text


def test_a_change_of_another_host_shows_within_a_second_or_so(site, post):
    """Another host shares the database and nothing else: it moves no generation here."""
    quiet = [(changes.CHANNEL, "")]
    with connections.create_connection("default").cursor() as cursor:
        cursor.execute("UPDATE audience_publication SET name = 'Changed elsewhere'")
        cursor.execute("UPDATE web_change SET changes = changes + 1 WHERE id = (SELECT min(id) FROM web_change)")
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_notify(%s, %s)", quiet[0])
        cursor.connection.close()
    changed = time.monotonic()
    wait_until(lambda: "Changed elsewhere" in site.get(post.url).text, 5)
    assert time.monotonic() - changed < 2.5
    Publication.objects.update(name="The Example Gazette")
