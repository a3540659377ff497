"""Contrast arithmetic: any accent an editor picks is made readable on the page's two papers. Pure.

Luminance and contrast are WCAG 2.2's. Nothing here knows of CSS.
"""

import colorsys
import re
from dataclasses import dataclass

AA = 4.5
"""What WCAG 2.2 asks of text (success criterion 1.4.3)."""

STEPS = 100
DEFAULT_ACCENT = "#9b2d1f"


@dataclass(frozen=True)
class Colour:
    """An sRGB colour, each part 0 to 255."""

    red: int
    green: int
    blue: int

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def luminance(self) -> float:
        """Relative luminance, 0 (black) to 1 (white)."""
        red, green, blue = (_linear(part / 255) for part in (self.red, self.green, self.blue))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def towards(self, lightness: float, share: float) -> "Colour":
        """This colour, its HLS lightness moved by `share` (0 to 1) of the way to another; its hue stays."""
        hue, own, saturation = colorsys.rgb_to_hls(self.red / 255, self.green / 255, self.blue / 255)
        parts = colorsys.hls_to_rgb(hue, own + (lightness - own) * share, saturation)
        return Colour(*(round(part * 255) for part in parts))


BLACK = Colour(0, 0, 0)
WHITE = Colour(255, 255, 255)


def parse(text: str) -> Colour:
    """Read #rrggbb; anything else is the default accent, so a slip never breaks a page's style."""
    written = text if re.fullmatch(r"#[0-9a-fA-F]{6}", text) else DEFAULT_ACCENT
    return Colour(*(int(written[start : start + 2], 16) for start in (1, 3, 5)))


def contrast(one: Colour, other: Colour) -> float:
    """WCAG contrast ratio, 1 to 21."""
    dark, light = sorted((one.luminance, other.luminance))
    return (light + 0.05) / (dark + 0.05)


def readable_on(colour: Colour, paper: Colour) -> Colour:
    """The nearest shade of `colour`, towards black or white, that can be read on `paper`."""
    pole = 0.0 if contrast(BLACK, paper) > contrast(WHITE, paper) else 1.0
    shades = (colour.towards(pole, step / STEPS) for step in range(STEPS + 1))
    return next(shade for shade in shades if contrast(shade, paper) >= AA)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
