"""Reading in a real browser: everybody can, on any screen, at any text size, by keyboard, on paper and without a script."""

from collections.abc import Iterable, Iterator
from typing import Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.conftest import own_database
from tests.everything import POST, publish_everything
from tests.serving import serving
from tests.trickling import trickling
from tocsin.channels.email import caught
from tocsin.web import errors

pytestmark = [pytest.mark.journey]

WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 320, "height": 640}
LOOKS: tuple[tuple[Literal["light", "dark"], ViewportSize], ...] = (("light", WIDE), ("dark", PHONE))
OTHER_LOOKS: tuple[tuple[Literal["light", "dark"], ViewportSize], ...] = (("dark", WIDE), ("light", PHONE))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SHIFTS = """
window.shifts = [];
new PerformanceObserver(list => list.getEntries().forEach(each => each.hadRecentInput || shifts.push(each.value)))
  .observe({ type: "layout-shift", buffered: true });
"""
SEEN = "which => document.querySelector(which).checkVisibility({contentVisibilityAuto: true})"
SETTLED = """() => new Promise(done => {
  let before = -1, look = () => scrollY == before ? done(true) : (before = scrollY, setTimeout(look, 150));
  look();
})"""
MAIL = b"From: news@example.org\r\nTo: mira@example.org\r\nSubject: News\r\n\r\nRead https://example.org/\r\n"


@pytest.fixture(scope="module")
def pages(django_db_blocker: object) -> Iterator[list[str]]:
    """A served site with one of everything, caught mail too; the whole addresses of its pages."""
    settings = pytest.MonkeyPatch()
    settings.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps an event loop in this thread; we never await
    settings.setenv("TOCSIN_DEMO", "1")
    with own_database(django_db_blocker, settings):
        caught.inbox().mkdir(exist_ok=True)
        mail = caught.keep(MAIL, "b@example.org", ["mira@example.org"], caught.inbox())
        paths = sorted((leaf.path for leaf in publish_everything()), key=lambda path: path != "/")
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


def violations(
    page: Page, name: str, looks: Iterable[tuple[Literal["light", "dark"], ViewportSize]] = LOOKS
) -> list[tuple[str, str, int, str, str]]:
    """What axe finds against WCAG 2.2 AA and its best practices: light on a desk, dark on a phone."""
    page.evaluate(AXE_SCRIPT)
    found = []
    for scheme, screen in looks:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(screen)
        answer = page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", RULES)
        found += [
            (name, scheme, screen["width"], each["id"], each["nodes"][0]["html"]) for each in answer["violations"]
        ]
    return found


def test_nobody_is_shut_out(browser: Browser, pages: list[str]):
    page, found = browser.new_page(viewport=WIDE), []
    for url in pages:
        page.goto(url)
        found += violations(page, url)
    page.close()
    assert found == []


def test_nobody_is_shut_out_of_a_post_in_any_look(browser: Browser, post: str):
    page = browser.new_page(viewport=WIDE)
    page.goto(post)
    found = violations(page, post, LOOKS + OTHER_LOOKS)
    page.close()
    assert found == []


def test_nobody_is_shut_out_of_what_forms_answer(browser: Browser, pages: list[str]):
    page, found = browser.new_page(viewport=WIDE), []
    page.goto(pages[0] + "subscribe/")
    page.get_by_label("E-mail").fill("nobody")
    page.evaluate("document.querySelector('main form').noValidate = true")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found += violations(page, "refused")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_role("button", name="Subscribe").click()
    page.wait_for_url("**/subscribe/sent/")
    page.goto(next(url for url in pages if "/unsubscribe/" in url))
    page.locator("main button").first.click()
    expect(page.locator("main h1")).to_contain_text("unsubscribed")
    found += violations(page, "left")
    for words in (errors.OUR_FAULT, errors.AWAY):
        page.set_content(errors.sorry(*words))
        found += violations(page, words[0])
    page.close()
    assert found == []


def test_nothing_moves_while_a_page_is_read(browser: Browser, pages: list[str]):
    """Also at a text size that was chosen on an earlier page: it is there before anything is painted."""
    context = browser.new_context(viewport=PHONE)
    context.add_init_script(SHIFTS)
    page, found = context.new_page(), []
    page.goto(pages[0])
    page.evaluate("localStorage.size = 3")
    for url in pages:
        page.goto(url)
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.wait_for_function("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        found += [(url, shift) for shift in page.evaluate("shifts")]
        assert root_size(page) == "22px" or "/inbox/" in url
    context.close()
    assert found == []


def test_nothing_moves_while_a_page_arrives(browser: Browser, pages: list[str]):
    """Not even on a slow line, where the browser paints a masthead of which half is there."""
    site = pages[0].removesuffix("/")
    found = []
    with trickling(site) as slow:
        for screen in (PHONE, WIDE):
            page = browser.new_page(viewport=screen)
            page.add_init_script(SHIFTS)
            for path in ("/", "/search/?q=a", "/subscribe/?choose"):
                page.goto(slow + path)
                found += [(path, screen["width"], shift) for shift in page.evaluate("shifts")]
            page.close()
    assert found == []


def test_what_lies_below_is_laid_out_when_it_comes_near(browser: Browser, pages: list[str], post: str):
    for url in (pages[0], post):
        page = browser.new_page(viewport=PHONE)
        page.goto(url)
        assert not page.evaluate(SEEN, ".foot a")
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.wait_for_function(SEEN, arg=".foot a")
        page.close()


def test_the_link_to_the_form_leads_to_it_over_what_is_not_laid_out_yet(browser: Browser, pages: list[str], post: str):
    for url in (pages[0], post):
        page = browser.new_page(viewport=PHONE)
        page.goto(url)
        page.get_by_role("link", name="Stay informed").click()
        page.wait_for_function(SEEN, arg="#stay-informed input")
        page.wait_for_function(SETTLED)
        top = page.evaluate("document.getElementById('stay-informed').getBoundingClientRect().top")
        assert 0 <= top < PHONE["height"] / 4, url
        page.close()


def test_a_post_is_one_request_and_its_pictures(browser: Browser, post: str):
    page, asked = browser.new_page(), []
    page.on("request", lambda request: asked.append((request.resource_type, request.url)))
    page.goto(post, wait_until="networkidle")
    site = post.removesuffix(POST)
    kinds = [kind for kind, url in asked if not url.startswith("data:")]
    assert kinds.count("document") == 1
    assert set(kinds) <= {"document", "image", "manifest", "other"}
    assert [url for _, url in asked if not url.startswith((site, "data:"))] == []
    page.close()


def test_no_page_breaks_its_own_policy(browser: Browser, pages: list[str]):
    page, said = browser.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for url in pages:
        page.goto(url)
    page.close()
    assert [line for line in said if "404" not in line and "410" not in line] == []


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


def test_the_newest_post_has_its_picture_beside_its_words_where_there_is_room(browser: Browser, pages: list[str]):
    for screen, beside in ((WIDE, True), (PHONE, False)):
        page = browser.new_page(viewport=screen)
        page.goto(pages[0], wait_until="domcontentloaded")
        picture, words = (page.locator(f".card.lead {part}").first.bounding_box() for part in ("img", ".words"))
        page.close()
        assert picture is not None
        assert words is not None
        assert (picture["x"] + picture["width"] <= words["x"]) is beside
        assert (picture["y"] + picture["height"] <= words["y"]) is not beside


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
    led = page.locator(".text a[href^=https]").first.evaluate("link => getComputedStyle(link, '::after').content")
    assert "attr(href)" in led or "https://example.org/report" in led
    assert (
        page.locator(".text a[href^='#']").first.evaluate("link => getComputedStyle(link, '::after').content") == "none"
    )
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
