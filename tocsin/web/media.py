"""Serves pictures: the renditions that pages show, to everyone, and nothing else of the uploads.

Originals stay in the state directory: they may carry where a photograph was taken, and nobody needs their weight.
The newsroom shows its own renditions, so it loses nothing but the link to the original file.
"""

import re
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.http import require_safe

TYPES = {
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "avif": "image/avif",
}
NAME = re.compile(r"[\w-][\w.-]*\.(?P<ending>webp|jpe?g|png|gif|avif)")
A_MONTH = 30 * 86_400


@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """One rendition. `name` is a bare file name: no folder can be reached through it."""
    matched = NAME.fullmatch(name)
    path = Path(settings.MEDIA_ROOT) / "images" / name
    try:
        if matched is None:
            raise Http404("not a picture")
        content, changed = path.read_bytes(), int(path.stat().st_mtime)
    except (OSError, ValueError) as error:
        raise Http404("no such picture") from error
    response = HttpResponse(
        content,
        content_type=TYPES[matched["ending"]],
        headers={
            "Cache-Control": f"public, max-age={A_MONTH}",
            "Last-Modified": http_date(changed),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "cross-origin",  # mail and feed readers show our pictures too
        },
    )
    return get_conditional_response(request, last_modified=changed, response=response) or response
