"""When a reader is told: hours and days in their own time zone, as moments. Pure.

Times are integer microseconds UTC. A local hour that a change of clocks skips is read with the offset from before it, which
makes it the moment of the change; one that comes twice is the first. So each local day has every hour once.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext as _

from tocsin.lib import clock
from tocsin.lib.errors import Refused

HOURS = range(24)
DAYS = range(7)
KNOWN_ZONES = 1024


LOOK = 0
"""The due time of a reader whose next digest is to be worked out anew."""
EVER = 1
"""The least time up to which posts can have been looked at: who has it had digests."""


class Pace(NamedTuple):
    """A reader's own hour and weekday, with the publication's filled in. `zone` is one `zone_of` knows."""

    zone: str
    hour: int
    weekday: int

    def next_daily(self, after_us: int) -> int:
        """The first moment after `after_us` at which a daily digest is due."""
        return _next(self.zone, self.hour, None, after_us)

    def next_weekly(self, after_us: int) -> int:
        """The first moment after `after_us` at which a weekly digest is due."""
        return _next(self.zone, self.hour, self.weekday, after_us)


def zone_of(name: str, otherwise: str) -> ZoneInfo:
    """The time zone `name`; if it is empty or this machine does not know it, `otherwise`; if not that either, UTC."""
    for candidate in (name, otherwise):
        if (zone := _zone(candidate)) is not None:
            return zone
    return ZoneInfo("UTC")


def quiet_end(zone: ZoneInfo, quiet_from: int, quiet_until: int, now_us: int) -> int | None:
    """When the quiet hours end that `now_us` lies in; None if it lies in none. From = until means none."""
    local = clock.to_datetime(now_us).astimezone(zone)
    if not is_quiet(local.hour, quiet_from, quiet_until):
        return None
    day = local.date() + timedelta(days=quiet_until <= local.hour)
    return max(_moment(zone, day, quiet_until), now_us)


def rescheduled(due_us: int | None, digested_us: int, *, had: bool, has: bool, now_us: int) -> tuple[int | None, int]:
    """When a digest is due, and up to when posts were looked at for digests, after a reader's choices changed.

    `had`, `has`: whether anything was, is followed once a day or once a week. Who begins with it is owed what comes from now on.
    """
    if due_us is None:
        return (LOOK, now_us) if has else (None, digested_us)
    return LOOK, max(digested_us, EVER) if had and not has else digested_us


def require(
    digest_hour: int | None, digest_weekday: int | None, quiet_from: int | None, quiet_until: int | None, time_zone: str
) -> None:
    """Raises Refused, in words for the reader, unless this is a pace that somebody can have."""
    if any(hour is not None and hour not in HOURS for hour in (digest_hour, quiet_from, quiet_until)):
        raise Refused(_("That is not an hour of the day."), _("Choose one from 0 to 23."))
    if digest_weekday is not None and digest_weekday not in DAYS:
        raise Refused(_("That is not a day of the week."), _("Choose one from Monday to Sunday."))
    if time_zone and _zone(time_zone) is None:
        raise Refused(_("This time zone is not known."), _("Choose one from the list."))
    if quiet_from is None and quiet_until is None:
        return
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        raise Refused(_("Quiet hours need a beginning and an end that differ."), _("Choose both, or none."))
    if digest_hour is not None and is_quiet(digest_hour, quiet_from, quiet_until):
        raise Refused(_("Your digest would come in your quiet hours."), _("Choose another hour for one of them."))


def is_quiet(hour: int, quiet_from: int, quiet_until: int) -> bool:
    """Whether an hour of the day lies in quiet hours, which may go past midnight; equal ends mean none."""
    return (hour - quiet_from) % 24 < (quiet_until - quiet_from) % 24


@lru_cache(KNOWN_ZONES)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of the database of zones, e.g. "Europe"
        return None


@lru_cache(8 * KNOWN_ZONES)
def _next(zone_name: str, hour: int, weekday: int | None, after_us: int) -> int:
    zone = zone_of(zone_name, "")
    day = clock.to_datetime(after_us).astimezone(zone).date()
    while True:
        if weekday is None or day.weekday() == weekday:
            moment = _moment(zone, day, hour)
            if moment > after_us:
                return moment
        day += timedelta(days=1)


def _moment(zone: ZoneInfo, day: date, hour: int) -> int:
    """When it is `hour` o'clock on a day. PEP 495 reads a skipped hour with the offset before the change, a double one as the first."""
    return clock.from_datetime(datetime(day.year, day.month, day.day, hour, tzinfo=zone))
