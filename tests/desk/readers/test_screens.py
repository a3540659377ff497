"""The newsroom's screens about readers, over HTTP."""

import pytest

from tests.audience.people import subscribe
from tests.desk.test_screens import login, text_of
from tests.posts import published
from tests.readers import readers
from tocsin.audience import actions
from tocsin.audience.models import Export, StaffNote, Subscriber, Suppression
from tocsin.courier.models import Delivery, Dispatch
from tocsin.desk.models import BulkChange
from tocsin.desk.readers import changes

pytestmark = pytest.mark.django_db

LIST = "/admin/readers/"


@pytest.fixture
def editor(client):
    return login(client)


def carried_out() -> BulkChange:
    change = BulkChange.objects.get()
    changes.carry_out(change.pk)
    change.refresh_from_db()
    return change


def test_the_list_shows_who_where_and_what(client, editor):
    subscribe("mira@example.org", "Mira Sand")
    page = text_of(client.get(LIST))
    for words in ("mira@example.org", "Mira Sand", "Subscribed", "Everything (as it happens)", "form"):
        assert words in page, words


def test_the_list_is_searched_and_filtered(client, editor):
    subscribe("mira@example.org")
    actions.unsubscribe(subscribe("left@example.org").public_id, "test")
    assert "left@example.org" not in text_of(client.get(LIST, {"standing": "subscribed"}))
    assert "mira@example.org" not in text_of(client.get(f"{LIST}results/", {"q": "left"}))
    assert "There is 1 match" in text_of(client.get(f"{LIST}results/", {"q": "left"}))


def test_odd_filters_find_everybody_and_break_nothing(client, editor):
    subscribe()
    odd = {"standing": "odd", "followable": "x", "cadence": "?", "joined_from": "never", "q": "\x00%_", "p": "-3"}
    assert client.get(LIST, odd).status_code == 200


def test_the_list_asks_few_questions_however_long_it_is(client, editor, django_assert_max_num_queries):
    readers(40)
    client.get(LIST)
    with django_assert_max_num_queries(25):
        assert "reader39@example.org" in text_of(client.get(LIST))


def test_one_readers_story_has_consents_deliveries_and_notes(client, editor):
    mira = subscribe("mira@example.org", "Mira")
    post = published("The bridge is closed")
    Delivery.objects.update(state="bounced", due_us=None, reply="550 5.1.1 gone")
    url = f"{LIST}{mira.pk}/"
    assert client.post(url, {"text": "Called on Monday."}).status_code == 302
    page = text_of(client.get(url))
    for words in (
        "English",
        "Confirmed by mailed link",
        "By subscribing I agree.",
        post.title,
        "Came back: 550 5.1.1 gone",
        "Note by ed Called on Monday.",
    ):
        assert words in page, words
    assert f"/admin/tellings/{Dispatch.objects.get().pk}/" in client.get(url).content.decode()


def test_a_throw_away_mailbox_is_said_to_be_one(client, editor):
    mira = subscribe("mira@mailinator.com")
    assert "Subscribed, with a throw-away mailbox" in text_of(client.get(LIST))
    assert "(a throw-away mailbox)" in text_of(client.get(f"{LIST}{mira.pk}/"))


def test_an_empty_note_is_refused(client, editor):
    mira = subscribe()
    assert "This field is required" in text_of(client.post(f"{LIST}{mira.pk}/", {"text": " "}))
    assert not StaffNote.objects.exists()


def test_one_reader_is_suppressed_and_lifted_with_a_question_before(client, editor):
    mira = subscribe()
    url = f"{LIST}{mira.pk}/suppress/"
    assert "nothing is sent to them" in text_of(client.get(url))
    assert not Suppression.objects.exists()
    assert "This field is required" in text_of(client.post(url, {"why": ""}))
    client.post(url, {"why": "asked by telephone"})
    assert Suppression.objects.get().detail == "asked by telephone"
    assert "Not to be written to: Put here by a person (asked by telephone)" in text_of(client.get(f"{LIST}{mira.pk}/"))
    client.post(f"{LIST}{mira.pk}/lift/")
    assert not Suppression.objects.exists()


def test_one_reader_is_deleted_and_the_books_stay(client, editor):
    mira = subscribe()
    published()
    Delivery.objects.update(state="failed", due_us=None, reply="550 no mira@example.org here")
    client.post(f"{LIST}{mira.pk}/erase/")
    assert not Subscriber.objects.exists()
    assert Suppression.objects.get().reason == "unsubscribed"
    assert "mira" not in Delivery.objects.get().reply


def test_what_is_for_many_is_not_offered_for_one(client, editor):
    assert client.get(f"{LIST}{subscribe().pk}/follow/").status_code == 404


def test_a_reader_is_added_with_a_stated_consent(client, editor):
    form = client.get(f"{LIST}add/").context["form"]
    follows = [str(pk) for pk in form.initial["follows"]]
    given = {
        "email": "mira@example.org",
        "name": "",
        "follows": follows,
        "cadence": "instant",
        "consent": "At the fair.",
    }
    assert "This field is required" in text_of(client.post(f"{LIST}add/", {**given, "consent": ""}))
    assert "Write it like name@example.org" in text_of(client.post(f"{LIST}add/", {**given, "email": "mira@"}))
    assert client.post(f"{LIST}add/", given).status_code == 302
    assert "subscribed already" in text_of(client.post(f"{LIST}add/", given))
    assert Subscriber.objects.get().status == "active"
    assert not Dispatch.objects.exists()


def test_many_are_changed_after_a_question_with_their_number(client, editor):
    readers(3)
    subscribe("mira@example.org")
    assert "Changes so far" not in text_of(client.get(f"{LIST}change/"))
    asked = client.get(f"{LIST}change/suppress/", {"q": "reader"})
    assert "This changes 3 readers." in text_of(asked)
    assert not BulkChange.objects.exists()
    client.post(f"{LIST}change/suppress/?q=reader", {"why": "gone", "number": "3"})
    change = carried_out()
    assert (change.done, change.changed, change.by) == (3, 3, "ed")
    assert Suppression.objects.count() == 3
    page = text_of(client.get(f"{LIST}changed/{change.pk}/"))
    assert "3 of 3 readers" in page
    assert "Asked for by ed," in page
    log = text_of(client.get(f"{LIST}change/"))
    assert "Changes so far" in log
    assert log.index("ed Do not write to them any more 3") > log.index("Changes so far")


def test_a_number_that_is_no_longer_true_is_asked_again(client, editor):
    readers(3)
    answer = client.post(f"{LIST}change/suppress/", {"why": "gone", "number": "2"}, follow=True)
    assert "They are 3 now" in text_of(answer)
    assert not BulkChange.objects.exists()


def test_deleting_many_wants_their_number_written_out(client, editor):
    readers(2)
    url = f"{LIST}change/erase/"
    assert "They are 2" in text_of(client.post(url, {"sure": "3", "number": "2"}))
    client.post(url, {"sure": "2", "number": "2"})
    carried_out()
    assert not Subscriber.objects.exists()


def test_choosing_what_to_do_keeps_whom_was_looked_for(client, editor):
    subscribe("mira@example.org")
    page = client.get(f"{LIST}change/?q=mira&standing=subscribed&p=2").content.decode()
    assert f"{LIST}change/suppress/?q=mira&amp;standing=subscribed" in page
    assert client.get(f"{LIST}change/odd/").status_code == 404
    assert "nobody to change" in text_of(client.get(f"{LIST}change/?q=zzz"))


def test_growth_is_drawn_and_told_in_numbers(client, editor):
    actions.unsubscribe(subscribe("left@example.org").public_id, "test")
    subscribe("mira@example.org")
    page = client.get(f"{LIST}growth/")
    assert page.content.decode().count("<rect") == 52
    assert "Everything" in text_of(page)


def test_an_export_is_on_record_with_who_made_it(client, editor):
    readers(3)
    actions.unsubscribe(subscribe("left@example.org").public_id, "test")
    assert "None." in text_of(client.get(f"{LIST}export/"))
    given = client.post(f"{LIST}export/", {"status": "subscribed", "topic": ""})
    lines = b"".join(given.streaming_content).decode("utf-8-sig").splitlines()
    assert lines == ["email,name,topics,cadence", *(f"reader{n}@example.org,,,instant" for n in range(3))]
    assert "attachment" in given.headers["Content-Disposition"]
    assert "ed subscribed 3" in text_of(client.get(f"{LIST}export/"))


def test_an_export_of_nothing_known_is_refused_and_not_made(client, editor):
    assert "Select a valid choice" in text_of(client.post(f"{LIST}export/", {"status": "odd", "topic": "nowhere"}))
    assert not Export.objects.exists()


@pytest.mark.parametrize("path", ["", "results/", "export/", "growth/", "add/", "change/", "change/suppress/"])
def test_readers_are_not_for_editors(client, path):
    login(client, "Editors")
    assert client.get(LIST + path).status_code in {302, 403}
    assert LIST not in client.get("/admin/").content.decode()


def test_one_reader_is_not_for_editors(client):
    mira = subscribe()
    login(client, "Editors")
    for path in ("", "suppress/", "erase/"):
        assert client.post(f"{LIST}{mira.pk}/{path}", {"text": "x", "why": "x"}).status_code in {302, 403}
    assert Subscriber.objects.exists()
    assert not Suppression.objects.exists()


def test_moderators_keep_readers(client):
    subscribe()
    login(client, "Moderators")
    for path in ("", "export/", "growth/", "add/", "change/"):
        assert client.get(LIST + path).status_code == 200, path
