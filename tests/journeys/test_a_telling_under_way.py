"""The page of a telling renews itself in the browser, in its place, until all is settled."""

from pathlib import Path

import pytest
from playwright.sync_api import Route, expect, sync_playwright

from tests.desk.test_screens import login
from tests.journeys.conftest import CHROMIUM, QUIET
from tests.posts import published
from tests.readers import readers
from tocsin import desk
from tocsin.courier.models import Delivery, Dispatch

pytestmark = pytest.mark.journey

SCRIPT = Path(desk.__file__).with_name("static") / "desk" / "telling.js"
ADDRESS = "http://newsroom.test/telling/"


@pytest.fixture
def looks(client, db) -> list[str]:
    """The page as it is at first, and as it is when all is settled."""
    readers(2)
    published()
    login(client)
    url = f"/admin/tellings/{Dispatch.objects.get().pk}/"
    first = client.get(url).content.decode()
    Delivery.objects.update(state="accepted", due_us=None)
    return [first, client.get(url).content.decode()]


def test_a_telling_renews_itself_in_its_place_until_it_is_settled(looks):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page()
        asked = 0

        def answer(route: Route) -> None:
            nonlocal asked
            if route.request.url == ADDRESS:
                asked += 1
                route.fulfill(body=looks[min(asked, 2) - 1], content_type="text/html; charset=utf-8")
            elif route.request.url.endswith("telling.js"):
                route.fulfill(path=SCRIPT)
            else:
                route.abort()

        page.route("**/*", answer)
        page.goto(ADDRESS)
        page.evaluate("window.still = true")
        expect(page.locator(".getting-on")).to_contain_text("nothing moves right now")
        expect(page.locator(".getting-on")).to_contain_text("2 of 2 settled", timeout=20_000)
        assert page.evaluate("window.still")
        assert page.get_attribute("#telling", "data-moving") is None  # so it looks no more
        assert asked == 2
        browser.close()
