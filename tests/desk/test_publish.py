"""Publishing is telling: who is told, once, and all of it or nothing. Wagtail's traps are each walked into."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from wagtail.models import Locale, Page, PageViewRestriction

from tests.posts import draft, publish, published, stream
from tests.readers import reader, readers
from tocsin.content.models import Author, PostPage, Topic
from tocsin.courier import queries as ledger
from tocsin.courier.message import Message
from tocsin.courier.models import Delivery, Dispatch, Edition, Lane
from tocsin.desk import publish as desk
from tocsin.desk.models import PublishIntent, User
from tocsin.lib.errors import Refused

pytestmark = pytest.mark.django_db


def only_dispatch() -> Dispatch:
    return Dispatch.objects.get()


def told(dispatch: Dispatch) -> set[str]:
    owners = Delivery.objects.filter(dispatch=dispatch).values_list("subscriber_id", flat=True)
    from tocsin.audience.models import Address

    return set(Address.objects.filter(subscriber__in=owners).values_list("value", flat=True))


def test_publishing_tells_every_reader_once():
    readers(3)
    post = published("The bridge is closed", summary="Until March.")
    dispatch = only_dispatch()
    assert (dispatch.kind, dispatch.lane, dispatch.audience) == ("post", Lane.INSTANT, 3)
    assert (dispatch.post_id, dispatch.title) == (post.pk, "The bridge is closed")
    assert dispatch.revision_id == post.live_revision_id
    assert ledger.books(dispatch.pk).planned == 3
    assert PublishIntent.objects.get().dispatch_id == dispatch.pk


def test_what_is_told_is_what_went_live():
    published("The bridge is closed", body=[("text", "<p>Since Thursday.</p>")])
    message = Message.from_json(Edition.objects.get().message)
    assert message.subject == "The bridge is closed"
    assert "Since Thursday." in message.text
    assert message.archived_at == "http://news.example.org/the-bridge-is-closed/"


def test_only_followers_of_the_post_are_told():
    water, fire = (Topic.objects.create(name=name, slug=name) for name in ("water", "fire"))
    ada = Author.objects.create(name="Ada", slug="ada")
    for who, follows in {"all": "", "water": "topic:water", "fire": "topic:fire", "ada": "author:ada"}.items():
        reader(f"{who}@example.org", follows=follows)
    published(topics=[water], authors=[ada])
    assert told(only_dispatch()) == {"all@example.org", "water@example.org", "ada@example.org"}
    assert fire.posts.count() == 0


def test_news_reaches_the_instant_an_alert_reaches_everybody():
    for cadence in ("instant", "daily", "weekly", "alerts"):
        reader(f"{cadence}@example.org", cadence=cadence)
    published("News")
    published("Alert", kind="alert", severity="severe")
    news, alert = Dispatch.objects.order_by("id")
    assert told(news) == {"instant@example.org"}
    assert (alert.kind, alert.lane, alert.audience) == ("alert", Lane.ALERT, 4)


def test_a_post_nobody_follows_still_has_its_dispatch():
    published()
    assert only_dispatch().audience == 0
    assert ledger.books(only_dispatch().pk).settled


def test_without_the_tick_nobody_is_told():
    readers(1)
    published(tell_readers=False)
    assert not Dispatch.objects.exists()


def test_what_only_members_may_see_is_mailed_to_nobody():
    readers(1)
    post = draft()
    PageViewRestriction.objects.create(page=post, restriction_type=PageViewRestriction.LOGIN)
    publish(post)
    assert not Dispatch.objects.exists()
    with pytest.raises(Refused, match="not for everybody"):
        desk.tell_again(post, None)


def test_republishing_mails_nobody():
    readers(2)
    post = published()
    post.title = "The bridge is open"
    post.save_revision()
    publish(post)
    assert only_dispatch().title == "The bridge is closed"


def test_publishing_again_after_unpublishing_mails_nobody():
    readers(2)
    post = published()
    post.unpublish()
    publish(post)
    assert Dispatch.objects.count() == 1


def test_a_live_copy_tells_nobody():
    readers(2)
    copy = published().copy(update_attrs={"slug": "a-copy"}, keep_live=True)
    publish(copy)
    assert copy.live
    assert Dispatch.objects.count() == 1


def test_aliases_tell_nobody():
    readers(2)
    post = draft()
    post.create_alias(update_slug="an-alias")
    publish(post).create_alias(update_slug="a-later-alias")
    assert PostPage.objects.filter(live=True).count() == 3
    assert Dispatch.objects.count() == 1


def test_a_translation_of_a_told_post_tells_nobody():
    readers(2)
    german = Locale.objects.create(language_code="de")
    stream().copy_for_translation(german)
    post = published()
    publish(post.copy_for_translation(german))
    assert PostPage.objects.filter(live=True).count() == 2
    assert only_dispatch().post_id == post.pk


def test_an_import_tells_nobody_not_even_when_it_is_edited():
    readers(2)
    post = PostPage(title="From the old site", live=True)
    stream().add_child(instance=post)
    post.save_revision()
    publish(post)
    assert not Dispatch.objects.exists()


def test_scheduling_tells_nobody_going_live_does():
    readers(2)
    post = publish(draft(go_live_at=timezone.now() + timedelta(hours=1)))
    assert not Dispatch.objects.exists()
    PostPage.objects.filter(pk=post.pk).update(go_live_at=timezone.now() - timedelta(seconds=1))
    revision = post.get_latest_revision()
    revision.content["go_live_at"] = (timezone.now() - timedelta(seconds=1)).isoformat()
    revision.save()
    revision.publish()
    assert only_dispatch().audience == 2


def test_a_failure_to_tell_leaves_the_post_a_draft_and_nothing_behind(monkeypatch):
    readers(2)
    post = draft()

    def break_down(*_: Any, **__: Any) -> None:
        raise RuntimeError("the press is on fire")

    monkeypatch.setattr("tocsin.desk.publish.courier.tell", break_down)
    with pytest.raises(desk.CannotTell, match="the press is on fire") as refusal:
        publish(post)
    assert "draft" in refusal.value.mend
    assert not PostPage.objects.get(pk=post.pk).live
    assert not PublishIntent.objects.exists()
    monkeypatch.undo()
    publish(post)
    assert only_dispatch().audience == 2


@pytest.mark.parametrize(
    "take_down",
    [lambda post: post.unpublish(), lambda post: post.delete(), lambda post: Page.objects.get(pk=post.pk).delete()],
)
def test_taking_a_post_down_before_it_is_sent_withdraws_it(take_down):
    readers(3)
    take_down(published())
    books = ledger.books(only_dispatch().pk)
    assert (books.audience, books.suppressed, books.planned) == (3, 3, 0)
    assert {row.reply for row in ledger.listing(only_dispatch().pk, "suppressed")} == {desk.WITHDRAWN}


def test_taking_down_what_was_all_sent_changes_nothing():
    readers(2)
    post = published()
    Delivery.objects.update(state="accepted", due_us=None)
    post.unpublish()
    assert ledger.books(only_dispatch().pk).accepted == 2
    assert only_dispatch().cancelled_us is None


def test_telling_again_is_a_correction_to_those_told_before():
    readers(2)
    post = published()
    Delivery.objects.update(state="accepted", due_us=None)
    reader("late@example.org")
    editor = User.objects.create(username="ed")
    dispatch = desk.tell_again(post, editor, "The ferry takes bicycles.")
    assert (dispatch.kind, dispatch.audience) == ("correction", 2)
    assert "late@example.org" not in told(dispatch)
    message = Message.from_json(Edition.objects.get(dispatch=dispatch).message)
    assert message.subject == "Corrected: The bridge is closed"
    assert "The ferry takes bicycles." in message.text
    intent = PublishIntent.objects.get(dispatch_id=dispatch.pk)
    assert (intent.user, intent.kind) == (editor, "correction")


def test_telling_again_may_be_the_first_telling():
    readers(2)
    dispatch = desk.tell_again(published(tell_readers=False), None)
    assert (dispatch.kind, dispatch.audience) == ("post", 2)
    assert Message.from_json(Edition.objects.get().message).subject == "The bridge is closed"


def test_telling_again_after_a_withdrawal_tells_those_who_never_got_it():
    readers(2)
    post = published()
    post.unpublish()
    publish(post)
    dispatch = desk.tell_again(post, None)
    assert (dispatch.kind, dispatch.audience) == ("post", 2)


def test_a_double_click_on_tell_again_tells_once():
    readers(2)
    post = published()
    desk.tell_again(post, None, tellings=1)
    with pytest.raises(Refused, match="a moment ago"):
        desk.tell_again(post, None, tellings=1)
    assert Dispatch.objects.count() == 2


def test_nobody_is_told_of_a_draft():
    with pytest.raises(Refused, match="not live"):
        desk.tell_again(draft(), None)
