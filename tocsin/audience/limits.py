"""How often somebody may ask for mail: token buckets in the database, so that all web processes share them.

A bucket holds `burst` tokens at most and regains one every `every` seconds. Taking one is a single UPDATE
with its condition in it, so two processes never take the same token, on either database.
"""

import ipaddress
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import F, FloatField, Q, Value
from django.db.models.functions import Cast, Greatest, Least

from tocsin.audience.models import Allowance
from tocsin.lib.clock import HOUR, SECOND, now_us

MINUTES = 60
DAY = 86_400


@dataclass(frozen=True)
class Limit:
    """A kind of bucket. `name` begins the key of each."""

    name: str
    burst: int
    every: float

    @property
    def full_after_us(self) -> int:
        """How long an emptied bucket takes to be full again."""
        return round(self.burst * self.every * SECOND)


# A mailbox is protected from being flooded through our form by somebody else: for an hour, for a day, for good.
MAILBOX = Limit("mailbox", burst=3, every=10 * MINUTES)
MAILBOX_DAY = Limit("mailbox-day", burst=6, every=DAY / 6)
MAILBOX_LONG = Limit("mailbox-long", burst=12, every=4 * DAY)
# Many readers share one network (an office, a mobile carrier), so this only stops a machine.
NETWORK = Limit("network", burst=100, every=6)
# What one site may cause, so that a swarm of networks cannot ruin the name of its relay.
SITE = Limit("site", burst=2000, every=0.5)
# The same asked again by a program mails nothing again.
REPEATED = Limit("repeated", burst=1, every=10 * MINUTES)
# What one program may ask for, and how many wrong keys one network may show.
KEY = Limit("key", burst=120, every=0.5)
KEYLESS = Limit("keyless", burst=30, every=2)
# Beyond this the links one network follows still lead on, but are not counted.
FOLLOWED = Limit("followed", burst=60, every=30)
# Beyond these nobody is refused, but asked to show that they are in no hurry.
CALM_NETWORK = Limit("calm-network", burst=30, every=30)
CALM_DOMAIN = Limit("calm-domain", burst=20, every=MINUTES)
CALM_SITE = Limit("calm-site", burst=200, every=3)
# Whoever cannot show it waits, and few of a network can wait at once.
PATIENT = Limit("patient", burst=5, every=10 * MINUTES)
ALL = (
    MAILBOX,
    MAILBOX_DAY,
    MAILBOX_LONG,
    NETWORK,
    SITE,
    REPEATED,
    KEY,
    KEYLESS,
    FOLLOWED,
    CALM_NETWORK,
    CALM_DOMAIN,
    CALM_SITE,
    PATIENT,
)


def take(limit: Limit, key: str = "") -> bool:
    """Take a token from the bucket of `key`; False when it is empty. Atomic on both databases."""
    key, now = f"{limit.name}:{key}", now_us()
    if _take_again(limit, key, now):
        return True
    _, created = Allowance.objects.get_or_create(key=key, defaults={"tokens": limit.burst - 1, "at_us": now})
    return created or _take_again(limit, key, now)


def _take_again(limit: Limit, key: str, now: int) -> bool:
    # A clock that was set back must not empty a bucket: no time has passed then.
    regained = Greatest(Cast(Value(now) - F("at_us"), FloatField()), Value(0.0)) / (limit.every * SECOND)
    tokens = Least(F("tokens") + regained, Value(float(limit.burst)))
    held = Allowance.objects.filter(key=key).annotate(held=tokens)
    return held.filter(held__gte=1).update(tokens=F("held") - 1, at_us=now) == 1


def left(limit: Limit, key: str = "") -> float:
    """How many tokens the bucket of `key` holds now."""
    row = Allowance.objects.filter(key=f"{limit.name}:{key}").first()
    if row is None:
        return limit.burst
    return min(limit.burst, row.tokens + max(0, now_us() - row.at_us) / (limit.every * SECOND))


def take_for_mailbox(mailbox: bytes, purpose: str) -> bool:
    """Whether one more mail of this purpose may go there now. `mailbox`: `queries.mailbox_of`, or the hash of an address."""
    key = f"{purpose}:{mailbox.hex()}"
    return all(take(limit, key) for limit in (MAILBOX, MAILBOX_DAY, MAILBOX_LONG))


def network(address: str) -> str:
    """The network an IP address belongs to: what one household, office or server usually has (/24, /64)."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 64), strict=False))


def forget_full() -> int:
    """Delete buckets that are full again by now; they would be made anew, full. How many.

    Each kind in its own time: a network is not remembered for as long as a mailbox is protected.
    """
    full = [Q(key__startswith=f"{limit.name}:", at_us__lt=now_us() - limit.full_after_us - HOUR) for limit in ALL]
    return Allowance.objects.filter(reduce(or_, full)).delete()[0]
