"""Pictures as pages need them: the right widths as WebP, with their size on the page, so that nothing jumps.

Renditions are made the first time they are asked for and read from the database, for a whole page at once, ever after.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from wagtail.images import get_image_model
from wagtail.images.models import SourceImageIOError

WEBP = "|format-webp|webpquality-76"


class Shape(Enum):
    """How a picture stands on the page: Wagtail's filters, smallest first, and the `sizes` that choose among them."""

    COVER = (
        tuple(f"width-{width}{WEBP}" for width in (480, 800, 1120, 1680)),
        "(min-width: 70rem) 65rem, 93vw",
    )
    INSIDE = (
        tuple(f"width-{width}{WEBP}" for width in (480, 800, 1280)),
        "(min-width: 70rem) 51rem, (min-width: 40rem) 36rem, 93vw",
    )
    FEATURE = (
        tuple(f"fill-{width}x{width * 2 // 3}{WEBP}" for width in (480, 780, 1290)),
        "(min-width: 52rem) 38rem, 93vw",
    )
    THUMB = (tuple(f"fill-{width}x{width * 2 // 3}{WEBP}" for width in (210, 420)), "(min-width: 52rem) 13rem, 8rem")
    FACE = (tuple(f"fill-{width}x{width}{WEBP}" for width in (72, 144)), "4.5rem")
    FEED = ((f"width-800{WEBP}",), "100vw")
    SOCIAL = (("fill-1200x630|format-jpeg|jpegquality-80",), "100vw")

    def __init__(self, filters: tuple[str, ...], sizes: str) -> None:
        self.filters = filters
        self.sizes = sizes


@dataclass(frozen=True)
class Picture:
    """One `<img>`: `src` for old browsers and for feeds, `srcset` for the rest."""

    src: str
    srcset: str
    sizes: str
    width: int
    height: int
    alt: str
    credit: str = ""
    caption: str = ""


def prefetch(images: Iterable[Any], *shapes: Shape) -> None:
    """Read the existing renditions of all `images` at once, instead of one by one."""
    found = [image for image in images if image is not None]
    filters = [each for shape in shapes for each in shape.filters]
    renditions = get_image_model().get_rendition_model().objects.filter(filter_spec__in=filters)
    prefetch_related_objects(found, Prefetch("renditions", queryset=renditions, to_attr="prefetched_renditions"))


def picture(image: Any, shape: Shape, alt: str, *, credit: str = "", caption: str = "") -> Picture | None:
    """`image` in `shape`; None when there is no image or its file is gone: a page is readable without."""
    if image is None:
        return None
    try:
        renditions = list(image.get_renditions(*shape.filters).values())
    except (SourceImageIOError, FileNotFoundError):
        return None
    by_width = {rendition.width: rendition for rendition in renditions}
    shown = max(by_width.values(), key=lambda rendition: rendition.width)
    return Picture(
        src=shown.url,
        srcset=", ".join(f"{rendition.url} {width}w" for width, rendition in sorted(by_width.items())),
        sizes=shape.sizes,
        width=shown.width,
        height=shown.height,
        alt=alt,
        credit=credit,
        caption=caption,
    )
