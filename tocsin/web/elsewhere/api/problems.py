"""What can go wrong at the API, said as RFC 9457 has it: application/problem+json with a `mend` that says what to do.

The table is the whole truth: the description of the API and the pages behind each `type` are made of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from django.http import JsonResponse

from tocsin.lib import config

ROOT: Final = "/api/v1/"
MEDIA_TYPE: Final = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its name in `type`, its status, what it is called and how it is mended."""

    name: str
    status: int
    title: str
    mend: str

    @property
    def path(self) -> str:
        """Where it is explained."""
        return f"{ROOT}problems/{self.name}/"


class Trouble(Enum):
    """Every problem there is."""

    UNREADABLE = Kind(
        "unreadable", 400, "The body is not JSON", "Send one JSON object in UTF-8, without duplicate names."
    )
    NO_KEY = Kind(
        "no-key",
        401,
        "A key is needed",
        "Send the header “Authorization: Bearer KEY”. Keys are made in the newsroom.",
    )
    BAD_KEY = Kind(
        "bad-key",
        401,
        "This key opens nothing",
        "It is unknown, revoked or expired. Make a new one in the newsroom.",
    )
    MISSING_SCOPE = Kind(
        "missing-scope", 403, "This key does not open that", "Make a key with the scope that “detail” names."
    )
    NOT_FOUND = Kind("not-found", 404, "There is nothing here", "Check the address against /api/v1/openapi.json.")
    NO_SUBSCRIBER = Kind(
        "no-such-subscriber", 404, "Nobody by this address", "They never asked, or everything about them was deleted."
    )
    METHOD = Kind(
        "method-not-allowed", 405, "Not with this method", "The header Allow names the methods that work here."
    )
    TOO_LARGE = Kind(
        "too-large",
        413,
        "The body is too large",
        "Send at most 16 KB. For many people there is the import.",
    )
    MEDIA = Kind("not-json", 415, "The body must be JSON", "Send the header “Content-Type: application/json”.")
    INVALID = Kind("invalid", 422, "Something in the request is not valid", "“errors” says where and what.")
    SLOW_DOWN = Kind("slow-down", 429, "Too many requests", "Wait as many seconds as the header Retry-After says.")
    OUR_FAULT = Kind("our-fault", 500, "Something went wrong on our side", "It has been noted here. Try again later.")
    AWAY = Kind(
        "away",
        503,
        "This cannot be answered right now",
        "Try again after as many seconds as the header Retry-After says.",
    )

    @property
    def kind(self) -> Kind:
        """Its facts."""
        kind: Kind = self.value
        return kind


@dataclass
class Problem(Exception):  # noqa: N818 - as RFC 9457 calls it
    """Raised where something is wrong with a request; answered as a problem."""

    trouble: Trouble
    detail: str = ""
    errors: Sequence[Mapping[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> JsonResponse:
        """The answer."""
        kind = self.trouble.kind
        content: dict[str, Any] = {
            "type": config.current().site_url + kind.path,
            "title": kind.title,
            "status": kind.status,
            "mend": kind.mend,
        }
        if self.detail:
            content["detail"] = self.detail
        if self.errors:
            content["errors"] = list(self.errors)
        return JsonResponse(content, status=kind.status, content_type=MEDIA_TYPE, headers=dict(self.headers))
