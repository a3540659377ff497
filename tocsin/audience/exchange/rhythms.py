"""How CSV columns say when somebody is told: hour and day of digests, quiet hours, alerts. Pure; reading is the inverse of writing.

Hours are 0 to 23 in the reader's own time zone, days their English names, choices `yes` or `no`; empty says nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple, TypeVar

from django.utils.translation import gettext as _

from tocsin.audience import pace
from tocsin.audience.exchange.columns import Column
from tocsin.audience.models import Weekday
from tocsin.lib.errors import Refused

COLUMNS: Final = (
    Column.DIGEST_HOUR,
    Column.DIGEST_WEEKDAY,
    Column.QUIET_FROM,
    Column.QUIET_UNTIL,
    Column.ALERTS,
    Column.UNCOUNTED,
)
DAYS: Final = {day.name.lower(): day.value for day in Weekday}
CHOICES: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
SHOWN: Final = 40
LONGEST_HOUR: Final = 2
Known = TypeVar("Known", int, bool)


class BadRhythm(ValueError):  # noqa: N818
    """Nobody can be told so. The message says what is wrong and what would be right."""


class Rhythm(NamedTuple):
    """What the columns say, in the order of COLUMNS. None: nothing."""

    digest_hour: int | None = None
    digest_weekday: int | None = None
    quiet_from: int | None = None
    quiet_until: int | None = None
    alerts: bool | None = None
    uncounted: bool | None = None


def parse(fields: Sequence[str]) -> Rhythm:
    """What fields in the order of COLUMNS say. Raises BadRhythm."""
    hour, day, begins, ends, alerts, uncounted = zip(COLUMNS, fields, strict=True)
    found = Rhythm(_hour(*hour), _day(*day), _hour(*begins), _hour(*ends), _choice(*alerts), _choice(*uncounted))
    try:
        pace.require(found.digest_hour, found.digest_weekday, found.quiet_from, found.quiet_until, time_zone="")
    except Refused as refused:
        raise BadRhythm(f"{refused.message} {refused.mend}") from refused
    return found


def write(rhythm: Rhythm) -> tuple[str, ...]:
    """The fields, in the order of COLUMNS."""
    hours = ["" if hour is None else str(hour) for hour in (rhythm.digest_hour, rhythm.quiet_from, rhythm.quiet_until)]
    day = "" if rhythm.digest_weekday is None else Weekday(rhythm.digest_weekday).name.lower()
    choices = ["" if choice is None else "yes" if choice else "no" for choice in (rhythm.alerts, rhythm.uncounted)]
    return (hours[0], day, *hours[1:], *choices)


def parse_moment(text: str) -> datetime | None:
    """The end of a break: ISO 8601, in UTC unless it says otherwise. Raises BadRhythm."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadRhythm(
            _("“{text}” is no moment for {column}; write it like 2026-12-24 or 2026-12-24 08:00, in UTC.").format(
                text=text[:SHOWN], column=Column.PAUSED_UNTIL
            )
        ) from error


def write_moment(moment: datetime | None) -> str:
    """The inverse, to the minute."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}" if moment else ""


def _hour(column: Column, text: str) -> int | None:
    if not text:
        return None
    if len(text) <= LONGEST_HOUR and text.isdecimal() and int(text) in pace.HOURS:
        return int(text)
    raise BadRhythm(
        _("“{text}” is no hour of the day for {column}; write 0 to 23.").format(text=text[:SHOWN], column=column)
    )


def _day(column: Column, text: str) -> int | None:
    return _one_of(DAYS, column, text, ", ".join(DAYS))


def _choice(column: Column, text: str) -> bool | None:
    return _one_of(CHOICES, column, text, "yes, no")


def _one_of(known: Mapping[str, Known], column: Column, text: str, names: str) -> Known | None:
    if not text:
        return None
    try:
        return known[text.lower()]
    except KeyError:
        raise BadRhythm(
            _("“{text}” means nothing for {column}; known: {names}.").format(
                text=text[:SHOWN], column=column, names=names
            )
        ) from None
