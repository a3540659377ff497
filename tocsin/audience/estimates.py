"""How many mails a choice means, told from the posts of the last months. Pure.

The same rules as telling itself: a post comes once, at the quickest pace at which it is followed; a digest comes only when
there is something in it; an alert comes at once to everybody who has not opted out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tocsin.audience.models import Cadence

FEWEST_POSTS = 4
FEWEST_DAYS = 14
"""With less than these nobody can say how often there is news."""


@dataclass(frozen=True)
class Post:
    """One post that was told of: on which day (any count of days), and what it could be followed by."""

    day: int
    alert: bool
    followed_by: frozenset[int]


@dataclass(frozen=True)
class Past:
    """The posts of the last `days` days."""

    posts: Sequence[Post]
    days: int

    @property
    def is_long_enough(self) -> bool:
        """Whether anything can be told from it."""
        return len(self.posts) >= FEWEST_POSTS and self.days >= FEWEST_DAYS

    def mails_a_week(self, choices: Mapping[int, str], *, alerts: bool = True) -> float:
        """How many mails a week these choices would have meant."""
        single, days, weeks = 0, set[int](), set[int]()
        for post in self.posts:
            if post.alert:
                single += alerts
                continue
            paces = {choices[followed] for followed in post.followed_by if followed in choices}
            if Cadence.INSTANT in paces:
                single += 1
            elif Cadence.DAILY in paces:
                days.add(post.day)
            elif Cadence.WEEKLY in paces:
                weeks.add(post.day // 7)
        return 7 * (single + len(days) + len(weeks)) / self.days
