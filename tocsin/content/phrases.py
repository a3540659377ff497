"""How dates, hours and lists of names are said in the language that is active, for the site and for mail alike.

The order of a date is a translation like any other: its letters are those of Django's `date` filter.
"""

from collections.abc import Sequence
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language_info, gettext_lazy, pgettext

ALERTS: dict[str, Promise] = {
    "": gettext_lazy("Alert"),
    "minor": gettext_lazy("Minor alert"),
    "moderate": gettext_lazy("Moderate alert"),
    "severe": gettext_lazy("Severe alert"),
    "extreme": gettext_lazy("Extreme alert"),
}
"""What an alert is called, by its severity: languages differ in how they join the two words."""


def day(moment: date) -> str:
    """28 November 2026."""
    if moment.day == 1:
        written = pgettext("format of the first day of a month, in the letters of Django's date filter", "j F Y")
        return date_format(moment, written)
    return date_format(moment, pgettext("format of a day, in the letters of Django's date filter", "j F Y"))


def hour(moment: datetime) -> str:
    """14:05 CET: the hour where `moment` is, and which clock that is."""
    return date_format(moment, pgettext("format of an hour, in the letters of Django's date filter", "H:i T"))


def day_and_hour(moment: datetime) -> str:
    """28 November 2026, 14:05 CET."""
    return pgettext("a day and an hour", "{day}, {hour}").format(day=day(moment), hour=hour(moment))


def listed(names: Sequence[str]) -> str:
    """A, B and C."""
    if len(names) < 2:
        return "".join(names)
    separator = pgettext("between the names of a list", ", ")
    return pgettext("the end of a list of names", "{names} and {last}").format(
        names=separator.join(names[:-1]), last=names[-1]
    )


def language_name(code: str) -> str:
    """What a language is called in the one that is active; its code where nobody knows a name."""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


def direction(language: str) -> str:
    """Which way a language is written: ltr or rtl."""
    try:
        return "rtl" if get_language_info(language)["bidi"] else "ltr"
    except KeyError:
        return "ltr"


def sides(language: str) -> dict[str, str]:
    """What templates of mails call a language's direction and its two sides: mail clients know no logical ones."""
    way = direction(language)
    start, end = ("right", "left") if way == "rtl" else ("left", "right")
    return {"direction": way, "start": start, "end": end}
