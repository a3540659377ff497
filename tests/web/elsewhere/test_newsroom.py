"""The newsroom's screens: a key is shown once, revoked with a question, and only by those who may."""

import re
from datetime import date, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from tests.web.elsewhere.asking import ask
from tocsin.web.elsewhere import actions, queries
from tocsin.web.elsewhere.models import Key, Scope

pytestmark = pytest.mark.django_db
KEYS, FORM = "/admin/keys/", "/admin/form-elsewhere/"


def staff(*, boss: bool = True) -> Client:
    """The newsroom as an administrator has it, or a writer."""
    user = get_user_model().objects.create_user("ada", password="a long pass phrase", is_superuser=boss)
    if not boss:
        user.groups.set(Group.objects.filter(name="Editors"))
    client = Client(headers={"host": "news.example.org"})
    client.force_login(user, backend="tocsin.desk.login.backends.Password")
    return client


def test_a_key_is_made_and_shown_once_and_works():
    client = staff()
    page = client.post(f"{KEYS}new/", {"name": "The <b>shop", "scopes": ["topics:read"], "ends": ""})
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    [written] = re.findall(r"tocsin_[a-z2-7]{10}_[A-Za-z0-9_-]{43}", page.content.decode())
    assert ask("GET", "topics", written).status_code == 200
    assert ask("GET", "posts", written).status_code == 403
    stored = Key.objects.get()
    assert (stored.name, stored.made_by, stored.expires_at) == ("The <b>shop", "ada", None)
    for path in (KEYS, f"{KEYS}{stored.pk}/"):
        shown = client.get(path).content.decode()
        assert "The &lt;b&gt;shop" in shown
        assert stored.start in shown
        assert written not in shown


def test_a_key_is_revoked_after_a_question():
    client = staff()
    made, written = actions.make_key("shop", [Scope.TOPICS_READ], made_by="")
    page = client.get(f"{KEYS}{made.pk}/").content.decode()
    assert "Revoke the key" in page
    assert ask("GET", "topics", written).status_code == 200
    assert client.post(f"{KEYS}{made.pk}/").status_code == 302
    assert ask("GET", "topics", written).status_code == 401
    assert "Revoke the key" not in client.get(f"{KEYS}{made.pk}/").content.decode()
    assert "Revoked" in client.get(KEYS).content.decode()


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "scopes": ["topics:read"]},
        {"name": "x" * 81, "scopes": ["topics:read"]},
        {"name": "shop"},
        {"name": "shop", "scopes": ["everything"]},
        {"name": "shop", "scopes": ["topics:read"], "ends": "2001-01-01"},
        {"name": "shop", "scopes": ["topics:read"], "ends": "9999-12-31"},
        {"name": "shop", "scopes": ["topics:read"], "ends": "soon"},
    ],
)
def test_a_key_that_is_not_whole_is_not_made(fields):
    page = staff().post(f"{KEYS}new/", fields)
    assert page.status_code == 422
    assert "error-message" in page.content.decode()
    assert not Key.objects.exists()


def test_a_key_works_through_its_last_day():
    day = date.today() + timedelta(days=3)  # noqa: DTZ011 - a day to come in every zone
    staff().post(f"{KEYS}new/", {"name": "shop", "scopes": ["topics:read"], "ends": str(day)})
    assert Key.objects.get().expires_at.date() == day + timedelta(days=1)


def test_writers_have_no_keys_to_give():
    client = staff(boss=False)
    made, _ = actions.make_key("shop", [Scope.TOPICS_READ], made_by="")
    for path in (KEYS, f"{KEYS}new/", f"{KEYS}{made.pk}/", FORM):
        for method in (client.get, client.post):
            assert method(path).status_code in {302, 403, 405}
    assert Key.objects.get().revoked_at is None
    menu = client.get("/admin/").content.decode()
    assert "Keys for programs" not in menu


def test_the_form_is_shown_to_be_copied_and_friendly_sites_are_named():
    client = staff()
    page = client.get(FORM).content.decode()
    assert "&lt;form method=&quot;post&quot; action=&quot;http://news.example.org/subscribe/elsewhere/&quot;" in page
    answer = client.post(FORM, {"sites": "https://B.example/page\n\n https://a.example \nhttps://a.example:443\n"})
    assert answer.status_code == 302
    assert queries.origins() == ["https://a.example", "https://b.example"]
    client.post(FORM, {"sites": "https://a.example"})
    assert queries.origins() == ["https://a.example"]


@pytest.mark.parametrize(
    "line", ["a.example", "ftp://a.example", "https://", "x" * 300, f"https://{'x' * 300}.example"]
)
def test_what_is_no_site_is_not_saved(line):
    page = staff().post(FORM, {"sites": f"https://a.example\n{line}"})
    assert page.status_code == 422
    assert "is not the address of a site" in page.content.decode()
    assert queries.origins() == []
