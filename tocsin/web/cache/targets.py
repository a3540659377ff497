"""What a request asks for, written in the one way under which the cache knows it. Pure.

A page shows nothing of a query but the number of a list's page. Whatever else stands in one is dropped, also from what
the page is rendered with, so that no odd query is ever another page.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote

UNCACHED: Final = (
    "/admin/",
    "/static/",
    "/documents/",
    "/inbox/",
    "/confirm/",
    "/reader/",
    "/unsubscribe/",
    "/erase/",
    "/subscribe/sent/",
)
"""What is not for everybody, reads more of the query, or is too large. Asked of Django each time."""

PICTURES: Final = "/media/"
LONGEST_PATH: Final = 1_024
LONGEST_QUERY: Final = 4_096
LAST_PAGE: Final = 99_999
AS_BROWSERS_WRITE_IT: Final = "/~!$&'()*+,;=:@"
NO_SUCH_PAGE: Final = "page=0"


@dataclass(frozen=True)
class Target:
    """A page. `raw` is its path and query as they stand in a request line."""

    path: str
    query: str

    @property
    def raw_path(self) -> bytes:
        """The path, percent-encoded."""
        return quote(self.path, safe=AS_BROWSERS_WRITE_IT).encode("ascii")

    @property
    def raw(self) -> bytes:
        """The canonical request target (RFC 9112, 3.2.1)."""
        return self.raw_path + (b"?" + self.query.encode("ascii") if self.query else b"")


def target(path: str, query: bytes) -> Target | None:
    """The page at `path`, decoded, and `query`; None for what is never cached."""
    if path.startswith(UNCACHED) or not path.startswith("/") or len(path) > LONGEST_PATH:
        return None
    return Target(path, "" if path.startswith(PICTURES) else _numbered(query))


def _numbered(query: bytes) -> str:
    """`page=N` as far as the query has one that leads anywhere: the first page needs no number."""
    if not query or b"page" not in query or len(query) > LONGEST_QUERY:
        return ""
    found = [value for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True) if name == "page"]
    if not found:
        return ""
    try:
        number = int(found[-1])
    except ValueError:
        return NO_SUCH_PAGE
    if number == 1:
        return ""
    return f"page={number}" if 1 < number <= LAST_PAGE else NO_SUCH_PAGE
