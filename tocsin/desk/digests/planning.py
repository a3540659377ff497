"""Whose digest is due and what is in it. Pure: facts in, a turn out; `queries.py` reads the facts, `actions.py` carries turns out.

The rules (docs/decisions/014-what-a-digest-owes.md has the reasons):

1. A post is owed to a reader who followed it at a pace of news when it was first told, follows it still, and was told of it by
   nobody: neither at once nor in an earlier digest.
2. What is owed goes into the next digest of the pace at which it is followed now. So a changed pace loses nothing.
3. A reader has one turn for however many digests were missed, and none without posts.
4. Who is paused or must not be written to when their turn comes is told nothing then; what is owed stays owed.

Times are microseconds UTC.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from tocsin.audience.models import Cadence
from tocsin.audience.pace import LOOK, Pace
from tocsin.lib import clock

NEWS = frozenset({Cadence.INSTANT, Cadence.DAILY, Cadence.WEEKLY})
NEWS_OF_A_DAY = NEWS - {Cadence.WEEKLY}
OVERLAP = clock.HOUR
"""How far before the last look posts are looked at again: a post is seen only when the transaction that told it has ended."""


@dataclass(frozen=True, slots=True)
class News:
    """A live post: when it was first told, and by what it could be followed then."""

    post: int
    told_us: int
    followables: frozenset[int]


@dataclass(frozen=True, slots=True)
class Following:
    """One subscription. `since_us`: since when it tells of news."""

    followable: int
    cadence: str
    since_us: int


class Standing(StrEnum):
    """Whether a reader may be told."""

    READY = "ready"
    LATER = "later"  # paused, or must not be written to now
    GONE = "gone"  # left, or not confirmed


@dataclass(frozen=True, slots=True)
class Reader:
    """A subscriber whose digest is due. `digested_us`: up to when posts were looked at; 0: never."""

    id: int
    standing: Standing
    due_us: int
    digested_us: int
    pace: Pace
    following: tuple[Following, ...]

    def follows(self, cadence: str) -> bool:
        """Whether they follow anything at that pace."""
        return any(each.cadence == cadence for each in self.following)

    @property
    def has_digests(self) -> bool:
        """Whether they follow anything once a day or once a week."""
        return self.follows(Cadence.DAILY) or self.follows(Cadence.WEEKLY)

    def weekly_too(self, now_us: int) -> bool:
        """Whether what they follow once a week is in this turn: its day is among the digests that are due."""
        return not self.follows(Cadence.DAILY) or self.pace.next_weekly(self.due_us - 1) <= now_us


@dataclass(frozen=True, slots=True)
class Turn:
    """What becomes of a reader whose digest was due: the posts to tell (none: no mail), and what to remember."""

    posts: tuple[int, ...]
    due_us: int | None
    digested_us: int


def turn(reader: Reader, news: Iterable[News], told: Collection[int], now_us: int) -> Turn:
    """The turn of a reader whose `due_us` has come. `news`: newest first; `told`: what they were told of already."""
    if reader.standing is Standing.GONE:
        return Turn((), None, 0)
    if reader.due_us == LOOK:
        return Turn((), _first_due(reader, now_us), reader.digested_us)
    if reader.standing is Standing.LATER:
        return Turn((), _next_due(reader, now_us) or reader.pace.next_daily(now_us), reader.digested_us)
    posts = tuple(each.post for each in owed(reader, news, now_us) if each.post not in told)
    due_us = _next_due(reader, now_us)
    if due_us is None:
        return Turn(posts, None, 0)
    # What is followed once a week must be looked at again, if its day has not come.
    whole = reader.weekly_too(now_us) or not reader.follows(Cadence.WEEKLY)
    return Turn(posts, due_us, now_us if whole else reader.digested_us)


def owed(reader: Reader, news: Iterable[News], now_us: int) -> list[News]:
    """What a reader is to be told in this turn, unless they were told of it already. `news`: newest first."""
    paces = NEWS if reader.weekly_too(now_us) else NEWS_OF_A_DAY
    since_us = {each.followable: each.since_us for each in reader.following if each.cadence in paces}
    floor_us = floor(reader)
    found = []
    for each in news:
        if each.told_us <= floor_us:
            break
        if each.told_us <= now_us and not each.followables.isdisjoint(since_us):
            earliest = min(since_us[followable] for followable in each.followables if followable in since_us)
            if earliest <= each.told_us:
                found.append(each)
    return found


def floor(reader: Reader) -> int:
    """Posts told before this need not be looked at: not since they were, or were not followed."""
    earliest = min((each.since_us for each in reader.following), default=0)
    return max(reader.digested_us - OVERLAP, earliest - 1)


def _first_due(reader: Reader, now_us: int) -> int | None:
    """When the next digest of a reader is due whose choices changed.

    Who had digests and follows all at once from now on is owed what is still pending: it comes in one last digest, late
    enough for whatever was being published while they chose.
    """
    if reader.has_digests:
        return _next_due(reader, now_us)
    return reader.pace.next_daily(now_us + OVERLAP) if reader.digested_us and reader.following else None


def _next_due(reader: Reader, now_us: int) -> int | None:
    if reader.follows(Cadence.DAILY):
        return reader.pace.next_daily(now_us)
    return reader.pace.next_weekly(now_us) if reader.follows(Cadence.WEEKLY) else None
