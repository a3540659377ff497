"""What the rendering of a page says about the page to the cache that asked for it."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest

REMARKS: Final = "tocsin.remarks"
"""Where a request's scope holds them, if it is a request of the page cache."""


@dataclass
class Remarks:
    """`post`: the id of the post it is the page of. `lifetime`: seconds after which it is out of date by itself."""

    post: int | None = None
    lifetime: float = float("inf")


def remarks(request: HttpRequest) -> Remarks:
    """Where to say it; nobody hears it if the page is not for the cache."""
    found: Remarks | None = getattr(request, "scope", {}).get(REMARKS)
    return found or Remarks()
