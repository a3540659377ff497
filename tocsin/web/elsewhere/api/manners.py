"""How every answer below /api/ behaves: kept by nobody, a problem when it is none of ours, within limits of size and kind."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

from tocsin.web.elsewhere.api.doors import POLICY
from tocsin.web.elsewhere.api.problems import MEDIA_TYPE, Problem, Trouble

FOLDER: Final = "/api/"
LARGEST: Final = 16 * 1024
BY_STATUS: Final = {404: Trouble.NOT_FOUND, 405: Trouble.METHOD, 413: Trouble.TOO_LARGE}


class Manners:
    """Middleware; looks at nothing but the API."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(FOLDER):
            return self.get_response(request)
        refused = _refused(request)
        response = refused.response() if refused else self.get_response(request)
        if response.status_code in BY_STATUS and response.headers.get("Content-Type") != MEDIA_TYPE:
            allow = {"Allow": response.headers["Allow"]} if "Allow" in response.headers else {}
            response = Problem(BY_STATUS[response.status_code], headers=allow).response()
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        left = getattr(request, "rate_limit", None)
        if left:
            response.headers["RateLimit-Policy"] = POLICY
            response.headers["RateLimit"] = left
        return response


def _refused(request: HttpRequest) -> Problem | None:
    """What is wrong with a body before it is read."""
    if request.method not in {"POST", "PUT", "PATCH"}:
        return None
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        return Problem(Trouble.TOO_LARGE)
    return None if request.content_type == "application/json" else Problem(Trouble.MEDIA)
