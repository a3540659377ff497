"""What every mail to readers has in common: the look of its HTML, the foot of its text, and words fit for one line."""

from typing import Any

import css_inline
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from tocsin.content import phrases
from tocsin.courier.message import Mark
from tocsin.desk import plaintext
from tocsin.desk.body import clean
from tocsin.lib import colours, config

DAY_PAPER = colours.parse("#f4f0e8")  # the darkest light surface words stand on
NIGHT_PAPER = colours.parse("#24211d")  # the lightest dark one
SECTION = "-" * plaintext.WIDTH

_INLINER = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def typeset(template: str, chosen_accent: str, language: str, **words: Any) -> str:
    """A mail's HTML in the publication's colour, its style written into its elements. Personal links are marks."""
    accent = colours.parse(chosen_accent)
    context = {
        **words,
        "language": language,
        **phrases.sides(language),
        "site_url": config.current().site_url,
        "day": colours.readable_on(accent, DAY_PAPER),
        "night": colours.readable_on(accent, NIGHT_PAPER),
        "manage": Mark.MANAGE.value,
        "unsubscribe": Mark.UNSUBSCRIBE.value,
    }
    return _INLINER.inline(render_to_string(template, context))


def foot(reason: str, imprint: str) -> str:
    """What stands below a mail's text: why it came, what its reader can do about it, and who sent it."""
    parts = [
        SECTION,
        plaintext.wrap(reason),
        f"{_('Change what you get:')}\n{Mark.MANAGE.value}",
        f"{_('Unsubscribe:')}\n{Mark.UNSUBSCRIBE.value}",
        plaintext.wrap(imprint),
    ]
    return "\n\n".join(part for part in parts if part)


def imprint(name: str, address_line: str) -> str:
    """Who sends this and where they sit; many write their name into the address themselves."""
    return address_line if address_line.startswith(name) else ", ".join(part for part in (name, address_line) if part)


def line(text: str) -> str:
    """Text without control characters or line breaks."""
    return " ".join(clean(text).split())
