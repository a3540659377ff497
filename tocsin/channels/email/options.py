"""The options behind a relay's URL: how it may be used. Names, limits and slips; where the relay is, is in `relay.py`."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from urllib.parse import parse_qsl

from tocsin.courier.channel import Policy
from tocsin.courier.lanes import Lane

LANES = {lane.name.lower(): lane.value for lane in Lane}


class Auth(Enum):
    """How to log in. The values are the mechanisms' names in AUTH (RFC 4954)."""

    PLAIN = "PLAIN"
    LOGIN = "LOGIN"
    CRAM_MD5 = "CRAM-MD5"
    XOAUTH2 = "XOAUTH2"  # the password is a bearer token


class Unclear(Exception):  # noqa: N818
    """Something in a relay's URL cannot be understood. The message never quotes it, for a password may be in it."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(message)
        self.mend = mend


@dataclass(frozen=True)
class _Limit:
    """A whole number from `least` to `most` that becomes a field of the policy."""

    field: str
    least: int
    most: int

    def read(self, name: str, text: str) -> int:
        if re.fullmatch(r"[0-9]{1,9}", text) and self.least <= int(text) <= self.most:
            return int(text)
        raise Unclear(f"its option {name} is not understood.", f"Write a number from {self.least} to {self.most:,}.")


LIMITS = {
    "connections": _Limit("connections", 1, 100),
    "weight": _Limit("weight", 0, 1000),
    "hour": _Limit("per_hour", 1, 100_000_000),
    "day": _Limit("per_day", 1, 100_000_000),
    "per_connection": _Limit("per_connection", 1, 1_000_000),
    "window": _Limit("window", 1, 100),
    "ramp": _Limit("ramp", 1, 100_000_000),
    "per_destination": _Limit("per_destination", 1, 100),
}
OPTIONS = ("tls", "ca", "auth", "lanes", "rate", *LIMITS)


def read(query: str) -> dict[str, str]:
    """The options of a URL's query, by name. Raises Unclear."""
    options: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in OPTIONS:
            named = f" {name}" if re.fullmatch(r"[a-z_]{1,20}", name) else ""
            raise Unclear(f"there is no option{named}.", _did_you_mean([name], OPTIONS))
        if name in options:
            raise Unclear(f"it gives the option {name} twice.", "Keep one of them.")
        options[name] = value
    return options


def policy(options: Mapping[str, str]) -> Policy:
    """How the relay may be used. Raises Unclear."""
    numbers = {limit.field: limit.read(name, options[name]) for name, limit in LIMITS.items() if name in options}
    found = Policy(
        lanes=_lanes(options["lanes"]) if "lanes" in options else None,
        per_second=_rate(options["rate"]) if "rate" in options else None,
        **numbers,
    )
    for less, more in (("hour", "day"), ("ramp", "day")):
        if less in options and more in options and int(options[less]) > int(options[more]):
            raise Unclear(f"its option {less} is above its option {more}.", "Exchange them, or leave one of them out.")
    return found


def auth(options: Mapping[str, str], *, with_user: bool) -> Auth | None:
    """The mechanism to log in with; None for the best on offer. Raises Unclear."""
    if "auth" not in options:
        return None
    known = {mechanism.value.lower(): mechanism for mechanism in Auth}
    chosen = known.get(options["auth"].lower())
    if chosen is None:
        raise Unclear("its option auth is not understood.", _did_you_mean([options["auth"].lower()], known))
    if not with_user:
        raise Unclear("it has the option auth but nobody to log in as.", "Write smtp://USER:PASSWORD@HOST?auth=...")
    return chosen


def authority(options: Mapping[str, str]) -> Path | None:
    """The file of the only authority to trust; None for the system's. Raises Unclear."""
    if "ca" not in options:
        return None
    path = Path(options["ca"])
    if not path.is_absolute() or not path.is_file():
        raise Unclear("its option ca names no file.", "Write ca=/absolute/path/of/a/certificate.pem.")
    return path


def _lanes(text: str) -> frozenset[int]:
    names = text.split(",")
    if any(name not in LANES for name in names):
        raise Unclear("its option lanes is not understood.", _did_you_mean(names, LANES))
    return frozenset(LANES[name] for name in names)


def _rate(text: str) -> float:
    """Messages a second. A slow relay's limit is below one."""
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) and 0.001 <= float(text) <= 100_000:
        return float(text)
    raise Unclear("its option rate is not understood.", "Write messages a second, from 0.001 to 100,000: rate=14.")


def _did_you_mean(names: Collection[str], known: Collection[str]) -> str:
    """The mend for a name that is not known. Quotes only what is known."""
    wrong = [name for name in names if name not in known]
    close = [match for name in wrong for match in get_close_matches(name, known, n=1)]
    guess = f"Did you mean {', '.join(close)}? " if close else ""
    return f"{guess}There are {', '.join(known)}."
