"""Reading in a real browser: everybody can, on any screen, at any text size, by keyboard, on paper and without a script."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, ViewportSize, expect
from wagtail.rich_text import RichText

from tests.conftest import own_database
from tests.pictures import uploaded
from tests.posts import published
from tests.serving import serving
from tocsin.audience.models import Publication
from tocsin.channels.email import caught
from tocsin.content.models import Author, Topic

pytestmark = [pytest.mark.journey]

WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 320, "height": 640}
POST = "/a-post/"
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen"
MAIL = b"From: news@example.org\r\nTo: mira@example.org\r\nSubject: News\r\n\r\nRead https://example.org/\r\n"


def publish_everything() -> list[str]:
    """One of each thing a reader can meet; the addresses of the pages that show them."""
    picture = {"image": uploaded(), "caption": "The quay.", "credit": "Ada"}
    ada = Author.objects.create(
        name="Ada", slug="ada", role="Editor", biography="<p>Of bridges.</p>", picture=uploaded("face")
    )
    water = Topic.objects.create(name="Water", slug="water", description="Pipes and rivers.")
    text = RichText('<p>See <a href="https://example.org/report">the report</a>. <code>a &lt; b</code></p><hr/>')
    everything = {"topics": [water], "authors": [ada], "summary": "In short.", "lead_image": uploaded("lead")}
    body = [
        ("heading", "Why"),
        ("text", text),
        ("picture", picture),
        ("quote", {"text": "No.", "attribution": "Mayor"}),
    ]
    hour = timedelta(hours=1)
    published("An older post")
    severities = ("minor", "moderate", "severe", "extreme")
    for severity in severities:
        published(severity, kind="alert", severity=severity, alert_expires_at=timezone.now() + hour, **everything)
    over = published("over", kind="alert", severity="severe", alert_expires_at=timezone.now() - hour, **everything)
    published("clear", kind="alert", severity="minor", alert_status="cancel", follows_up=over, **everything)
    published(f"{LONG} " * 3, slug="long", summary=f"{LONG}/" * 4, topics=[water], authors=[ada])
    published("A post", body=body, lead_image_alt="A quay", lead_image_credit="Ada", **everything)
    found = ["/search/", "/search/?q=a", "/archive/", f"/archive/{timezone.now():%Y/%m}/"]
    alerts = [f"/{name}/" for name in (*severities, "over", "clear")]
    return ["/", POST, "/long/", *alerts, "/topics/water/", "/authors/ada/", "/nowhere/", "/subscribe/", *found]


@pytest.fixture(scope="module")
def pages(django_db_blocker: object) -> Iterator[list[str]]:
    """A served site with one of everything, caught mail too; the whole addresses of its pages."""
    settings = pytest.MonkeyPatch()
    settings.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps an event loop in this thread; we never await
    settings.setenv("TOCSIN_DEMO", "1")
    with own_database(django_db_blocker, settings):
        Publication.objects.update(tagline="News of the quay", address_line="Quay 1")
        caught.inbox().mkdir(exist_ok=True)
        mail = caught.keep(MAIL, "b@example.org", ["mira@example.org"], caught.inbox())
        paths = publish_everything()
        with serving() as url:
            yield [url + path for path in (*paths, "/inbox/", f"/inbox/{mail}/", f"/inbox/{mail}/?as=headers")]


@pytest.fixture
def post(pages: list[str]) -> str:
    return next(page for page in pages if page.endswith(POST))


def overflow(page: Page) -> int:
    """How many pixels of the page lie beside the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def root_size(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.documentElement).fontSize"))


def test_nobody_is_shut_out(browser: Browser, pages: list[str]):
    axe, found = Axe(), []
    for scheme in ("light", "dark"):
        page = browser.new_page(viewport=WIDE, color_scheme=scheme)
        for url in pages:
            page.goto(url)
            answer = axe.run(page)
            found += [(url, scheme, each["id"], each["nodes"][0]["html"]) for each in answer.response["violations"]]
        page.close()
    assert found == []


def test_no_page_breaks_its_own_policy(browser: Browser, pages: list[str]):
    page, said = browser.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for url in pages:
        page.goto(url)
    page.close()
    assert [line for line in said if "404" not in line] == []


def test_every_page_fits_a_small_phone_and_the_largest_text(browser: Browser, pages: list[str]):
    phone, wide = browser.new_page(viewport=PHONE), browser.new_page(viewport=WIDE)
    found = []
    for url in pages:
        phone.goto(url)
        wide.goto(url)
        wide.get_by_role("radio", name="Largest text").check(force=True)
        assert root_size(wide) == "32px"
        found += [(url, name) for name, page in (("phone", phone), ("wide", wide)) if overflow(page) > 0]
    phone.close()
    wide.close()
    assert found == []


def test_the_text_size_is_kept_from_page_to_page(browser: Browser, post: str):
    context = browser.new_context()
    page = context.new_page()
    page.goto(post)
    assert root_size(page) == "16px"
    page.get_by_role("radio", name="Large text").check(force=True)
    assert root_size(page) == "22px"
    page.goto(post.removesuffix(POST) + "/topics/water/")
    assert root_size(page) == "22px"
    assert context.cookies() == []
    context.close()


def test_without_a_script_text_still_grows_and_nothing_useless_is_shown(browser: Browser, post: str):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(post)
    before = page.locator("article h2").first.bounding_box()
    page.get_by_role("radio", name="Largest text").check(force=True)
    after = page.locator("article h2").first.bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] > 1.5 * before["height"]
    expect(page.locator("#print")).to_be_hidden()
    context.close()


def test_the_print_button_prints(browser: Browser, post: str):
    page = browser.new_page()
    page.add_init_script("window.print = () => { document.title = 'printed' }")
    page.goto(post)
    page.get_by_role("button", name="Print").click()
    assert page.title() == "printed"
    page.close()


def test_paper_shows_the_words_and_where_links_lead(browser: Browser, post: str):
    page = browser.new_page()
    page.goto(post)
    page.emulate_media(media="print")
    for furniture in ("nav", "form", ".mast .button", "#print", ".strip"):
        for element in page.locator(furniture).all():
            expect(element).to_be_hidden()
    link = "getComputedStyle(document.querySelector('.text a'), '::after').content"
    assert page.evaluate(link) == '" (" attr(href) ")"' or "https://example.org/report" in page.evaluate(link)
    expect(page.locator(".printed")).to_be_visible()
    page.close()


def test_a_keyboard_reaches_the_text_first(browser: Browser, post: str):
    page = browser.new_page()
    page.goto(post)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the text")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.close()
