"""Pictures drawn for what cannot show our page: the card of a post without a picture, and the icons of the site.

Drawn with Pillow in the publication's accent. The type is Noto Serif Bold, cut down to Latin, Greek and Cyrillic
(`assets/noto-serif-bold.ttf`, SIL Open Font License 1.1); a title in other letters gets no card.
"""

import hashlib
import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tocsin.lib import colours
from tocsin.lib.colours import Colour
from tocsin.web.look import ASSETS, LIGHT_PAPER

SIZE = (1200, 630)
"""What Open Graph's readers ask for, 1.91 to 1."""
MARGIN = 80
INK, SOFT = Colour(28, 26, 23), Colour(93, 87, 78)
LARGEST, SMALLEST = 84, 44
NAME_SIZE = 34
MOST_LINES = 5
RINGS = range(40, 760, 44)
ICON_SIZES = (192, 512)
VERSION = "1"
"""To be changed with the drawing: a card's address depends on it."""

Point = tuple[float, float]


def digest(title: str, name: str, accent: str, label: str) -> str:
    """Names a card by all that is drawn on it: another title, another address."""
    return hashlib.sha256(f"{VERSION}\x00{title}\x00{name}\x00{accent}\x00{label}".encode()).hexdigest()[:20]


def can_draw(text: str) -> bool:
    """Whether the type has a glyph for every character of `text`."""
    return all(_has_glyph(character) for character in text if not character.isspace())


def card(title: str, name: str, accent: str, label: str) -> bytes:
    """A PNG of 1200 x 630 with a post's title, the publication's name and, of an alert, its label."""
    colour = colours.readable_on(colours.parse(accent), LIGHT_PAPER)
    picture = Image.new("RGB", SIZE, str(LIGHT_PAPER))
    draw = ImageDraw.Draw(picture)
    _rings(picture, colour)
    draw.rectangle((0, 0, SIZE[0], 14), fill=str(colour))
    top = float(MARGIN)
    if label:
        draw.text((MARGIN, top), label, font=_type(NAME_SIZE), fill=str(colour))
        top += NAME_SIZE * 1.6
    lines, size = _fitted(title, SIZE[0] - 2 * MARGIN, SIZE[1] - top - MARGIN - NAME_SIZE * 1.8)
    for line in lines:
        draw.text((MARGIN, top), line, font=_type(size), fill=str(INK))
        top += size * 1.16
    draw.text((MARGIN, SIZE[1] - MARGIN), name, font=_type(NAME_SIZE), fill=str(SOFT), anchor="ls")
    return _png(picture)


def icon(size: int, accent: str) -> bytes:
    """A square PNG: the bell on the accent, with the margin that a round mask needs."""
    ground = colours.readable_on(colours.parse(accent), LIGHT_PAPER)
    picture = Image.new("RGB", (size, size), str(ground))
    bell = _bell().resize((size * 6 // 10, size * 6 // 10), Image.Resampling.LANCZOS)
    corner = (size - bell.width) // 2
    picture.paste(str(LIGHT_PAPER), (corner, corner), bell)
    return _png(picture)


def _rings(picture: Image.Image, colour: Colour) -> None:
    """The sound of the bell, out of the lower right corner, drawn large and scaled down so that it is smooth."""
    large = Image.new("L", (SIZE[0] * 2, SIZE[1] * 2), 0)
    draw = ImageDraw.Draw(large)
    for radius in RINGS:
        strength = round(150 * (1 - radius / RINGS.stop))
        edge = radius * 2
        centre = (large.width, large.height)
        box = (centre[0] - edge, centre[1] - edge, centre[0] + edge, centre[1] + edge)
        draw.arc(box, 180, 270, fill=strength, width=5)
    picture.paste(str(colour), (0, 0), large.resize(SIZE, Image.Resampling.LANCZOS))


def _fitted(text: str, width: float, height: float) -> tuple[Sequence[str], int]:
    """The lines of `text` in the largest size that fits; cut with an ellipsis if even the smallest does not."""
    for size in range(LARGEST, SMALLEST - 1, -4):
        lines = _wrapped(text, size, width)
        fits = all(_width(line, size) <= width for line in lines)
        if fits and len(lines) <= MOST_LINES and len(lines) * size * 1.16 <= height:
            return lines, size
    most = min(MOST_LINES, int(height / (SMALLEST * 1.16)))
    lines = _wrapped(text, SMALLEST, width)[:most]
    return [_cut(line, SMALLEST, width, last=place == len(lines)) for place, line in enumerate(lines, 1)], SMALLEST


def _wrapped(text: str, size: int, width: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if _width(longer, size) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _cut(line: str, size: int, width: float, *, last: bool) -> str:
    if not last and _width(line, size) <= width:
        return line
    while line and _width(f"{line}…", size) > width:
        line = line[:-1]
    return f"{line.rstrip()}…"


def _width(text: str, size: int) -> float:
    return _type(size).getlength(text)


@cache
def _type(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(ASSETS / "noto-serif-bold.ttf", size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _has_glyph(character: str) -> bool:
    """A missing glyph is drawn as the same box as U+FFFF's."""
    shown, missing = (_type(SMALLEST).getmask(each) for each in (character, "\uffff"))
    return bool(shown.size != missing.size or bytes(shown) != bytes(missing))


@cache
def _bell() -> Image.Image:
    return Image.open(Path(ASSETS) / "bell.png").convert("L")


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.quantize(128, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()
