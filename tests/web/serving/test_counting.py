"""How often posts are read is counted by the page cache and written down later, without a page going stale for it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.posts import published
from tests.web.serving.house import House, running
from tocsin.audience.models import Publication
from tocsin.audience.queries import publication
from tocsin.content import readership
from tocsin.content.models import PostPage
from tocsin.content.readership import Readership
from tocsin.web.cache.counting import Counting

pytestmark = pytest.mark.database

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def write(site: House) -> None:
    site.application._tally.write(readership.add)


def read(site: House, url: str, times: int = 1, **headers: str) -> None:
    for _ in range(times):
        assert site.get(url, **{"user_agent": FIREFOX, **headers}).status in {200, 304}


def test_each_view_counts_rendered_or_ready_whole_or_not_modified(site):
    post = published("Counted", slug="counted")
    read(site, post.url, 3)
    tag = site.get(post.url, method="HEAD", user_agent=FIREFOX).headers["etag"]
    read(site, post.url, 2, if_none_match=tag)
    write(site)
    read(site, post.url)
    write(site)
    assert PostPage.objects.get(pk=post.pk).views == 6


def test_machines_looks_ahead_and_heads_do_not_count(site):
    post = published("Crawled", slug="crawled")
    read(site, post.url, 2, user_agent="Googlebot/2.1")
    read(site, post.url, 2, sec_purpose="prefetch")
    site.get(post.url, method="HEAD", user_agent=FIREFOX)
    site.get("/", user_agent=FIREFOX)
    write(site)
    assert not Readership.objects.filter(pk=post.pk).exists()


def test_the_count_survives_publishing_again(site):
    post = published("Twice", slug="twice")
    read(site, post.url, 2)
    post.title = "Twice, corrected"
    post.save_revision().publish()
    read(site, post.url, 2)
    write(site)
    assert Readership.objects.get(pk=post.pk).views == 4


def test_writing_makes_no_page_stale_and_is_one_short_transaction(site):
    posts = [published(f"Short {number}", slug=f"short-{number}") for number in range(3)]
    for post in posts:
        read(site, post.url)
    generation = site.front.generation.now
    with CaptureQueriesContext(connection) as queries:
        write(site)
    assert site.front.generation.now == generation
    assert len([query for query in queries if query["sql"].startswith("INSERT")]) <= 3
    ready = site.ready
    read(site, posts[0].url)
    assert site.ready == ready + 1


def test_a_post_that_is_gone_is_left_out(site):
    post = published("Gone soon", slug="gone-soon")
    read(site, post.url)
    post.delete()
    write(site)


def test_several_processes_add_up(site):
    post = published("Together", slug="together")
    read(site, post.url, 2)
    with running() as another:
        read(another, post.url, 3)
    write(site)  # the other one wrote when it stopped
    assert Readership.objects.get(pk=post.pk).views == 5


def test_readers_see_the_number_if_the_publication_wants(site):
    post = published("Shown", slug="shown")
    readership.add({post.pk: 1234})
    assert b"1,234 times" not in site.get(post.url).body
    Publication.objects.filter(pk=publication().pk).update(shows_views=True)
    assert b"Read 1,234 times" in site.get(post.url).body
    entry = site.front.store.entries[post.url.encode()]
    readership.add({post.pk: 1})
    assert b"1,234" in site.get(post.url).body  # as of its last render
    entry.until = 0  # some minutes later
    assert b"1,235" in site.get(post.url).body
    Publication.objects.filter(pk=publication().pk).update(shows_views=False)


def test_while_the_database_is_away_it_is_counted_on(monkeypatch, site):
    post = published("Away", slug="away")
    read(site, post.url)
    counting = Counting(site.application._tally)
    with monkeypatch.context() as away:
        away.setattr(readership, "add", _fail)
        counting._write()
    write(site)
    assert Readership.objects.get(pk=post.pk).views == 1


def _fail(counts):
    raise OSError("the database is away")
