"""A reader's own pages in a real browser: open to everybody, on any screen, without a script."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.audience import people
from tests.conftest import own_database
from tests.posts import published
from tests.serving import serving
from tests.web.readers.reading import link
from tocsin.audience.models import Publication, Subscriber
from tocsin.content.models import Author, Topic
from tocsin.courier.models import Delivery

pytestmark = [pytest.mark.journey]


@pytest.fixture(scope="module")
def doors(django_db_blocker: object) -> Iterator[dict[str, str]]:
    """A served site with a reader who was sent something; the whole addresses of their pages."""
    settings = pytest.MonkeyPatch()
    settings.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps an event loop in this thread; we never await
    with own_database(django_db_blocker, settings):
        Publication.objects.update(count_clicks=True)
        water = Topic.objects.create(name="Water", slug="water")
        ada = Author.objects.create(name="Ada", slug="ada")
        mira = people.subscribe("mira@example.org", "Mira")
        for title in ("Pipes", "Drains"):
            published(title, topics=[water], authors=[ada])
        Delivery.objects.filter(dispatch__title="Pipes").update(state="unsure", reply="connection lost")
        paths = {purpose: link(purpose, mira) for purpose in ("manage", "data", "erase", "unsubscribe")}
        paths["subscribe"] = "/subscribe/?choose"
        with serving() as url:
            yield {name: url + path for name, path in paths.items()}


def test_nobody_is_shut_out_and_everything_fits(browser: Browser, doors: dict[str, str]):
    axe, found = Axe(), []
    for scheme in ("light", "dark"):
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
        for name, url in doors.items():
            page.goto(url)
            answer = axe.run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
            found += [(name, scheme, each["id"], each["nodes"][0]["html"]) for each in answer.response["violations"]]
        page.close()
    phone = browser.new_page(viewport={"width": 320, "height": 640})
    for name, url in doors.items():
        phone.goto(url)
        wide = phone.evaluate("document.documentElement.scrollWidth - innerWidth")
        found += [(name, "phone", wide, "")] if wide > 0 else []
    phone.close()
    assert found == []


def test_without_a_script_a_reader_chooses_slows_down_and_takes_it_back(browser: Browser, doors: dict[str, str]):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(doors["manage"])
    choose(page, "Water", "Once a week")
    page.get_by_label("Digests come at").select_option("18:00")
    page.get_by_label("Your time zone").select_option("Buenos Aires (Argentina)")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    expect(page.get_by_label("Digests come at")).to_have_value("18")
    page.get_by_role("button", name="Fewer mails").click()
    expect(page.get_by_role("status")).to_contain_text("once a day")
    expect(chosen(page, "Everything that is published", "Once a day")).to_be_checked()
    page.get_by_role("button", name="Undo").click()
    expect(chosen(page, "Everything that is published", "As it happens")).to_be_checked()
    expect(chosen(page, "Water", "Once a week")).to_be_checked()
    context.close()
    mira = Subscriber.objects.get()
    assert (mira.digest_hour, mira.time_zone, mira.alerts) == (18, "America/Argentina/Buenos_Aires", True)


def test_a_keyboard_chooses_a_pace(browser: Browser, doors: dict[str, str]):
    page = browser.new_page()
    page.goto(doors["manage"])
    chosen(page, "Water", "Once a week").focus()
    page.keyboard.press("ArrowRight")
    expect(chosen(page, "Water", "Alerts only")).to_be_checked()
    page.close()


def chosen(page: Page, followed: str, pace: str):
    return page.get_by_role("group", name=followed, exact=True).get_by_role("radio", name=pace)


def choose(page: Page, followed: str, pace: str) -> None:
    chosen(page, followed, pace).check()
