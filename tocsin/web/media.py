"""Serves pictures: those that pages show, made when first asked for, to everyone, and nothing else of the uploads.

Originals stay in the state directory: they may carry where a photograph was taken, and nobody needs their weight.
The newsroom shows its own renditions, so it loses nothing but the link to the original file.
"""

import logging
import re
from hmac import compare_digest
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.http import require_safe
from PIL import Image as Pixels
from wagtail.images import get_image_model
from wagtail.images.models import SourceImageIOError

from tocsin.web import pictures
from tocsin.web.pictures import Ending, Shape

log = logging.getLogger(__name__)

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
A_YEAR = 365 * 86_400
DRAWN = re.compile(r"(?P<shape>[a-z]+)-(?P<width>[0-9]{2,4})\.(?P<ending>avif|webp|jpg)")


@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """One rendition by its file, as mail shows it. `name` is a bare file name: no folder can be reached through it."""
    if NAME.fullmatch(name) is None:
        raise Http404("not a picture")
    return _served(request, name, A_MONTH)


@require_safe
def drawn(request: HttpRequest, pk: int, tag: str, name: str) -> HttpResponseBase:
    """One picture as pages show it, in one of the shapes, widths and formats there are: made if it was not made before."""
    matched = DRAWN.fullmatch(name)
    spec = _spec(matched["shape"], int(matched["width"]), matched["ending"]) if matched else None
    image = get_image_model().objects.filter(pk=pk).first() if spec else None
    if image is None:
        raise Http404("no such picture")
    try:
        if not compare_digest(tag.encode(), pictures.tag(image).encode()):
            raise Http404("no such picture")
        rendition = image.get_rendition(spec)
    except (SourceImageIOError, OSError, Pixels.DecompressionBombError) as error:
        log.warning("Picture %s cannot be shown: %s", pk, error)
        raise Http404("no such picture") from error
    return _served(request, Path(rendition.file.name).name, A_YEAR)


def _spec(shape: str, width: int, ending: str) -> str | None:
    """Wagtail's filter; None for what no page asks for: only so many can be made of a picture."""
    found = Shape.__members__.get(shape.upper())
    if found is None or width not in found.widths or Ending[ending.upper()] not in pictures.endings():
        return None
    return found.spec(width, Ending[ending.upper()])


def _served(request: HttpRequest, name: str, seconds: int) -> HttpResponseBase:
    path = Path(settings.MEDIA_ROOT) / "images" / name
    try:
        content, changed = path.read_bytes(), int(path.stat().st_mtime)
    except (OSError, ValueError) as error:
        raise Http404("no such picture") from error
    response = HttpResponse(
        content,
        content_type=TYPES[path.suffix.removeprefix(".").lower()],
        headers={
            "Cache-Control": f"public, max-age={seconds}",
            "Last-Modified": http_date(changed),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "cross-origin",  # mail and feed readers show our pictures too
        },
    )
    return get_conditional_response(request, last_modified=changed, response=response) or response
