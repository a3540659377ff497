"""How pictures are taken in and made: what Wagtail and Willow do otherwise, or not well enough for us.

A picture tells of itself, not where, when and with whose camera it was taken: Willow would copy a photograph's EXIF, the
place included, into every JPEG and PNG made from it. Its size is that of the picture as it stands upright. AVIF is made
ten times faster than by default, for some more bytes. A broken file is refused by the form.
"""

from io import BytesIO
from typing import Any, Final

from django.core.exceptions import ValidationError
from PIL import Image, UnidentifiedImageError
from wagtail.images.fields import WagtailImageField
from wagtail.images.models import WagtailImageFieldFile
from willow.image import AvifImageFile
from willow.plugins.pillow import PillowImage

ORIENTATION: Final = 0x0112
ON_ITS_SIDE: Final = frozenset({5, 6, 7, 8})
"""The values of EXIF's orientation that swap width and height."""

AVIF_SPEED: Final = 8

_size_as_stored = WagtailImageFieldFile.get_image_dimensions
_check_size_of_good_ones = WagtailImageField.check_image_pixel_size


def teach_willow() -> None:
    """From now on no rendition carries EXIF, pictures are measured upright, and AVIF is made quickly."""
    PillowImage.get_exif_data = lambda _: None
    PillowImage.save_as_avif = _save_as_avif
    WagtailImageFieldFile.get_image_dimensions = _size_upright
    WagtailImageField.check_image_pixel_size = _check_size


def _save_as_avif(picture: Any, file: BytesIO, quality: int = 60, **_: Any) -> AvifImageFile:
    """`PillowImage.save_as_avif` without its slow default."""
    drawn = picture.image if picture.image.mode in {"RGB", "RGBA"} else picture.image.convert("RGBA")
    profile = picture.get_icc_profile() if picture.image.mode != "CMYK" else None
    drawn.save(file, "AVIF", quality=quality, speed=AVIF_SPEED, icc_profile=profile)
    return AvifImageFile(file)


def _check_size(field: Any, file: Any) -> None:
    """`WagtailImageField.check_image_pixel_size`, also of a file that only begins as a picture: a form refuses, not an error."""
    try:
        _check_size_of_good_ones(field, file)
    except (OSError, SyntaxError, ValueError) as error:
        raise ValidationError(field.error_messages["invalid_image"], code="invalid_image") from error


def _size_upright(file: Any) -> tuple[int, int]:
    width, height = _size_as_stored(file)
    was_closed = file.closed
    file.open()
    try:
        with Image.open(BytesIO(file.read())) as picture:
            turned = picture.getexif().get(ORIENTATION) in ON_ITS_SIDE
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        turned = False  # HEIC says its size upright already; what is no picture, others refuse
    finally:
        file.close() if was_closed else file.seek(0)
    return (height, width) if turned else (width, height)
