"""Counts how often posts are read, in memory: a number per post, nothing about readers, no cookie. Pure.

A page of the cache holds the number it adds to, so counting costs one addition. Numbers only grow: what is written down
of them is a second number, so that counting and writing need no lock between them.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

MACHINES: Final = re.compile(
    rb"bot\b|bot[/;) ]|crawl|spider|slurp|fetch|scan|monitor|preview|archiv|index|feed|rss|headless|lighthouse|validator"
    rb"|curl|wget|python|java/|okhttp|go-http|libwww|httpclient|axios|node|ruby|perl|php|wrk|facebookexternalhit|whatsapp",
    re.IGNORECASE,
)
AHEAD_OF_READING: Final = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
"""Headers by which browsers say that nobody looks at the page yet."""


class Views:
    """The views of one post since this process began: `seen`, and how many of them are `written` down."""

    __slots__ = ("seen", "written")

    def __init__(self) -> None:
        self.seen = 0
        self.written = 0


NOBODYS: Final = Views()
"""What is added to by requests that are no reader's, and for pages that are no post's: never written down."""


class Tally:
    """The views of all posts. `seen` grows in the thread that answers, `written` in the one that writes down."""

    def __init__(self) -> None:
        self._views: dict[int, Views] = {}

    def of(self, post: int | None) -> Views:
        """What a page adds to: that of its post, or nobody's."""
        if post is None:
            return NOBODYS
        return self._views.setdefault(post, Views())

    def write(self, add: Callable[[Mapping[int, int]], None]) -> None:
        """Give `add` what is not written down yet, if anything; what it raises leaves the count as it was."""
        new = {post: views.seen - views.written for post, views in list(self._views.items())}
        new = {post: count for post, count in new.items() if count}
        if new:
            add(new)
            for post, count in new.items():
                self._views[post].written += count


def is_a_reader(fields: Mapping[bytes, bytes]) -> bool:
    """Whether a request with these headers (names in lower case) is likely a person's, who sees the page now."""
    agent = fields.get(b"user-agent", b"")
    ahead = b" ".join(fields.get(name, b"") for name in AHEAD_OF_READING).lower()
    return bool(agent) and not MACHINES.search(agent) and b"prefetch" not in ahead and b"preview" not in ahead
