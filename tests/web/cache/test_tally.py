"""Views are counted as readers come, and written down once, whatever happens in between."""

import pytest

from tocsin.web.cache.tally import NOBODYS, Tally, is_a_reader

FIREFOX = b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = b"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36"


def test_what_is_written_is_not_written_again():
    tally, written = Tally(), []
    tally.of(7).seen += 3
    tally.of(8).seen += 1
    tally.write(written.append)
    tally.of(7).seen += 2
    tally.write(written.append)
    tally.write(written.append)
    assert written == [{7: 3, 8: 1}, {7: 2}]


def test_what_cannot_be_written_is_counted_on():
    tally, written = Tally(), []

    def fail(counts):
        raise OSError("away")

    tally.of(7).seen += 3
    with pytest.raises(OSError, match="away"):
        tally.write(fail)
    tally.of(7).seen += 1
    tally.write(written.append)
    assert written == [{7: 4}]


def test_what_is_read_while_it_is_written_is_kept_for_the_next_time():
    tally, written = Tally(), []

    def add(counts):
        written.append(counts)
        if len(written) == 1:
            tally.of(7).seen += 5

    tally.of(7).seen += 1
    tally.write(add)
    tally.write(add)
    assert written == [{7: 1}, {7: 5}]


def test_pages_that_are_no_posts_count_for_nobody():
    assert Tally().of(None) is NOBODYS


@pytest.mark.parametrize("agent", [FIREFOX, CHROME, b"Mozilla/5.0 (compatible; Konqueror)", b"Lynx/2.9.0"])
def test_browsers_are_readers(agent):
    assert is_a_reader({b"user-agent": agent})


@pytest.mark.parametrize(
    "agent",
    [
        b"",
        b"Googlebot/2.1 (+http://www.google.com/bot.html)",
        b"Mozilla/5.0 (compatible; bingbot/2.0; +x)",
        b"curl/8.5",
        b"Mozilla/5.0 AppleWebKit/537.36 (compatible; GPTBot/1.2; +x)",
        b"python-requests/2.34",
        b"facebookexternalhit/1.1",
        b"Mozilla/5.0 (X11) HeadlessChrome/138.0.0.0",
        b"Feedly/1.0",
        b"Slackbot-LinkExpanding 1.0",
        b"UptimeMonitor/1",
    ],
)
def test_machines_are_none(agent):
    assert not is_a_reader({b"user-agent": agent})


@pytest.mark.parametrize("name", [b"sec-purpose", b"purpose", b"x-moz"])
def test_what_is_fetched_ahead_is_not_read_yet(name):
    assert not is_a_reader({b"user-agent": FIREFOX, name: b"prefetch;prerender"})
