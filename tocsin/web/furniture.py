"""What stands around every page alike: the publication, menus, alerts. Read once for all pages that are rendered for the
page cache under one generation; for anybody else, each time.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.http import HttpRequest

T = TypeVar("T")

FURNITURE: Final = "tocsin.furniture"
"""Where a request's scope holds it, if it is a request of the page cache."""


def furniture(request: HttpRequest, name: str, read: Callable[[], T]) -> T:
    """A piece of furniture; `read` says how to get it."""
    kept: dict[str, Any] | None = getattr(request, "scope", {}).get(FURNITURE)
    if kept is None:
        return read()
    if name not in kept:
        kept[name] = read()
    piece: T = kept[name]
    return piece
