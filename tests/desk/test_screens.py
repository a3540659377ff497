"""The newsroom as editors use it, over HTTP: publishing, telling again, reading the books, settings."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from wagtail.models import Page
from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text, streamfield

from tests.pictures import uploaded
from tests.posts import draft, published, stream
from tests.readers import reader, readers
from tocsin.audience.models import Subscriber
from tocsin.audience.queries import publication
from tocsin.content.models import Author, PostPage, Topic
from tocsin.courier.models import Delivery, Dispatch, RelayStatus
from tocsin.desk.models import PublishIntent, User

pytestmark = pytest.mark.django_db


def login(client: Client, *groups: str) -> User:
    """Sign in as a member of these groups; of none: as the first user, who may do everything."""
    user = User.objects.create(username="ed", email="ed@example.org", is_superuser=not groups)
    user.groups.set(Group.objects.filter(name__in=groups))
    client.force_login(user)
    return user


@pytest.fixture
def editor(client: Client) -> User:
    return login(client)


def form(title: str = "The bridge is closed", **fields: Any) -> dict[str, str]:
    """What the editor's browser posts."""
    body = streamfield([("text", rich_text("<p>Take the ferry.</p>"))])
    empty = {"summary": "Until March.", "kind": "news", "severity": "", "alert_status": "alert", "slug": "the-bridge"}
    comments = inline_formset([])
    data = {
        "title": title,
        "body": body,
        "bylines": inline_formset([]),
        "notes": inline_formset([]),
        "comments": comments,
        "tell_readers": "on",
    }
    return nested_form_data({**data, **empty, **fields})


def edit_url(post: PostPage) -> str:
    return f"/admin/pages/{post.pk}/edit/"


def add_url() -> str:
    return f"/admin/pages/add/content/postpage/{stream().pk}/"


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_publishing_in_the_editor_tells_readers(client, editor):
    readers(3)
    post = draft()
    answer = client.post(edit_url(post), form("The bridge is open", **{"action-publish": "1"}))
    assert answer.status_code == 302, answer.context["form"].errors
    assert Dispatch.objects.get().audience == 3
    assert Dispatch.objects.get().title == "The bridge is open"
    assert PublishIntent.objects.get().user == editor


def test_a_picture_without_words_is_not_published(client, editor):
    post, lead = draft(), {"lead_image": str(uploaded().pk)}
    refused = client.post(edit_url(post), form(**lead, **{"action-publish": "1"}))
    assert "Say in words what the picture shows" in text_of(refused)
    assert client.post(edit_url(post), form(**lead)).status_code == 302  # a draft may lack them
    for told in ({"lead_image_alt": "A quay"}, {"lead_image_is_decorative": "on"}):
        assert client.post(edit_url(post), form(**lead, **told, **{"action-publish": "1"})).status_code == 302
    assert PostPage.objects.get(pk=post.pk).live


def test_creating_and_publishing_at_once_tells_readers(client, editor):
    readers(2)
    client.post(add_url(), form(**{"action-publish": "1"}))
    assert PostPage.objects.get().live
    assert Dispatch.objects.get().audience == 2


def test_saving_a_draft_tells_nobody(client, editor):
    readers(2)
    client.post(add_url(), form())
    client.post(edit_url(PostPage.objects.get()), form("Better"))
    assert not PostPage.objects.get().live
    assert not Dispatch.objects.exists()


def test_publishing_many_at_once_tells_of_each(client, editor):
    readers(2)
    posts = [draft("One"), draft("Two")]
    query = "&".join(f"id={post.pk}" for post in posts)
    client.post(f"/admin/bulk/wagtailcore/page/publish/?next=/admin/&{query}", {"include_descendants": ""})
    assert Dispatch.objects.count() == 2


def test_a_moderators_approval_tells_readers(client):
    readers(2)
    login(client, "Editors")
    client.post(add_url(), form(**{"action-submit": "1"}))
    post = PostPage.objects.get()
    assert not post.live
    moderator = User.objects.create(username="mo", email="mo@example.org")
    moderator.groups.set(Group.objects.filter(name="Moderators"))
    client.force_login(moderator)
    task = post.current_workflow_task_state
    answer = client.post(f"/admin/pages/workflow/action/{post.pk}/approve/{task.pk}/")
    assert answer.status_code in {200, 302}
    assert PostPage.objects.get().live
    assert Dispatch.objects.get().audience == 2


@pytest.mark.parametrize("new", [True, False])
def test_when_telling_fails_the_editor_reads_why_and_keeps_the_text(client, editor, monkeypatch, new):
    readers(2)
    url = add_url() if new else edit_url(draft())

    def break_down(*_: Any, **__: Any) -> None:
        raise RuntimeError("the press is on fire")

    monkeypatch.setattr("tocsin.desk.publish.courier.tell", break_down)
    answer = client.post(url, form("My careful words", **{"action-publish": "1"}), follow=True)
    post = PostPage.objects.get()
    assert answer.redirect_chain[-1][0] == edit_url(post)
    assert "the press is on fire" in text_of(answer)
    assert "draft" in text_of(answer)
    assert not post.live
    assert post.get_latest_revision_as_object().title == "My careful words"
    assert not Dispatch.objects.exists()


def test_unpublishing_in_the_newsroom_withdraws(client, editor):
    readers(2)
    client.post(f"/admin/pages/{published().pk}/unpublish/")
    assert set(Delivery.objects.values_list("state", flat=True)) == {"suppressed"}


def test_unpublishing_the_stream_with_all_below_withdraws(client, editor):
    readers(2)
    published()
    client.post(f"/admin/pages/{stream().pk}/unpublish/", {"include_descendants": "on"})
    assert set(Delivery.objects.values_list("state", flat=True)) == {"suppressed"}


def test_deleting_in_the_newsroom_withdraws(client, editor):
    readers(2)
    client.post(f"/admin/pages/{published().pk}/delete/")
    assert not PostPage.objects.exists()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"suppressed"}


def test_the_editor_sees_how_many_will_be_told(client, editor):
    readers(3)
    assert "3 readers will be told" in text_of(client.get(edit_url(draft())))
    assert "3 readers will be told" in text_of(client.get(add_url()))
    assert 'name="tell_readers"' in client.get(add_url()).content.decode()


def test_the_editor_sees_who_was_told_and_may_tell_again(client, editor):
    readers(3)
    post = published()
    seen = client.get(edit_url(post))
    assert "3 readers , told" in text_of(seen)
    assert "Tell readers again" in text_of(seen)
    assert f"/admin/tellings/{Dispatch.objects.get().pk}/" in seen.content.decode()
    assert 'name="tell_readers"' not in seen.content.decode()


def test_telling_again_asks_first(client, editor):
    readers(3)
    post = published()
    url = f"/admin/tellings/again/{post.pk}/"
    asked = client.get(url)
    assert "This will mail 3 people again" in text_of(asked)
    assert Dispatch.objects.count() == 1
    told = client.post(url, {"tellings": asked.context["tellings"], "note": "It takes bicycles."}, follow=True)
    assert "3 readers are being told" in text_of(told)
    again = client.post(url, {"tellings": asked.context["tellings"]}, follow=True)
    assert "a moment ago" in text_of(again)
    assert Dispatch.objects.count() == 2


def test_only_who_may_publish_may_tell_again(client):
    readers(1)
    post = published()
    login(client, "Editors")
    answer = client.post(f"/admin/tellings/again/{post.pk}/", {"tellings": "1"})
    assert answer.status_code in {302, 403}
    assert Dispatch.objects.count() == 1
    assert "Tell readers again" not in text_of(client.get(edit_url(post)))


def test_the_books_are_on_a_page_with_the_relays_own_words(client, editor):
    readers(3)
    published()
    dispatch = Dispatch.objects.get()
    Delivery.objects.filter(pk=Delivery.objects.first().pk).update(
        state="failed", due_us=None, attempts=1, reply="550 5.1.1 no such user"
    )
    page = text_of(client.get(f"/admin/tellings/{dispatch.pk}/"))
    assert "1 Refused" in page
    assert "2 Waiting" in page
    assert "reader0@example.org 1 550 5.1.1 no such user" in page
    assert "3 Together" in page
    listing = text_of(client.get("/admin/tellings/"))
    assert "The bridge is closed" in listing
    assert "Under way" in listing


def test_books_are_not_for_everybody(client):
    published()
    login(client, "Nobody")
    for url in ("/admin/tellings/", f"/admin/tellings/{Dispatch.objects.get().pk}/"):
        assert client.get(url).status_code in {302, 403}
    assert client.get("/admin/tellings/999/").status_code in {302, 403, 404}


def test_a_draft_can_be_seen_as_mail(client, editor):
    post = draft()
    client.post(f"/admin/pages/{post.pk}/edit/preview/", form("As mail"))
    shown = client.get(f"/admin/pages/{post.pk}/edit/preview/?mode=mail")
    assert "because you asked The Example Gazette" in text_of(shown)
    assert "\x02" not in shown.content.decode()


def test_a_draft_can_be_seen_as_on_the_site(client, editor):
    post = draft()
    client.post(f"/admin/pages/{post.pk}/edit/preview/", form("On the site"))
    shown = client.get(f"/admin/pages/{post.pk}/edit/preview/?mode=")
    assert shown.status_code == 200
    assert "On the site" in text_of(shown)


def test_the_publication_is_edited_and_editors_move_with_its_time_zone(client, editor):
    other = User.objects.create(username="far", email="far@example.org")
    other.wagtail_userprofile.current_time_zone = "Asia/Tokyo"
    other.wagtail_userprofile.save()
    gazette = publication()
    fields = {
        "name": "The Gazette", "tagline": "", "accent": "#204060", "language": "en", "time_zone": "Europe/Berlin",
        "sender_name": "", "sender_email": "news@example.org", "reply_to": "", "address_line": "", "unsure_policy": "hold",
        "staff_email": "", "keep_unconfirmed_days": 5, "keep_left_days": 0, "keep_details_days": 90, "keep_ip_days": 7,
        "record_ip": "on", "count_clicks": "on", "digest_hour": "18", "digest_weekday": "4",
    }  # fmt: skip
    daily = reader("daily@example.org", cadence="daily")
    Subscriber.objects.filter(pk=daily.pk).update(digest_due_us=2**60)
    assert client.get("/admin/publication/").status_code == 200
    assert client.post("/admin/publication/", {**fields, "time_zone": "Mars/Olympus"}).status_code == 200
    assert client.post("/admin/publication/", {**fields, "accent": "red;}"}).status_code == 200
    assert client.post("/admin/publication/", {**fields, "keep_details_days": 3}).status_code == 200
    gazette.refresh_from_db()
    assert gazette.name == "The Example Gazette"
    assert client.post("/admin/publication/", fields).status_code == 302
    gazette.refresh_from_db()
    assert (gazette.name, gazette.time_zone, gazette.unsure_policy) == ("The Gazette", "Europe/Berlin", "hold")
    assert (gazette.keep_left_days, gazette.keep_details_days, gazette.record_ip, gazette.count_clicks) == (
        0,
        90,
        True,
        True,
    )
    assert (gazette.digest_hour, gazette.digest_weekday) == (18, 4)
    assert Subscriber.objects.get(pk=daily.pk).digest_due_us == 0, "it is worked out anew"
    assert User.objects.get(pk=editor.pk).wagtail_userprofile.get_current_time_zone() == "Europe/Berlin"
    assert User.objects.get(pk=other.pk).wagtail_userprofile.get_current_time_zone() == "Asia/Tokyo"


def test_a_new_editor_works_in_the_publications_time_zone(client):
    gazette = publication()
    gazette.time_zone = "Europe/Kyiv"
    gazette.save()
    user = login(client)
    assert user.wagtail_userprofile.get_current_time_zone() == "Europe/Kyiv"
    go_live = {"go_live_at": "2035-06-01 12:00", "action-publish": "1"}
    client.post(add_url(), form(**go_live))
    assert PostPage.objects.get().go_live_at.isoformat() == "2035-06-01T09:00:00+00:00"


@pytest.mark.parametrize(
    ("group", "allowed", "refused"),
    [
        ("Editors", ["/admin/snippets/content/topic/add/", "/admin/tellings/"], ["/admin/publication/"]),
        ("Moderators", ["/admin/snippets/content/author/add/", "/admin/tellings/", "/admin/publication/"], []),
    ],
)
def test_groups_may_do_their_work(client, group, allowed, refused):
    login(client, group)
    assert client.get("/admin/").status_code == 200
    for url in allowed:
        assert client.get(url).status_code == 200, url
    for url in refused:
        assert client.get(url).status_code == 302, url
    menu = client.get("/admin/").content.decode()
    assert ("/admin/publication/" in menu) == (group == "Moderators")


def test_the_front_page_shows_what_matters(client, editor):
    readers(3)
    published()
    RelayStatus.objects.create(name="mail.example.org:25", trouble="454 no TLS", since_us=0)
    page = text_of(client.get("/admin/"))
    for words in ("The Example Gazette", "1 post", "3 readers", "This needs a person", "454 no TLS", "Waiting: 3"):
        assert words in page, words


def test_the_newsroom_bears_our_name(client):
    page = client.get("/admin/login/").content.decode()
    assert "Sign in to Tocsin" in page
    assert re.search(r"<title>\s*Sign in - Tocsin\s*</title>", page)


def test_topics_and_authors_are_kept_in_the_newsroom(client, editor):
    client.post("/admin/snippets/content/topic/add/", {"name": "Water", "slug": "water", "description": ""})
    assert Topic.objects.get().slug == "water"
    biography = rich_text("<p>Writes.</p>")
    client.post(
        "/admin/snippets/content/author/add/",
        {"name": "Ada", "slug": "ada", "role": "", "picture": "", "biography": biography},
    )
    assert Author.objects.get().name == "Ada"
    for kind in ("topic", "author"):
        assert client.get(f"/admin/snippets/content/{kind}/").status_code == 200


def test_posts_have_their_own_list(client, editor):
    published("The bridge is closed")
    page = client.get("/admin/content_postpage/")
    assert "The bridge is closed" in text_of(page)
    assert Page.objects.count() == 3


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("readers/", "Readers"),
        ("readers/growth/", "Growth"),
        ("imports/", "Import readers"),
        ("tellings/", "Tellings"),
        ("digests/", "Digests"),
        ("publication/", "Publication"),
        ("clippings/", "Links with preview"),
        ("form-elsewhere/", "Form for other sites"),
        ("keys/", "Keys for programs"),
    ],
)
def test_every_screen_says_on_top_what_it_is(client, editor, address, name):
    page = client.get(f"/admin/{address}").content.decode()
    headings = [re.sub(r"<[^>]*>|\s+", " ", found).strip() for found in re.findall(r"(?s)<h1.*?</h1>", page)]
    assert headings == [name]
