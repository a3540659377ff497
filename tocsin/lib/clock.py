"""Time as the ledger keeps it: integer microseconds since 1970, UTC."""

import time
from datetime import UTC, datetime

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


def now_us() -> int:
    """Wall-clock time in microseconds since the epoch, UTC."""
    return time.time_ns() // 1000


def boottime() -> float:
    """Seconds on a clock that also runs while the machine or the process is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def to_datetime(microseconds: int) -> datetime:
    """The aware UTC datetime of a ledger time."""
    return datetime.fromtimestamp(microseconds / SECOND, tz=UTC)


def from_datetime(moment: datetime) -> int:
    """The ledger time of an aware datetime."""
    if moment.tzinfo is None:
        raise ValueError("a ledger time needs a time zone")
    return round(moment.timestamp() * SECOND)
