"""What a column of a file can mean to us, and where somebody can stand in another program's list. Facts only."""

import re
from enum import IntEnum, StrEnum
from typing import Final


class Column(StrEnum):
    """A column we understand, by the name our own export gives it."""

    EMAIL = "email"
    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    TOPICS = "topics"
    CADENCE = "cadence"
    STATUS = "status"
    LANGUAGE = "language"
    TIME_ZONE = "time_zone"
    DIGEST_HOUR = "digest_hour"
    DIGEST_WEEKDAY = "digest_weekday"
    QUIET_FROM = "quiet_from"
    QUIET_UNTIL = "quiet_until"
    ALERTS = "alerts"
    UNCOUNTED = "uncounted"
    PAUSED_UNTIL = "paused_until"
    SIGNED_UP_AT = "signed_up_at"
    CONFIRMED_AT = "confirmed_at"
    IP = "ip"
    CONSENT = "consent"


class Standing(IntEnum):
    """Where somebody stands in the other list. When several things are said of one person, the highest holds."""

    SUBSCRIBED = 0
    PART = 1  # asked for something smaller than everything
    UNCONFIRMED = 2
    UNSUBSCRIBED = 3
    BOUNCED = 4
    COMPLAINED = 5
    BLOCKED = 6


SEPARATORS: Final = re.compile(r"[\s_-]+")


def folded(heading: str) -> str:
    """A heading as headings are compared: Email_Address, E-MAIL ADDRESS and email address hardly differ."""
    return SEPARATORS.sub(" ", heading.strip().casefold())
