"""A machine's traps, met by people in a real browser: the sum solves itself, and without JavaScript a button does."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.conftest import own_database
from tests.serving import serving
from tocsin.audience.models import Address
from tocsin.courier.models import Batch
from tocsin.lib.clock import now_us

pytestmark = [pytest.mark.journey]


@pytest.fixture(scope="module")
def site(django_db_blocker: object) -> Iterator[str]:
    """A served site; its URL."""
    settings = pytest.MonkeyPatch()
    settings.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps an event loop in this thread; we never await
    with own_database(django_db_blocker, settings), serving() as url:
        yield url


def altered(route: Route) -> None:
    """The form as some program sends it, which says in words not ours when it was shown. Being quicker than a person would
    depend on the machine."""
    sent = route.request.post_data
    route.continue_(post_data=re.sub(r"\bsince=[^&]+", "since=now", sent) if sent else None)


def fill_in(page: Page, site: str, email: str) -> None:
    page.route(f"{site}/subscribe/", altered)
    page.goto(f"{site}/subscribe/")
    page.get_by_label("E-mail").fill(email)
    page.locator("#stay-informed").get_by_role("button", name="Subscribe").click()


def flaws(page: Page) -> list[str]:
    return [each["id"] for each in Axe().run(page).response["violations"]]


def test_a_browser_does_the_sum_by_itself(browser: Browser, site: str):
    page, said = browser.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    fill_in(page, site, "mira@example.org")
    expect(page.get_by_role("heading", name="Look into your inbox", exact=True)).to_be_visible(timeout=60_000)
    page.close()
    assert said == []
    assert Address.objects.filter(value="mira@example.org").exists()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_javascript_a_button_does(browser: Browser, site: str, scheme):
    email = f"{scheme}@example.org"
    page = browser.new_page(java_script_enabled=False, color_scheme=scheme, viewport={"width": 320, "height": 640})
    fill_in(page, site, email)
    expect(page.get_by_role("heading", name="One moment")).to_be_visible()
    expect(page.get_by_text("about 15 minutes")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_hidden()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Look into your inbox later")).to_be_visible()
    page.close()
    assert Batch.objects.order_by("id").last().due_us > now_us()
    assert Address.objects.filter(value=email).exists()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_in_between_shut_nobody_out_and_fit_a_phone(browser: Browser, site: str, scheme):
    page = browser.new_page(color_scheme=scheme, viewport={"width": 320, "height": 640})
    fill_in(page, site, f"a.long.address.of.{scheme}.somebody@gmial.com")
    expect(page.get_by_role("button", name="Keep")).to_be_visible()
    assert flaws(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.close()


def test_the_page_of_a_sum_that_is_being_done(browser: Browser, site: str):
    page = browser.new_page(viewport={"width": 320, "height": 640})
    page.add_init_script("crypto.subtle.importKey = () => new Promise(() => {})")  # it never ends
    fill_in(page, site, "slow@example.org")
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_role("button", name="Go on")).to_be_hidden()
    assert flaws(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.close()


def test_a_browser_that_fails_at_the_sum_is_given_the_button(browser: Browser, site: str):
    page = browser.new_page()
    page.add_init_script("crypto.subtle.importKey = () => Promise.reject(new Error('no'))")
    fill_in(page, site, "failing@example.org")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Look into your inbox later")).to_be_visible()
    page.close()
