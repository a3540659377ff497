"""Names of people, as they may stand in a page, a spreadsheet and the To line of a mail. Pure."""

import re
import unicodedata

from django.utils.translation import gettext as _

MAX_CHARACTERS = 120
# Several scripts cannot be written without these two: they join letters or keep them apart.
JOINERS = frozenset("\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}")
UNREADABLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
# Whoever fills in a form with somebody else's address must not make us mail them an advertisement.
LINK = re.compile(r"https?:|www\.|//|@", re.IGNORECASE)


class BadName(ValueError):  # noqa: N818
    """Not a name we can write. The message says why and how to mend it, in words for a reader."""


def clean_name(text: str) -> str:
    """`text` as a name: composed (NFC), single spaces, maybe empty. Raises BadName."""
    text = text.strip(" \t")
    if not text.isprintable() and any(_is_unreadable(character) for character in text):
        raise BadName(_("The name contains line breaks or control characters. Write it on one line, in plain letters."))
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if len(name) > MAX_CHARACTERS:
        raise BadName(_("The name is longer than {most} characters. Please shorten it.").format(most=MAX_CHARACTERS))
    if not name.replace(" ", "").isalnum() and LINK.search(name):  # nearly all names are letters and spaces
        raise BadName(_("The name contains a link or an e-mail address. Please write only a name."))
    return name


def _is_unreadable(character: str) -> bool:
    if character in JOINERS:
        return False
    return unicodedata.category(character) in UNREADABLE
