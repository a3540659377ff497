"""What needs a person is said once, by mail, and is over when it is over."""

import pytest
from django.utils import timezone

from tests.posts import draft, publish, published
from tests.readers import readers
from tocsin.audience.models import Publication
from tocsin.audience.queries import publication
from tocsin.content.models import PostPage
from tocsin.courier.message import Message
from tocsin.courier.models import Batch, Delivery, Dispatch, Edition, RelayStatus
from tocsin.desk import sweep, watchdog
from tocsin.desk.models import Incident, PublishIntent, User
from tocsin.lib import clock

pytestmark = pytest.mark.django_db

HOUR_AGO = -clock.HOUR


@pytest.fixture(autouse=True)
def staff() -> None:
    User.objects.create(username="boss", email="boss@example.org", is_superuser=True)
    User.objects.create(username="mute", email="", is_superuser=True)


def old_alert() -> Dispatch:
    readers(2)
    published("Boil water", kind="alert", severity="severe")
    Dispatch.objects.update(created_us=clock.now_us() - 6 * clock.MINUTE)
    return Dispatch.objects.get()


def mails() -> list[Message]:
    editions = Edition.objects.filter(dispatch__kind="staff").order_by("id")
    return [Message.from_json(edition.message) for edition in editions]


def test_all_is_well():
    published()
    watchdog.watch()
    assert mails() == []


def test_what_is_held_because_the_database_was_restored_is_mailed_once():
    readers(2)
    published()
    Dispatch.objects.update(paused_us=clock.now_us(), pause_reason="restored")
    watchdog.watch()
    watchdog.watch()
    [mail] = mails()
    assert "1 telling is held" in mail.text
    Dispatch.objects.update(paused_us=None, pause_reason="")
    watchdog.watch()
    assert not Incident.objects.filter(closed_us=None).exists()


def test_an_alert_that_is_not_settled_is_mailed_once():
    alert = old_alert()
    watchdog.watch()
    watchdog.watch()
    [mail] = mails()
    assert mail.to_address == "boss@example.org"
    assert "Boil water" in mail.text
    assert "2 of 2" in mail.text
    Batch.objects.filter(dispatch=alert).update(due_us=None)
    watchdog.watch()
    assert not Incident.objects.filter(closed_us__isnull=True).exists()


def test_news_may_take_its_time():
    readers(1)
    published()
    Dispatch.objects.update(created_us=clock.now_us() - 6 * clock.MINUTE)
    assert watchdog.findings() == {}


def test_a_relay_in_trouble_is_named_with_its_own_words():
    RelayStatus.objects.create(
        name="mail.example.org:25", trouble="454 no TLS today", since_us=clock.now_us() + HOUR_AGO
    )
    RelayStatus.objects.create(name="ok.example.org:25", trouble="", since_us=clock.now_us() + HOUR_AGO)
    watchdog.watch()
    [mail] = mails()
    assert "mail.example.org:25" in mail.text
    assert "454 no TLS today" in mail.text


def test_a_relay_that_only_just_stumbled_is_given_a_moment():
    RelayStatus.objects.create(name="mail.example.org:25", trouble="421 later", since_us=clock.now_us())
    assert watchdog.findings() == {}


def test_trouble_that_comes_back_is_mailed_again():
    relay = RelayStatus.objects.create(name="mail.example.org:25", trouble="454 no", since_us=clock.now_us() + HOUR_AGO)
    for trouble in ("454 no", "", "454 no"):
        relay.trouble = trouble
        relay.save()
        watchdog.watch()
    assert len(mails()) == 2


def test_mail_that_nobody_takes_is_noticed():
    readers(1)
    published()
    Dispatch.objects.update(created_us=clock.now_us() + HOUR_AGO)
    assert list(watchdog.findings()) == ["waiting"]


def test_a_long_queue_that_moves_is_no_trouble():
    readers(1)
    published("One")
    published("Two")
    Dispatch.objects.update(created_us=clock.now_us() + HOUR_AGO)
    Batch.objects.filter(pk=Batch.objects.first().pk).update(token=7)
    assert watchdog.findings() == {}


def test_a_schedule_that_nobody_keeps_is_noticed():
    post = publish(draft("Tomorrow", go_live_at=timezone.now() + timezone.timedelta(hours=1)))
    post.revisions.update(approved_go_live_at=timezone.now() - timezone.timedelta(minutes=5))
    [text] = watchdog.findings().values()
    assert "Tomorrow" in text


def test_the_staff_address_of_the_publication_comes_first():
    gazette = publication()
    gazette.staff_email = "desk@example.org"
    gazette.save()
    old_alert()
    watchdog.watch()
    assert [mail.to_address for mail in mails()] == ["desk@example.org"]


def test_the_sweep_tells_what_an_intent_proves_and_says_so():
    readers(2)
    post = published(tell_readers=False)
    intent = PublishIntent.objects.create(post_id=post.pk, revision_id=post.live_revision_id, created_us=clock.now_us())
    sweep.sweep()
    sweep.sweep()
    intent.refresh_from_db()
    dispatch = Dispatch.objects.get(kind="post")
    assert (intent.dispatch_id, dispatch.audience) == (dispatch.pk, 2)
    [mail] = mails()
    assert "had not been told" in mail.text


def test_the_sweep_recreates_nothing_without_an_intent():
    readers(2)
    post = published(tell_readers=False)
    published("Told")
    PostPage.objects.filter(pk=post.pk).update(tell_readers=True)
    Delivery.objects.all().delete()
    sweep.sweep()
    assert Dispatch.objects.count() == 1
    assert not Delivery.objects.exists()


def test_one_intent_that_cannot_be_mended_holds_up_no_other(monkeypatch):
    posts = [published(title, tell_readers=False) for title in ("Bad", "Good")]
    for post in posts:
        PublishIntent.objects.create(post_id=post.pk, revision_id=post.live_revision_id, created_us=0)
    real = sweep.publish.message.render

    def render(post, *rest, **more):
        if post.title == "Bad":
            raise RuntimeError("no ink")
        return real(post, *rest, **more)

    monkeypatch.setattr("tocsin.desk.publish.message.render", render)
    sweep.sweep()
    assert Dispatch.objects.get(kind="post").title == "Good"


def test_the_sweep_tells_nobody_of_a_post_that_is_down():
    post = published(tell_readers=False)
    PublishIntent.objects.create(post_id=post.pk, revision_id=post.live_revision_id, created_us=0)
    post.unpublish()
    sweep.sweep()
    assert not Dispatch.objects.exists()


def test_the_staff_are_written_to_in_the_publications_language():
    Publication.objects.update(language="de")
    old_alert()
    watchdog.watch()
    [mail] = mails()
    assert "needs a person" not in mail.subject
    assert "Die Warnung" in mail.text
