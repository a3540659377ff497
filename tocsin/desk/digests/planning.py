"""Whose digest is due and what is in it. Pure: facts in, a turn out; `facts.py` reads the facts, `actions.py` carries turns out.

The rules (docs/decisions/014-what-a-digest-owes.md has the reasons):

1. A post is owed to a reader who followed it at a pace of news when it was first told, follows it still, and was told of it by
   nobody: neither at once nor in an earlier digest.
2. What is owed goes into the next digest of the pace at which it is followed now. So a changed pace loses nothing.
3. A reader has one turn for however many digests were missed, and none without posts.
4. Who is paused or must not be written to when their turn comes is told nothing then; what is owed stays owed.

Times are microseconds UTC.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import NamedTuple

from tocsin.audience.models import Cadence
from tocsin.audience.pace import LOOK, Pace
from tocsin.lib import clock

NEWS = frozenset({Cadence.INSTANT, Cadence.DAILY, Cadence.WEEKLY})
NEWS_OF_A_DAY = NEWS - {Cadence.WEEKLY}
OVERLAP = clock.HOUR
"""How far before the last look posts are looked at again: a post is seen only when the transaction that told it has ended."""


class News(NamedTuple):
    """A live post: when it was first told, and by what it could be followed then."""

    post: int
    told_us: int
    followables: frozenset[int]


class Following(NamedTuple):
    """One subscription. `since_us`: since when it tells of news."""

    followable: int
    cadence: str
    since_us: int


class Standing(StrEnum):
    """Whether a reader may be told."""

    READY = "ready"
    LATER = "later"  # paused, or must not be written to now
    GONE = "gone"  # left, or not confirmed


class Reader(NamedTuple):
    """A subscriber whose digest is due. `digested_us`: up to when posts were looked at; 0: never."""

    id: int
    standing: Standing
    due_us: int
    digested_us: int
    pace: Pace
    following: tuple[Following, ...]

    def follows(self, cadence: str) -> bool:
        """Whether they follow anything at that pace."""
        for each in self.following:  # noqa: SIM110 - asked of everybody: half of the time that any() takes
            if each.cadence == cadence:
                return True
        return False

    @property
    def has_digests(self) -> bool:
        """Whether they follow anything once a day or once a week."""
        return self.follows(Cadence.DAILY) or self.follows(Cadence.WEEKLY)

    def weekly_too(self, now_us: int) -> bool:
        """Whether what they follow once a week is in this turn: its day is among the digests that are due."""
        return not self.follows(Cadence.DAILY) or self.pace.next_weekly(self.due_us - 1) <= now_us


class Bulletin:
    """The news readers may be owed at one moment, newest first, made to be asked of a great many of them.

    A set of posts is an integer: the bit of the newest is the lowest. So what is owed is a few operations on integers, whoever
    follows what since when.
    """

    def __init__(self, news: Iterable[News]) -> None:
        self._posts: list[int] = []
        self._ages: list[int] = []
        self._of: dict[int, int] = {}
        self._bits: dict[int, int] = {}
        self._sets: dict[int, tuple[int, ...]] = {}
        for place, each in enumerate(news):
            self._posts.append(each.post)
            self._ages.append(-each.told_us)
            self._bits[each.post] = 1 << place
            for followable in each.followables:
                self._of[followable] = self._of.get(followable, 0) | 1 << place

    def of(self, followable: int) -> int:
        """What could be followed by that."""
        return self._of.get(followable, 0)

    def since(self, moment_us: int) -> int:
        """What was told at that moment or later."""
        return (1 << bisect_right(self._ages, -moment_us)) - 1

    def among(self, posts: Iterable[int]) -> int:
        """Those of `posts` that are in it."""
        found = 0
        for post in posts:
            found |= self._bits.get(post, 0)
        return found

    def posts(self, found: int) -> tuple[int, ...]:
        """The posts of a set, newest first."""
        if found not in self._sets:
            self._sets[found] = tuple(post for post in self._posts if found & self._bits[post])
        return self._sets[found]


class Turn(NamedTuple):
    """What becomes of a reader whose digest was due: the posts to tell (none: no mail), and what to remember."""

    posts: tuple[int, ...]
    due_us: int | None
    digested_us: int


def turn(reader: Reader, bulletin: Bulletin, told: Collection[int], now_us: int) -> Turn:
    """The turn of a reader whose `due_us` has come. `told`: the posts they were told of already."""
    if reader.standing is Standing.GONE:
        return Turn((), None, 0)
    if reader.due_us == LOOK:
        return Turn((), _first_due(reader, now_us), reader.digested_us)
    if reader.standing is Standing.LATER:
        return Turn((), _next_due(reader, now_us) or reader.pace.next_daily(now_us), reader.digested_us)
    weekly_too = reader.weekly_too(now_us)
    posts = bulletin.posts(_owed(reader, bulletin, now_us, weekly_too=weekly_too) & ~bulletin.among(told))
    due_us = _next_due(reader, now_us)
    if due_us is None:
        return Turn(posts, None, 0)
    # What is followed once a week must be looked at again, if its day has not come.
    whole = weekly_too or not reader.follows(Cadence.WEEKLY)
    return Turn(posts, due_us, now_us if whole else reader.digested_us)


def _owed(reader: Reader, bulletin: Bulletin, now_us: int, *, weekly_too: bool) -> int:
    """What a reader is to be told in this turn, unless they were told of it already."""
    paces = NEWS if weekly_too else NEWS_OF_A_DAY
    followed = 0
    for each in reader.following:
        if each.cadence in paces:
            followed |= bulletin.of(each.followable) & bulletin.since(each.since_us)
    return followed & bulletin.since(floor(reader) + 1) & ~bulletin.since(now_us + 1)


def floor(reader: Reader) -> int:
    """Posts told before this, or then, need not be looked at: not since they were, or were not followed."""
    earliest = min([each.since_us for each in reader.following], default=0)
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
