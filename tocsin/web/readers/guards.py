"""What protects a reader's pages: who may post to them, which link opens them, what may be kept of them.

A request to subscribe must come from our own pages. The other pages are opened by a mailed token, which no foreign
site knows; there only a page that says it is foreign is turned away.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from tocsin.audience.models import Subscriber
from tocsin.audience.queries import language_of
from tocsin.lib import config
from tocsin.lib.clock import SECOND, now_us
from tocsin.lib.links import ExpiredLink, Links
from tocsin.lib.tokens import BadToken, Signer
from tocsin.web import languages
from tocsin.web.readers import notices

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
PersonView = Callable[[HttpRequest, UUID], HttpResponse]

OPAQUE = "null"
"""What a browser sends as Origin from a page whose policy is `no-referrer`, and from sandboxed frames."""


def links() -> Links:
    """Links within the site: paths, so that they work under whichever of its names it is visited."""
    return Links("", Signer(config.current().secret_keys))


def is_foreign(request: HttpRequest, *, opaque_too: bool = True) -> bool:
    """Whether the browser says that a form was sent from elsewhere than this site, under whichever of its names.

    `opaque_too`: also when it hides from where.
    """
    claimed = request.headers.get("Origin")
    if claimed is None:
        try:
            referrer = urlsplit(request.headers.get("Referer", ""))
        except ValueError:  # no address: certainly none of ours
            return True
        claimed = f"{referrer.scheme}://{referrer.netloc}" if referrer.netloc else None
    if claimed is None or (claimed == OPAQUE and not opaque_too):
        return False
    return claimed not in {config.current().site_url, f"{request.scheme}://{request.get_host()}"}


def private(view: View[P]) -> View[P]:
    """For pages of one person: never stored, never listed, and their address, which is a key, never passed on."""

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        return response

    return wrapped


def behind(
    purpose: str, *, posted_from_anywhere: bool = False, when_expired: PersonView | None = None
) -> Callable[[PersonView], Callable[[HttpRequest, str], HttpResponse]]:
    """A page behind a mailed link of `purpose`: GET shows, POST does. The view gets the person's public id.

    `when_expired`: the view for a link that is ours but too old, instead of a page that only says so.
    """

    def decorate(view: PersonView) -> Callable[[HttpRequest, str], HttpResponse]:
        @csrf_exempt
        @require_http_methods(["GET", "HEAD", "POST"])
        @private
        @wraps(view)
        def wrapped(request: HttpRequest, token: str) -> HttpResponse:
            try:
                person, asked = links().read(purpose, token, now_us() // SECOND), view
            except ExpiredLink as expired:
                if when_expired is None:
                    return notices.expired(request)
                person, asked = expired.person, when_expired
            except BadToken:
                return notices.broken(request)
            if request.method == "POST" and not posted_from_anywhere and is_foreign(request, opaque_too=False):
                return notices.foreign(request)
            try:
                with override(languages.understood(language_of(person))):
                    response = asked(request, person)
                    response.headers["Content-Language"] = languages.current()
                    return response
            except Subscriber.DoesNotExist:
                return notices.gone(request)

        return wrapped

    return decorate
