"""What the newsroom shows of digests."""

import pytest

from tests.desk.digests.days import at, plan, plan_at
from tests.desk.test_screens import login, text_of
from tests.posts import draft, published
from tests.readers import reader
from tocsin.audience.models import Followable
from tocsin.content.models import Topic
from tocsin.courier.models import Dispatch
from tocsin.desk import queries

pytestmark = pytest.mark.django_db


def test_the_next_digest_is_shown_as_it_would_go_out(client):
    topic = Topic.objects.create(name="Water", slug="water")
    with at(0, 8):
        published("Yesterday's news")
    with at(1, 9):
        login(client)
        reader("daily@example.org", cadence="daily")
        published("The bridge is closed")
        published("The mains are mended", topics=[topic])
        shown = text_of(client.get("/admin/digests/"))
        assert "1 reader follows something once a day" in shown
        assert "It tells of 2 posts" in shown
        assert "Yesterday's news" not in shown
        mail = client.get("/admin/digests/mail/")
        assert "2 new posts" in text_of(mail)
        assert mail["X-Frame-Options"] == "SAMEORIGIN"
        water = Followable.objects.get(slug="water").pk
        weekly = text_of(client.get("/admin/digests/?cadence=weekly&follows=nonsense"))
        assert "It tells of 2 posts" in weekly, "what means nothing is the daily digest of everything"
        assert "It tells of 1 post," in text_of(client.get(f"/admin/digests/?cadence=daily&follows={water}"))
        assert "It tells of 3 posts" in text_of(client.get("/admin/digests/?cadence=weekly"))


def test_without_posts_it_says_that_there_will_be_no_digest(client):
    with at(0, 8):
        login(client)
        assert "there will be no digest" in text_of(client.get("/admin/digests/"))
        assert "nothing to tell" in client.get("/admin/digests/mail/").content.decode()


def test_a_post_s_telling_shows_who_is_told_by_digests_and_the_digest_its_editions(client):
    with at(0, 8):
        login(client)
        reader("daily@example.org", cadence="daily")
        plan()
    with at(0, 9):
        post = published("The bridge is closed")
    plan_at(1, 7)
    with at(1, 8):
        told, digest = Dispatch.objects.get(post_id=post.pk), Dispatch.objects.get(kind="digest")
        page = text_of(client.get(f"/admin/tellings/{told.pk}/"))
        assert "In digests" in page
        assert f"/admin/tellings/{digest.pk}/" in client.get(f"/admin/tellings/{told.pk}/").content.decode()
        page = text_of(client.get(f"/admin/tellings/{digest.pk}/"))
        assert "Editions" in page
        assert "The bridge is closed" in page
        assert "Digest of 24 November 2026" in text_of(client.get("/admin/tellings/"))


def test_a_draft_says_how_many_get_it_later():
    reader("daily@example.org", cadence="daily")
    reader("instant@example.org")
    found = queries.plan(draft())
    assert (found.readers, found.later) == (1, 1)
    assert queries.plan(draft(kind="alert", severity="severe")).later == 0
