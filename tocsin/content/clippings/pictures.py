"""The picture of somebody else's page, made ours: decoded within bounds, scaled, and written anew as a small JPEG."""

import struct
from hashlib import blake2b
from io import BytesIO
from typing import Final

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from tocsin.lib.errors import Refused

FOLDER: Final = "images"
WIDTH, HEIGHT = 640, 480
SMALLEST: Final = 60
MAX_PIXELS: Final = 40_000_000
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
QUALITY: Final = 78


def redrawn(data: bytes) -> tuple[bytes, int, int]:
    """The picture as a JPEG of at most WIDTH x HEIGHT, its width and its height. Raises Refused for what is none."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS or min(picture.size) < SMALLEST:
                raise Refused(
                    _("The picture has {width} x {height} pixels.").format(width=picture.width, height=picture.height),
                    _("It is shown without."),
                )
            picture.draft("RGB", (2 * WIDTH, 2 * HEIGHT))
            picture.thumbnail((WIDTH, HEIGHT))
            drawn = _on_white(ImageOps.exif_transpose(picture))
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, Image.DecompressionBombError) as error:
        raise Refused(_("The picture cannot be read."), _("The page is shown without it.")) from error
    file = BytesIO()
    drawn.save(file, "JPEG", quality=QUALITY, optimize=True)
    return file.getvalue(), drawn.width, drawn.height


def keep(jpeg: bytes) -> str:
    """Store it among the pictures that are served; its name there, made of its content."""
    name = f"clipping-{blake2b(jpeg, digest_size=10).hexdigest()}.jpg"
    if not default_storage.exists(f"{FOLDER}/{name}"):
        default_storage.save(f"{FOLDER}/{name}", ContentFile(jpeg))
    return name


def url(name: str) -> str:
    """Where it is served."""
    return default_storage.url(f"{FOLDER}/{name}")


def _on_white(picture: Image.Image) -> Image.Image:
    colours = picture.convert("RGBA")
    white = Image.new("RGBA", colours.size, "white")
    return Image.alpha_composite(white, colours).convert("RGB")
