"""Mail to the people who work here goes through the same relays."""

import re

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import Client

from tocsin.courier.message import Message
from tocsin.courier.models import Dispatch, Edition, Lane
from tocsin.desk.models import User
from tocsin.desk.staffmail import DispatchBackend
from tocsin.lib.errors import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def real_backend(settings) -> None:
    settings.EMAIL_BACKEND = "tocsin.desk.staffmail.DispatchBackend"


def test_a_mail_to_two_is_two_dispatches_first_in_line():
    mail = EmailMultiAlternatives("Hello\n there", "Text", to=["a@example.org"], cc=["b@example.org"])
    mail.attach_alternative("<p>Text</p>", "text/html")
    assert mail.send() == 1
    assert {dispatch.lane for dispatch in Dispatch.objects.all()} == {Lane.TRANSACTIONAL}
    messages = [Message.from_json(edition.message) for edition in Edition.objects.order_by("id")]
    assert [message.to_address for message in messages] == ["a@example.org", "b@example.org"]
    assert messages[0].subject == "Hello there"
    assert messages[0].html == "<p>Text</p>"
    assert (messages[0].sender_email, messages[0].automatic, messages[0].bulk) == ("news@example.org", True, False)


def test_an_impossible_address_is_refused_unless_silence_is_asked_for():
    with pytest.raises(Refused):
        EmailMultiAlternatives("Hello", "Text", to=["nobody"]).send()
    assert EmailMultiAlternatives("Hello", "Text", to=["nobody"]).send(fail_silently=True) == 0
    assert isinstance(get_connection(), DispatchBackend)


def test_a_forgotten_password_is_set_anew_by_a_mailed_link(client: Client):
    user = User.objects.create_user("ed", "ed@example.org", "an old password", is_superuser=True)
    asked = client.post("/admin/password_reset/", {"email": "ed@example.org"})
    assert asked.status_code == 302
    message = Message.from_json(Edition.objects.get(dispatch__kind="staff").message)
    assert message.to_address == "ed@example.org"
    link = re.search(r"http://news\.example\.org(/admin/password_reset/confirm/\S+)", message.text)
    assert link
    form = client.get(link[1], follow=True)
    password = "a brand new password"
    client.post(form.request["PATH_INFO"], {"new_password1": password, "new_password2": password})
    user.refresh_from_db()
    assert user.check_password(password)


def test_asking_for_an_unknown_address_looks_the_same_and_mails_nobody(client: Client):
    User.objects.create_user("ed", "ed@example.org", "an old password", is_superuser=True)
    known = client.post("/admin/password_reset/", {"email": "ed@example.org"})
    unknown = client.post("/admin/password_reset/", {"email": "no@example.org"})
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert Dispatch.objects.count() == 1
