"""A real browser and a real, running newsroom."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.running import Newsroom

CHROMIUM = os.environ.get("TEST_CHROMIUM", "/usr/bin/chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless. Closed with its module: while it is open an event loop runs in this thread, and
    Django would refuse to work for whatever test comes next."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """The demo, as `scripts/up` starts it: seeded, with the inbox, no relay."""
    state: Path = tmp_path_factory.mktemp("demo") / "state"
    newsroom = Newsroom(state, {"TOCSIN_DEMO": "1"})
    newsroom.start()
    yield newsroom
    newsroom.stop()
