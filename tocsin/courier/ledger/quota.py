"""How much of a relay's caps is left. Pure; microseconds.

Caps hold for any 60 minutes and any 24 hours, not for hours of the clock: that is how providers count. What was used is
kept in slots of a minute and of a quarter of an hour, each of which counts until its last instant is out of the span.
"""

import json
from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tocsin.courier.channel import Policy
from tocsin.lib.clock import HOUR, MINUTE

DAY = 24 * HOUR
KEPT = 20
"""One part in so many of each cap is kept for alerts and for mail that somebody waits for."""
RAMP_BEGINS_ANEW = 30 * DAY
"""A relay that was not used for so long is new again to those who receive from it."""
LONGEST_RAMP = 60
"""Days. By then one message a day has become 24 thousand million."""


@dataclass(frozen=True)
class Span:
    """A time that a cap holds for, and the slots that its use is kept in."""

    name: str
    length: int
    slot: int


SPANS = (Span("hour", HOUR, MINUTE), Span("day", DAY, 15 * MINUTE))

Slots = tuple[tuple[int, int], ...]
"""(begin of the slot, messages), oldest first."""


@dataclass(frozen=True)
class Use:
    """What is known of a relay's use. `first_us`: when its ramp began."""

    first_us: int
    last_us: int
    slots: Mapping[str, Slots]

    @classmethod
    def new(cls, now: int) -> "Use":
        """Of a relay that was never used."""
        return cls(now, now, {span.name: () for span in SPANS})

    @classmethod
    def from_json(cls, first_us: int, last_us: int, spent: str) -> "Use":
        """As it was kept."""
        kept = json.loads(spent)
        return cls(first_us, last_us, {span.name: tuple((a, n) for a, n in kept[span.name]) for span in SPANS})

    def to_json(self) -> str:
        """What was spent, to be kept."""
        return json.dumps(self.slots, separators=(",", ":"))

    def at(self, now: int) -> "Use":
        """What still counts at that time.

        Slots in the future were written before the clock was set back. They count as they are, so that a span is never
        granted twice; but not those that are further ahead than their span, for then the clock had been wrong.
        """
        slots = {span.name: _current(span, self.slots[span.name], now) for span in SPANS}
        anew = now - self.last_us > RAMP_BEGINS_ANEW
        return Use(now if anew else min(self.first_us, now), now, slots)

    def plus(self, messages: int, now: int) -> "Use":
        """After so many messages more; fewer when negative, which are taken from what was used at that very time."""
        slots = {span.name: _added(span, self.slots[span.name], now, messages) for span in SPANS}
        return replace(self, slots=slots)


def left(use: Use, policy: Policy, *, urgent: bool) -> int | None:
    """How many messages may leave now; None: there is no cap. `urgent` messages may take what is kept for them."""
    rooms = [cap - sum(number for _, number in use.slots[span.name]) for span, cap in _caps(use, policy, urgent=urgent)]
    return max(0, min(rooms)) if rooms else None


def again_us(use: Use, policy: Policy, *, urgent: bool) -> int:
    """When a message may leave that may not now."""
    times = [use.last_us]
    for span, cap in _caps(use, policy, urgent=urgent):
        over = sum(number for _, number in use.slots[span.name]) - cap + 1
        for begin, number in use.slots[span.name]:
            if over <= 0:
                break
            over -= number
            times.append(begin + span.slot + span.length)
    return max(times)


def _caps(use: Use, policy: Policy, *, urgent: bool) -> list[tuple[Span, int]]:
    caps = zip(SPANS, (policy.per_hour, _per_day(use, policy)), strict=True)
    return [(span, cap if urgent else cap - cap // KEPT) for span, cap in caps if cap is not None]


def _per_day(use: Use, policy: Policy) -> int | None:
    """The day's cap while the relay is new: each day allows half as many more as the one before."""
    days = (use.last_us - use.first_us) // DAY
    if policy.ramp is None or days > LONGEST_RAMP:
        return policy.per_day
    ramped = int(policy.ramp * 1.5**days)
    return ramped if policy.per_day is None else min(ramped, policy.per_day)


def _current(span: Span, slots: Slots, now: int) -> Slots:
    here = now - now % span.slot
    kept = [(min(begin, here) if begin > now + span.length else begin, number) for begin, number in slots]
    return tuple(sorted((begin, number) for begin, number in kept if begin + span.slot + span.length > now))


def _added(span: Span, slots: Slots, now: int, messages: int) -> Slots:
    here = now - now % span.slot
    place = bisect(slots, (here,))
    have = slots[place][1] if place < len(slots) and slots[place][0] == here else None
    number = max(0, (have or 0) + messages)
    return (*slots[:place], *([(here, number)] if number else []), *slots[place + (have is not None) :])
