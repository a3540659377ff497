"""The demo's inbox shows caught mail, safely, and exists nowhere else."""

from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from tests.web.reading import got, page, text, texts
from tocsin.channels.email import caught
from tocsin.lib import config

pytestmark = pytest.mark.django_db

LINK = "http://news.example.org/reader/token/"


@pytest.fixture(autouse=True)
def demo(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> Iterator[None]:
    monkeypatch.setenv("TOCSIN_DEMO", "1")
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(tmp_path))
    config.current.cache_clear()
    caught.inbox().mkdir()
    yield
    monkeypatch.undo()
    config.current.cache_clear()


def catch(subject: str = "Zprávy <b>dnes</b> 🔔", html: bool = True) -> str:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "news@example.org", "Mira <mira@example.org>", subject
    mail.set_content(f"Read it.\n\nYour settings: {LINK}\n")
    if html:
        mail.add_alternative(f'<p>Read it. <a href="{LINK}">Settings</a></p><script>1</script>', subtype="html")
    return caught.keep(mail.as_bytes(), "bounce@example.org", ["mira@example.org"], caught.inbox())


def test_it_lists_the_newest_first():
    catch("First")
    catch("Second")
    assert texts(page("/inbox/"), "//ul[@class='mails']//strong") == ["Second", "First"]
    assert "To mira@example.org" in text(page("/inbox/"), "//ul[@class='mails']/li[1]")


def test_an_empty_one_says_how_to_fill_it():
    assert "Nothing caught yet" in text(page("/inbox/"), "//main")


def test_the_html_is_shown_in_a_sandbox_whose_links_open_outside():
    mail = catch()
    tree = page(f"/inbox/{mail}/")
    assert text(tree, "//h1") == "Zprávy <b>dnes</b> 🔔"
    [frame] = tree.xpath("//iframe")
    assert "allow-scripts" not in frame.get("sandbox")
    assert "allow-same-origin" not in frame.get("sandbox")
    assert "frame-src 'self'" in got(f"/inbox/{mail}/")["Content-Security-Policy"]
    inside = got(f"/inbox/{mail}/{frame.get('src')}")
    assert LINK in inside.content.decode()
    assert '<base target="_blank">' in inside.content.decode()
    assert inside["X-Frame-Options"] == "SAMEORIGIN"
    assert inside["Content-Security-Policy"].startswith("sandbox allow-popups")
    assert "script-src" not in inside["Content-Security-Policy"]
    assert "default-src 'none'" in inside["Content-Security-Policy"]


def test_the_text_has_links_to_follow():
    tree = page(f"/inbox/{catch()}/?as=text")
    assert tree.xpath("//pre//a/@href") == [LINK]


def test_headers_and_source_are_shown_as_they_came():
    mail = catch("Zpráva")
    headers = page(f"/inbox/{mail}/?as=headers")
    assert "Zpráva" in texts(headers, "//dl[@class='headers']//dd")
    assert "=?utf-8?" in text(page(f"/inbox/{mail}/?as=source"), "//pre")


def test_a_mail_without_html_is_shown_as_text():
    mail = catch(html=False)
    assert "Read it." in text(page(f"/inbox/{mail}/"), "//pre")
    got(f"/inbox/{mail}/html/", 404)


@pytest.mark.parametrize("mail", ["nothing", "..", "%2e%2e%2fsecret.key", "0" * 20 + "-" + "0" * 8])
def test_only_what_was_caught_can_be_read(mail):
    got(f"/inbox/{mail}/", 404)
    got(f"/inbox/{mail}/html/", 404)


def test_nothing_of_it_is_kept_by_caches():
    assert got("/inbox/")["Cache-Control"] == got(f"/inbox/{catch()}/")["Cache-Control"] == "no-store"


@pytest.mark.parametrize("setting", [("TOCSIN_DEMO", "0"), ("TOCSIN_RELAYS", "smtp://127.0.0.1:2525?tls=none")])
def test_it_is_not_there_outside_the_demo_or_with_a_relay(setting, monkeypatch):
    mail = catch()
    monkeypatch.setenv(*setting)
    config.current.cache_clear()
    for url in ("/inbox/", f"/inbox/{mail}/", f"/inbox/{mail}/html/"):
        got(url, 404)
