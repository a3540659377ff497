"""Pictures as pages need them: the right widths as AVIF and WebP, with their size on the page, so that nothing jumps.

A page names its pictures without making them: it waits for none, and asks the database for none. `media` makes one the
first time somebody asks for it, once; whoever looks at a small screen makes only small ones.
"""

from dataclasses import dataclass
from enum import Enum
from functools import cache
from hashlib import blake2b
from typing import Any, Final

from django.conf import settings
from PIL import features

TAG_OCTETS: Final = 6


class Ending(Enum):
    """The formats pictures are made in: Wagtail's filter for each. Quality is chosen to look alike."""

    AVIF = "format-avif|avifquality-58"
    WEBP = "format-webp|webpquality-76"
    JPG = "format-jpeg|jpegquality-80|bgcolor-fff"

    @property
    def file(self) -> str:
        """What such a file's name ends in."""
        return self.name.lower()

    @property
    def mime(self) -> str:
        """Its media type."""
        return f"image/{'jpeg' if self is Ending.JPG else self.file}"


class Shape(Enum):
    """How a picture stands on the page: its widths, the part of its height it keeps (0: all of it), and the `sizes` that
    choose among the widths.
    """

    COVER = ((480, 800, 1120, 1680), 0.0, "(min-width: 70rem) 65rem, 93vw")
    INSIDE = ((480, 800, 1280), 0.0, "(min-width: 70rem) 51rem, (min-width: 40rem) 36rem, 93vw")
    FEATURE = ((480, 780, 1290), 2 / 3, "(min-width: 52rem) 38rem, 93vw")
    THUMB = ((210, 420), 2 / 3, "(min-width: 52rem) 13rem, 8rem")
    FACE = ((72, 144), 1.0, "4.5rem")
    FEED = ((800,), 0.0, "100vw")
    SOCIAL = ((1200,), 0.525, "100vw")

    def __init__(self, widths: tuple[int, ...], ratio: float, sizes: str) -> None:
        self.widths = widths
        self.ratio = ratio
        self.sizes = sizes

    def spec(self, width: int, ending: Ending) -> str:
        """The filter by which Wagtail makes it."""
        scaled = f"fill-{width}x{round(width * self.ratio)}" if self.ratio else f"width-{width}"
        return f"{scaled}|{ending.value}"

    def size(self, image: Any, width: int) -> tuple[int, int]:
        """How large `image` is then: never larger than it came, cut to the shape."""
        if not self.ratio:
            wide = min(width, image.width)
            return wide, max(1, round(wide * image.height / max(1, image.width)))
        wide = min(width, image.width, int(image.height / self.ratio)) or 1
        return wide, max(1, round(wide * self.ratio))


@dataclass(frozen=True)
class Picture:
    """One `<picture>`: `avif` for browsers that take it (empty if we cannot make it), `srcset` for the others, `src` for
    the oldest and for feeds.
    """

    src: str
    srcset: str
    avif: str
    sizes: str
    width: int
    height: int
    alt: str
    credit: str = ""
    caption: str = ""


@cache
def endings() -> tuple[Ending, ...]:
    """What this machine's Pillow can make, the best first. JPEG it always can."""
    return tuple(ending for ending in Ending if ending is Ending.JPG or features.check(ending.file))


def picture(image: Any, shape: Shape, alt: str, *, credit: str = "", caption: str = "") -> Picture | None:
    """`image` in `shape`; None when there is no image or its file is gone: a page is readable without."""
    if image is None or not image.file.storage.exists(image.file.name):
        return None
    plain = endings()[-1] if shape is Shape.SOCIAL else next(each for each in endings() if each is not Ending.AVIF)
    width, height = shape.size(image, shape.widths[-1])
    return Picture(
        src=url(image, shape, shape.widths[-1], plain),
        srcset=_srcset(image, shape, plain),
        avif=_srcset(image, shape, Ending.AVIF) if Ending.AVIF in endings() else "",
        sizes=shape.sizes,
        width=width,
        height=height,
        alt=alt,
        credit=credit,
        caption=caption,
    )


def url(image: Any, shape: Shape, width: int, ending: Ending) -> str:
    """Where `media` serves it: for ever, because another picture, or another cut of it, has another address."""
    return f"{settings.MEDIA_URL}pictures/{image.pk}-{tag(image)}/{shape.name.lower()}-{width}.{ending.file}"


def tag(image: Any) -> str:
    """What only somebody who has the picture, or a page that shows it, knows; another one for another cut of it."""
    focus = (image.focal_point_x, image.focal_point_y, image.focal_point_width, image.focal_point_height)
    known = f"{image.file.name}|{image.file_hash or image.get_file_hash()}|{focus}"
    return blake2b(known.encode(), digest_size=TAG_OCTETS).hexdigest()


def _srcset(image: Any, shape: Shape, ending: Ending) -> str:
    by_width = {shape.size(image, width)[0]: width for width in reversed(shape.widths)}
    named = ((shown, url(image, shape, width, ending)) for shown, width in sorted(by_width.items()))
    return ", ".join(f"{address} {shown}w" for shown, address in named)
