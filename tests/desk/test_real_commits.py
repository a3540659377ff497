"""What other tests do inside one rolled-back transaction, here with real commits, as a running newsroom does it."""

import pytest
from django.test import Client
from wagtail.models import Page

from tests.desk.test_screens import edit_url, form, login
from tests.posts import draft, published, stream
from tests.readers import readers
from tocsin.content.models import PostPage
from tocsin.courier.models import Delivery, Dispatch


@pytest.fixture
def newsroom(committed: str) -> Client:
    client = Client()
    login(client)
    readers(3)
    return client


def states() -> set[str]:
    return set(Delivery.objects.values_list("state", flat=True))


def test_publish_tell_again_unpublish(newsroom):
    post = draft()
    newsroom.post(edit_url(post), form(**{"action-publish": "1"}))
    assert Dispatch.objects.get().audience == 3
    newsroom.post(f"/admin/tellings/again/{post.pk}/", {"tellings": "1", "note": "It takes bicycles."})
    assert [dispatch.audience for dispatch in Dispatch.objects.order_by("id")] == [3, 3]
    newsroom.post(f"/admin/pages/{post.pk}/unpublish/")
    assert not PostPage.objects.get().live
    assert states() == {"suppressed"}


def test_deleting_withdraws(newsroom):
    newsroom.post(f"/admin/pages/{published().pk}/delete/")
    assert not PostPage.objects.exists()
    assert states() == {"suppressed"}


def test_unpublishing_all_below_the_stream_withdraws(newsroom):
    published()
    newsroom.post(f"/admin/pages/{stream().pk}/unpublish/", {"include_descendants": "on"})
    assert states() == {"suppressed"}


def test_a_bare_page_taken_down_withdraws(newsroom):
    Page.objects.get(pk=published().pk).unpublish()
    assert states() == {"suppressed"}


def test_when_withdrawing_fails_the_post_stays_up(newsroom, monkeypatch):
    post = published()

    def break_down(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("tocsin.desk.publish.courier.cancel", break_down)
    newsroom.raise_request_exception = False
    assert newsroom.post(f"/admin/pages/{post.pk}/unpublish/").status_code == 500
    assert PostPage.objects.get().live
    assert states() == {"planned"}


def test_when_telling_fails_the_post_stays_a_draft(newsroom, monkeypatch):
    post = draft()

    def break_down(**_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("tocsin.desk.publish.courier.tell", break_down)
    answer = newsroom.post(edit_url(post), form("My careful words", **{"action-publish": "1"}))
    assert (answer.status_code, answer.url) == (302, edit_url(post))
    fresh = PostPage.objects.get()
    assert not fresh.live
    assert fresh.get_latest_revision_as_object().title == "My careful words"
