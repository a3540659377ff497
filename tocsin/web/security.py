"""Security headers of every response: one policy for the site, another for the newsroom.

A public page may load nothing but its own pictures, and run nothing but the style and script whose hashes are
named. A view that needs another policy sets the header itself; it is left alone.
"""

from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse

from tocsin.web.look import Look, look

# Django's own middleware adds nosniff, Referrer-Policy, Cross-Origin-Opener-Policy and, on https, HSTS.
ALWAYS: Mapping[str, str] = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}

NEWSROOM = "/admin/"
NEWSROOM_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; frame-src 'self'; connect-src 'self'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)


class SecurityHeaders:
    """Middleware that sets them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        if request.path.startswith(NEWSROOM):  # also over a previewed page, which comes with its own policy
            response.headers["Content-Security-Policy"] = NEWSROOM_POLICY
        else:
            response.headers.setdefault("Content-Security-Policy", public_policy(request))
        return response


def headers_outside_django(shown: Look) -> dict[str, str]:
    """All of them, for a page of that look which no middleware sees."""
    return {
        **ALWAYS,
        "Content-Security-Policy": _policy(shown, "'none'"),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


def public_policy(request: HttpRequest, frames: str = "'none'", *, scripts: str = "") -> str:
    """The policy of a public page: the look it was rendered with, frames from `frames`, and also `scripts`."""
    return _policy(getattr(request, "tocsin_look", None) or look(), frames, scripts)


def _policy(shown: Look, frames: str, scripts: str = "") -> str:
    script_source = f"{shown.script_source} {scripts}".strip()
    return (
        f"default-src 'none'; style-src {shown.style_source}; script-src {script_source}; img-src 'self' data:; "
        f"connect-src 'self'; manifest-src 'self'; frame-src {frames}; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    )
