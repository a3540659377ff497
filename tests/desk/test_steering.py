"""A telling under way, in the newsroom: how it is getting on, and pausing, resuming, cancelling, sending again."""

import re

import pytest

from tests.courier.people import make_readers, tell_everyone
from tests.desk.test_screens import login, text_of
from tests.posts import published
from tests.readers import readers
from tocsin.courier.models import Batch, Delivery, Dispatch, RelayStatus
from tocsin.courier.queries import books
from tocsin.lib import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch) -> Dispatch:
    """A post, told to twelve; the clock stands still."""
    now = clock.now_us()
    monkeypatch.setattr(clock, "now_us", lambda: now)
    readers(12)
    published()
    return Dispatch.objects.get()


def settle(state: str, count: int, reply: str = "") -> None:
    waiting = Delivery.objects.filter(state="planned").order_by("id").values_list("id", flat=True)
    Delivery.objects.filter(pk__in=list(waiting[:count])).update(
        state=state, due_us=None, reply=reply, at_us=clock.now_us()
    )


def page_of(dispatch: Dispatch, step: str = "") -> str:
    return f"/admin/tellings/{dispatch.pk}/" + (f"{step}/" if step else "")


def test_a_telling_shows_its_progress_pace_and_time_left(client, told):
    login(client)
    settle("accepted", 6)
    page = client.get(page_of(told))
    assert "50 % 6 of 12 settled 6 a second, 1 s left" in text_of(page)
    assert '<progress value="6" max="12"' in page.content.decode()


def test_reasons_are_grouped_whoever_they_name(client, told):
    login(client)
    settle("failed", 1, "550 5.1.1 <a@example.org>: User unknown")
    settle("failed", 1, "550 5.1.1 <b@example.org>: User unknown")
    settle("deferred", 3, "451 4.7.1 Greylisted")
    page = text_of(client.get(page_of(told)))
    assert "2 Refused 550 5.1.1 …: User unknown" in page
    assert "3 Put off 451 4.7.1 Greylisted" in page


def test_retries_are_said_to_come(client, told):
    login(client)
    settle("deferred", 12, "451 4.7.1 Greylisted")
    Batch.objects.update(due_us=clock.now_us() + clock.HOUR)
    assert re.search(r"12 to be tried again later, next at \d\d:\d\d:\d\d", text_of(client.get(page_of(told))))


def test_while_nothing_moves_the_relays_trouble_is_shown(client, told):
    login(client)
    RelayStatus.objects.create(name="mail.example.org:25", trouble="454 no TLS", since_us=0)
    assert "nothing moves right now mail.example.org:25: 454 no TLS" in text_of(client.get(page_of(told)))
    settle("accepted", 1)
    assert "454 no TLS" not in text_of(client.get(page_of(told)))


def test_the_page_renews_itself_only_while_something_is_to_come(client, told):
    login(client)
    moving = client.get(page_of(told)).content.decode()
    settle("accepted", 12)
    settled = client.get(page_of(told)).content.decode()
    for sign in ('http-equiv="refresh"', "data-moving"):
        assert sign in moving
        assert sign not in settled


def test_pausing_asks_with_numbers_then_pauses(client, told):
    login(client)
    settle("accepted", 2)
    asked = text_of(client.get(page_of(told, "pause")))
    assert "10 readers will wait until somebody resumes it." in asked
    assert "2 were told, and that stays so." in asked
    assert Dispatch.objects.get().paused_us is None
    done = text_of(client.post(page_of(told, "pause"), follow=True))
    assert "Paused. Nobody more is told until you resume it." in done
    assert "2 of 12 settled paused: by ed" in done
    assert Dispatch.objects.get().paused_us
    assert "Paused" in text_of(client.get("/admin/tellings/"))


def test_what_is_paused_is_resumed(client, told):
    login(client)
    client.post(page_of(told, "pause"))
    assert "12 readers will be told from now on." in text_of(client.get(page_of(told, "resume")))
    client.post(page_of(told, "resume"))
    assert Dispatch.objects.get().paused_us is None


def test_cancelling_wants_a_reason_and_keeps_what_was_told(client, told):
    login(client)
    settle("accepted", 2)
    assert "10 readers will not be told. 2 were told" in text_of(client.get(page_of(told, "cancel")))
    assert "Say why" in text_of(client.post(page_of(told, "cancel"), {"reason": "  "}, follow=True))
    assert books(told.pk).planned == 10
    done = text_of(client.post(page_of(told, "cancel"), {"reason": "Wrong date"}, follow=True))
    assert "Cancelled. Nobody more is told." in done
    assert "Withdrawn: Wrong date" in done
    assert (books(told.pk).accepted, books(told.pk).suppressed) == (2, 10)


def test_the_unsure_are_sent_it_once_more_when_a_person_says_so(client, told):
    login(client)
    settle("unsure", 2)
    assert "2 readers may already have it, and get it twice." in text_of(client.get(page_of(told, "resend")))
    client.post(page_of(told, "resend"))
    assert Delivery.objects.filter(state="unsure", due_us__isnull=False).count() == 2


@pytest.mark.parametrize("step", ["pause", "resume", "cancel", "resend"])
def test_what_is_settled_offers_nothing_and_nothing_is_done(client, told, step):
    login(client)
    settle("accepted", 12)
    assert page_of(told, step) not in client.get(page_of(told)).content.decode()
    assert "There is nothing left to do here: settled." in text_of(client.get(page_of(told, step)))
    assert "There is nothing left to do" in text_of(client.post(page_of(told, step), {"reason": "x"}, follow=True))
    assert books(told.pk).accepted == 12
    assert Dispatch.objects.get().cancelled_us is None


def test_only_who_may_publish_may_steer(client, told):
    login(client, "Editors")
    seen = client.get(page_of(told)).content.decode()
    for step in ("pause", "resume", "cancel", "resend"):
        assert page_of(told, step) not in seen
        assert client.get(page_of(told, step)).status_code in {302, 403}
        assert client.post(page_of(told, step), {"reason": "x"}).status_code in {302, 403}
    assert books(told.pk).planned == 12
    assert Dispatch.objects.get().paused_us is None


def test_who_may_publish_may_steer(client, told):
    login(client, "Moderators")
    assert page_of(told, "pause") in client.get(page_of(told)).content.decode()
    client.post(page_of(told, "pause"))
    assert Dispatch.objects.get().paused_us


def test_a_telling_whose_post_is_gone_can_still_be_stopped(client):
    login(client, "Moderators")
    make_readers(2)
    dispatch = tell_everyone(post_id=999)
    client.post(page_of(dispatch, "cancel"), {"reason": "Its post is gone"})
    assert books(dispatch.pk).suppressed == 2


@pytest.mark.parametrize("kind", [Dispatch.Kind.READER, Dispatch.Kind.STAFF])
def test_mail_to_a_single_person_is_nobody_elses_business(client, kind):
    login(client)
    make_readers(1)
    dispatch = tell_everyone(kind=kind, post_id=999)
    for step in ("", "pause", "cancel"):
        assert client.get(page_of(dispatch, step)).status_code == 404


def test_an_unknown_step_is_not_found(client, told):
    login(client)
    assert client.get(page_of(told, "hurry")).status_code == 404
