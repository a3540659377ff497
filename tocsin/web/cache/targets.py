"""What a request asks for, written in the one way under which the cache knows it. Pure.

A page shows nothing of a query but the number of a list's page (of a sitemap's, `p`). What else stands there is
dropped, also from what the page is rendered with, so that no odd query is ever another page.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote

from django.conf import settings

UNCACHED: Final = (
    "/admin/",
    "/api/",
    "/static/",
    "/documents/",
    "/inbox/",
    "/confirm/",
    "/reader/",
    "/unsubscribe/",
    "/erase/",
    "/go/",
    "/your-data/",
    "/search/",
    "/subscribe/",
)
"""What is not for everybody, reads more of the query, or is too large. Asked of Django each time."""

UNCACHED_IN_ANY_LANGUAGE: Final = tuple(
    f"/{code}{path}" for code in dict(settings.LANGUAGES) for path in ("/search/", "/subscribe/")
)
NEVER_CACHED: Final = UNCACHED + UNCACHED_IN_ANY_LANGUAGE
PICTURES: Final = "/media/"
NUMBERS: Final = ("page", "p")
LONGEST_PATH: Final = 1_024
LONGEST_QUERY: Final = 4_096
LAST_PAGE: Final = 99_999
NO_SUCH_PAGE: Final = 0
AS_BROWSERS_WRITE_IT: Final = "/~!$&'()*+,;=:@"


@dataclass(frozen=True)
class Target:
    """A page: its path, percent-decoded, and what matters of its query."""

    path: str
    query: str

    @property
    def raw_path(self) -> bytes:
        """The path, percent-encoded."""
        return quote(self.path, safe=AS_BROWSERS_WRITE_IT).encode("ascii")

    @property
    def raw(self) -> bytes:
        """Path and query as they stand in a request line (RFC 9112, 3.2.1)."""
        return self.raw_path + (b"?" + self.query.encode("ascii") if self.query else b"")


def target(path: str, query: bytes) -> Target | None:
    """The page at `path` and `query`; None for what is never cached."""
    if path.startswith(NEVER_CACHED) or not path.startswith("/") or len(path) > LONGEST_PATH:
        return None
    return Target(path, "" if path.startswith(PICTURES) else _numbered(query))


def _numbered(query: bytes) -> str:
    """`page=N` as far as the query has one that leads anywhere: the first page needs no number."""
    if b"p" not in query or len(query) > LONGEST_QUERY:
        return ""
    given = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))  # the last one counts, as in Django
    numbers = {name: _number(given[name]) for name in NUMBERS if name in given}
    return "&".join(f"{name}={number}" for name, number in numbers.items() if number != 1)


def _number(written: str) -> int:
    try:
        number = int(written)
    except ValueError:
        return NO_SUCH_PAGE
    return number if 1 <= number <= LAST_PAGE else NO_SUCH_PAGE
