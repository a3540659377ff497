"""Two-step login, over HTTP: no session without the code, each code once, guessing is limited."""

import base64
import datetime
import logging
import re
import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from tocsin import cli
from tocsin.courier.message import Message
from tocsin.courier.models import Edition
from tocsin.desk.login import codes
from tocsin.desk.models import User

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"
STEP = 30
NOW = datetime.datetime(2026, 11, 23, 9, 0, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def quick_passwords(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ed", "ed@example.org", PASSWORD, is_superuser=True)


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def phone(user: User, clock) -> "Phone":
    """The authenticator app of `user`, who switched two-step login on a while ago."""
    secret = codes.new_secret()
    phone = Phone(secret)
    phone.recovery_codes = codes.switch_on(user, secret, codes.matching_counter(secret, phone.code()))
    clock.shift(10 * STEP)
    return phone


class Phone:
    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.recovery_codes: list[str] = []

    def code(self, steps: int = 0) -> str:
        return format_hotp_value(hotp_value(self.secret, int(time.time()) // STEP + steps))

    def wrong_code(self) -> str:
        right = {self.code(steps) for steps in (-1, 0, 1)}
        return next(code for code in ("000000", "111111", "222222", "333333") if code not in right)


def give_password(client: Client, password: str = PASSWORD, **more: str):
    return client.post("/admin/login/", {"username": "ed", "password": password, **more})


def give_code(client: Client, code: str):
    return client.post("/admin/login/code/", {"code": code})


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def test_codes_are_those_of_the_rfc():
    secret = base64.b32encode(b"12345678901234567890").decode()
    with time_machine.travel(datetime.datetime.fromtimestamp(59, datetime.UTC), tick=False):
        assert codes.matching_counter(secret, "287082") == 1  # RFC 6238, appendix B
        assert codes.matching_counter(secret, "287083") is None


def test_without_two_step_login_the_password_lets_in(client: Client, user: User):
    assert not is_in(client)
    assert client.get("/admin/").url == "/admin/login/?next=/admin/"
    assert give_password(client, next="/admin/account/").url == "/admin/account/"
    assert is_in(client)


def test_switching_it_on_shows_a_secret_and_then_the_recovery_codes_once(client: Client, user: User, clock):
    give_password(client)
    page = client.get("/admin/account/two-step/").content.decode()
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")
    assert f"otpauth://totp/ed?secret={secret}&amp;issuer=The%20Example%20Gazette" in page
    assert "<svg" in page
    phone = Phone(secret)
    answer = client.post("/admin/account/two-step/", {"code": phone.code(), "password": PASSWORD})
    shown = re.findall(r"<code>(\d{8})</code>", answer.content.decode())
    assert len(set(shown)) == 10
    assert codes.is_on(user)
    assert is_in(client), "who switches it on stays in"
    again = client.get("/admin/account/two-step/", follow=True).content.decode()
    assert secret not in again
    assert not any(code in again for code in shown)
    assert "10 recovery codes left" in again

    door = Client()
    give_password(door)
    give_code(door, phone.code())
    assert not is_in(door), "the code that proved the app was used up"
    give_code(door, shown[3])
    assert is_in(door)


@pytest.mark.parametrize("given", [{"code": "wrong", "password": PASSWORD}, {"code": "right", "password": "wrong"}])
def test_it_is_not_switched_on_without_the_right_code_and_password(client: Client, user: User, clock, given):
    give_password(client)
    page = client.get("/admin/account/two-step/").content.decode()
    phone = Phone(re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", ""))
    code = phone.code() if given["code"] == "right" else phone.wrong_code()
    assert client.post("/admin/account/two-step/", given | {"code": code}).status_code == 200
    assert not codes.is_on(user)


def test_switching_it_on_ends_sessions_that_gave_no_code(client: Client, user: User, clock):
    give_password(client)
    assert is_in(client)
    codes.switch_on(user, codes.new_secret(), 0)
    assert not is_in(client)


def test_the_password_alone_makes_no_session_the_code_does(client: Client, phone: Phone):
    assert give_password(client, next="/admin/account/").url == "/admin/login/code/"
    assert not is_in(client)
    assert "one of your recovery codes" in client.get("/admin/login/code/").content.decode()
    assert give_code(client, phone.code()).url == "/admin/account/"
    assert is_in(client)


def test_a_wrong_password_never_gets_to_the_code(client: Client, phone: Phone):
    assert give_password(client, "wrong").status_code == 200
    assert give_code(client, phone.code()).url == "/admin/login/"
    assert not is_in(client)


def test_a_wrong_code_does_not_let_in(client: Client, phone: Phone):
    give_password(client)
    for code in (phone.wrong_code(), "", "5", "é" * 6, "\0" * 6, "1" * 10_000, phone.code(-2), phone.code(2)):
        assert give_code(client, code).status_code == 200
        assert not is_in(client)
    assert '<li class="error">This code is wrong' in give_code(client, phone.wrong_code()).content.decode()


def test_a_code_lets_in_once_whatever_door_it_is_shown_at(phone: Phone, clock):
    first, second = Client(), Client()
    give_password(first)
    give_password(second)
    code = phone.code()
    give_code(first, code)
    assert is_in(first)
    give_code(second, code)
    clock.shift(STEP)
    give_code(second, code)
    assert not is_in(second), "also not while a late phone may still show it"
    give_code(second, phone.code())
    assert is_in(second)


def test_each_recovery_code_lets_in_once(phone: Phone):
    for code, let_in in [(phone.recovery_codes[0], True), (phone.recovery_codes[0], False), ("12345678", False)]:
        door = Client()
        give_password(door)
        give_code(door, f" {code[:4]} {code[4:]} ")
        assert is_in(door) is let_in


def test_guessing_is_paused_for_an_hour_at_every_door(phone: Phone, clock):
    for _ in range(codes.WRONG_IN_A_ROW):
        door = Client(REMOTE_ADDR="192.0.2.1")
        give_password(door)
        give_code(door, phone.wrong_code())
    door = Client(REMOTE_ADDR="192.0.2.2")
    give_password(door)
    for code in (phone.code(), phone.recovery_codes[0]):
        assert "Too many wrong codes" in give_code(door, code).content.decode()
    assert not is_in(door)
    clock.shift(codes.PAUSE_SECONDS)
    give_password(door)
    give_code(door, phone.wrong_code())
    give_code(door, phone.code())
    assert is_in(door), "after the pause counting began anew"


def test_nobody_waits_for_ever_between_the_steps(client: Client, phone: Phone, clock):
    give_password(client)
    clock.shift(601)
    assert give_code(client, phone.code()).url == "/admin/login/"
    assert not is_in(client)


def test_a_new_password_ends_the_wait(client: Client, user: User, phone: Phone):
    give_password(client)
    user.set_password("another long password")
    user.save()
    give_code(client, phone.code())
    assert not is_in(client)


def test_a_reset_password_does_not_skip_the_code(client: Client, phone: Phone, settings):
    settings.EMAIL_BACKEND = "tocsin.desk.staffmail.DispatchBackend"
    client.post("/admin/password_reset/", {"email": "ed@example.org"})
    mailed = Message.from_json(Edition.objects.get(dispatch__kind="staff").message).text
    form = client.get(re.search(r"http://news\.example\.org(/\S+)", mailed)[1], follow=True)
    password = "a brand new password"
    client.post(form.request["PATH_INFO"], {"new_password1": password, "new_password2": password})
    assert not is_in(client)
    assert give_password(client, password).url == "/admin/login/code/"
    assert not is_in(client)
    give_code(client, phone.code())
    assert is_in(client)


def test_wagtails_login_for_readers_is_no_way_around(client: Client, phone: Phone):
    client.post("/_util/login/", {"username": "ed", "password": PASSWORD})
    assert not is_in(client)


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere_after_either_step(client: Client, phone: Phone, elsewhere: str):
    give_password(client, next=elsewhere)
    assert (
        client.post(f"/admin/login/code/?next={elsewhere}", {"code": phone.code(), "next": elsewhere}).url == "/admin/"
    )


@pytest.mark.parametrize("remember", [True, False])
def test_remember_me_is_remembered_over_both_steps(client: Client, phone: Phone, remember: bool):
    give_password(client, **({"remember": "on"} if remember else {}))
    give_code(client, phone.code())
    assert client.session.get_expire_at_browser_close() is not remember


def test_a_session_planted_earlier_or_left_from_the_wait_is_worth_nothing(client: Client, phone: Phone):
    session = client.session
    session["planted"] = True
    session.save()
    give_password(client)
    waiting = client.cookies["sessionid"].value
    assert waiting != session.session_key
    give_code(client, phone.code())
    assert client.cookies["sessionid"].value != waiting
    assert "planted" not in client.session


def test_switching_it_off_takes_a_code(client: Client, user: User, phone: Phone, clock):
    give_password(client)
    give_code(client, phone.code())
    client.post("/admin/account/two-step/off/", {"code": phone.code()})
    assert codes.is_on(user), "that code was used to sign in"
    clock.shift(STEP)
    assert client.post("/admin/account/two-step/off/", {"code": phone.code()}).url == "/admin/account/"
    assert not codes.is_on(user)
    assert is_in(client)
    door = Client()
    give_password(door)
    assert is_in(door)


def test_the_account_page_says_which_it_is_and_saves_as_ever(client: Client, user: User, phone: Phone):
    give_password(client)
    give_code(client, phone.code())
    assert "/admin/account/two-step/off/" in client.get("/admin/account/").content.decode()
    codes.switch_off(user)
    page = client.get("/admin/account/")
    assert 'href="/admin/account/two-step/"' in page.content.decode()
    names = {"name_email-first_name": "Eda", "name_email-last_name": "Ek", "name_email-email": "ed@example.org"}
    rest = {"locale-preferred_language": "", "locale-current_time_zone": "UTC"}
    themes = {"theme-theme": "system", "theme-density": "default", "theme-contrast": "system"}
    notices = {"theme-keyboard_shortcuts": "on"}
    assert client.post("/admin/account/", names | rest | themes | notices).status_code == 302
    user.refresh_from_db()
    assert user.first_name == "Eda"


def test_its_pages_are_for_who_is_in(client: Client, user: User):
    for page in ("/admin/account/two-step/", "/admin/account/two-step/off/"):
        assert client.get(page).url == f"/admin/login/?next={page}"


def test_an_administrator_resets_it(client: Client, user: User, phone: Phone, capsys):
    assert cli.run(["staff", "reset-two-step", "ed"]) == 0
    assert "is off" in capsys.readouterr().out
    give_password(client)
    assert is_in(client)
    assert cli.run(["staff", "reset-two-step", "ed"]) == 0
    assert "was off already" in capsys.readouterr().out


def test_resetting_somebody_unknown_is_refused(capsys):
    assert cli.run(["staff", "reset-two-step", "nobody"]) == 1
    assert "Nobody called nobody works here" in capsys.readouterr().err


def test_the_database_and_the_log_hold_no_secret(client: Client, phone: Phone, caplog):
    caplog.set_level(logging.DEBUG)
    give_password(client)
    wrong = phone.wrong_code()
    give_code(client, wrong)
    give_code(client, phone.code())
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    for secret in (phone.secret, *phone.recovery_codes):
        assert secret not in stored
        assert secret not in caplog.text
    assert wrong not in caplog.text
    assert phone.code() not in caplog.text


def test_secrets_of_a_lost_key_are_said_to_be_unreadable(client: Client, user: User, phone: Phone, monkeypatch):
    give_password(client)
    row = Authenticator.objects.get(user=user, type="totp")
    row.data["secret"] = row.data["secret"][:-8] + "AAAAAAA="
    row.save()
    assert "cannot be checked" in give_code(client, phone.code()).content.decode()
    assert not is_in(client)
