"""The look of every page: one style sheet and one small script, inlined, and the hashes that allow them.

The style sheet is `assets/site.css`, with `assets/rare.css` on pages that have blocks most pages have not; a
publication adds its accent, made readable on both papers. Content-Security-Policy names the result by hash, so nothing
else can style or script a page.
"""

import hashlib
import re
from base64 import b64encode
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import quote

from tocsin.lib import colours, config

ASSETS = Path(__file__).parent / "assets"

LIGHT_PAPER = colours.parse("#f4f0e8")  # the darkest light surface text stands on
DARK_PAPER = colours.parse("#24211d")  # the lightest dark surface

ICON_SAFE = " ='/:,.-"


@dataclass(frozen=True)
class Look:
    """What a page carries in its head, and the CSP sources that allow it."""

    style: str
    script: str
    icon: str

    @property
    def style_source(self) -> str:
        """The CSP source of the style sheet."""
        return _source(self.style)

    @property
    def script_source(self) -> str:
        """The CSP source of the script."""
        return _source(self.script)


@dataclass(frozen=True)
class Script:
    """A script that only one page carries."""

    text: str

    @property
    def source(self) -> str:
        """Its CSP source."""
        return _source(self.text)


@cache
def script(name: str) -> Script:
    """The script `assets/NAME.js`."""
    return Script(_squeeze((ASSETS / f"{name}.js").read_text(encoding="utf-8")))


@lru_cache(maxsize=8)
def look(accent: str = colours.DEFAULT_ACCENT, *more: str) -> Look:
    """The look with `accent` (#rrggbb) as its one accent colour; `more`: style sheets that few pages need."""
    chosen = colours.parse(accent)
    light, dark = colours.readable_on(chosen, LIGHT_PAPER), colours.readable_on(chosen, DARK_PAPER)
    sheets = (f"{name}.css" for name in ("site", *more))
    style = "".join(_squeeze((ASSETS / name).read_text(encoding="utf-8")) for name in sheets)
    own = f':root{{--day:{light};--night:{dark};--site:"{config.current().site_url}"}}'
    return Look(style=own + style, script=script("site").text, icon=_icon(light))


def _icon(accent: colours.Colour) -> str:
    """The bell as a data: URL, so that it costs no request."""
    drawing = (ASSETS / "bell.svg").read_text(encoding="utf-8").strip().replace("currentColor", str(accent))
    return f"data:image/svg+xml,{quote(drawing, safe=ICON_SAFE)}"


def _squeeze(text: str) -> str:
    """Comments and needless space out; safe for the plain CSS and JavaScript of our own assets."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r" ?([{};,]) ?", r"\1", text)
    return text.replace(": ", ":").replace(";}", "}").strip()


def _source(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
