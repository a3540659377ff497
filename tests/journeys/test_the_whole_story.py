"""Subscribe, confirm, publish in the editor, read the mail once, unsubscribe by one click, publish again: silence."""

import json
import re
import urllib.request
from email.message import EmailMessage

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.running import Newsroom, links_in
from tocsin.channels.email import caught

pytestmark = pytest.mark.journey

READER = "mira.reader@example.org"


@pytest.fixture
def page(browser: Browser) -> Page:
    page = browser.new_page()
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    return page


def test_the_whole_story(demo: Newsroom, page: Page):
    address = demo.publish("The bridge is closed")["url"]
    subscribe(page, address)
    confirm(demo, page)
    log_in(demo, page)

    publish(demo, page, "The bridge is open again")
    mail = only_mail(demo, "The bridge is open again")
    assert mail["To"].addresses[0].addr_spec == READER
    assert mail["To"].addresses[0].display_name == "Mira Čapková"

    one_click(mail)
    dispatch = publish(demo, page, "A second story")
    assert dispatch["audience"] == 0
    assert mails(demo, "A second story") == []
    only_mail(demo, "The bridge is open again")


def subscribe(page: Page, address: str) -> None:
    page.goto(address)
    form = page.locator("form[action*='/subscribe/']").first
    form.locator("input[name=name]").fill("Mira Čapková")
    form.locator("input[name=email]").fill(READER)
    form.locator("button").click()
    expect(page.locator("main")).to_contain_text(re.compile("inbox|mail", re.IGNORECASE))


def confirm(demo: Newsroom, page: Page) -> None:
    [mail] = demo.until(lambda: mails(demo), bool)
    [link] = set(links_in(text_of(mail), "/confirm/"))
    page.goto(link)
    page.locator("main form button").first.click()
    expect(page.locator("main")).to_contain_text(re.compile("subscribed|welcome|thank", re.IGNORECASE))


def log_in(demo: Newsroom, page: Page) -> None:
    url, user, password = demo.announced["LOGIN"].split()
    page.goto(url)
    page.locator("input[name=username]").fill(user)
    page.locator("input[name=password]").fill(password)
    page.locator("button[type=submit]").first.click()
    page.wait_for_load_state()


def publish(demo: Newsroom, page: Page, title: str) -> dict[str, int]:
    """As an editor: a new post below the stream, a paragraph, Publish."""
    stream = json.loads(
        page.evaluate(
            "fetch('/admin/api/main/pages/?type=content.StreamPage', {headers: {Accept: 'application/json'}}).then(r => r.text())"
        )
    )["items"][0]["id"]
    page.goto(f"{demo.url}/admin/pages/add/content/postpage/{stream}/")
    page.locator("textarea[name=title], input[name=title]").fill(title)
    page.locator("textarea[name=summary]").fill("What happened, in a sentence.")
    page.locator("[data-streamfield-stream-container] button[title='Insert a block']").first.click()
    page.get_by_role("option", name="Text", exact=True).click()
    page.locator("[data-contentpath=body] [contenteditable=true]").first.fill("The first paragraph.")
    page.locator("footer [data-w-dropdown-target='toggle'], footer .w-dropdown__toggle--icon").first.click()
    page.locator("button[name=action-publish]").click()
    expect(page.locator(".messages .success").first).to_contain_text(title)
    return newest_dispatch(demo)


def newest_dispatch(demo: Newsroom) -> dict[str, int]:
    number = 1
    while "error" not in demo.tocsin("dispatch", "show", str(number), code=None):
        number += 1
    return demo.settled(number - 1)


def mails(demo: Newsroom, subject: str = "") -> list[EmailMessage]:
    folder = demo.state / "inbox"
    found = [caught.load(path.stem, folder) for path in sorted(folder.glob("*.eml"))]
    return [mail for mail in found if subject in mail["Subject"]]


def only_mail(demo: Newsroom, subject: str) -> EmailMessage:
    [mail] = demo.until(lambda: mails(demo, subject), bool)
    return mail


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def one_click(mail: EmailMessage) -> None:
    """RFC 8058: what a mailbox provider does when the reader presses its own Unsubscribe."""
    url = mail["List-Unsubscribe"].strip("<>")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    request = urllib.request.Request(url, data=b"List-Unsubscribe=One-Click", method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200
        assert answer.url == url
        assert "Set-Cookie" not in answer.headers
