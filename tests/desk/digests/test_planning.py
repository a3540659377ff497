"""What a digest owes to whom, over any sequence of what can happen, without a database.

The world below does with plain values what the verbs of the audience, Publish and the worker do with rows.
"""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tocsin.audience import pace
from tocsin.audience.models import Cadence
from tocsin.audience.pace import LOOK, Pace
from tocsin.desk.digests import planning
from tocsin.desk.digests.planning import Bulletin, Following, News, Reader, Standing, Turn
from tocsin.lib import clock

NEWS = [Cadence.INSTANT, Cadence.DAILY, Cadence.WEEKLY]
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
]
BEFORE_CHANGES = [
    pace.clock.from_datetime(pace.datetime(2026, month, day, 12, tzinfo=ZoneInfo("UTC")))
    for month, day in [(3, 7), (3, 28), (4, 4), (10, 24), (10, 31), (7, 1)]
]
"""Shortly before clocks change somewhere, and a day when none do."""
MINUTES = [1, 30, 59, 61, 600, 1440, 3000, 10_080, 40_000]
FOLLOWABLES = [1, 2, 3]
EVERYTHING = 3

choices = st.dictionaries(st.sampled_from(FOLLOWABLES), st.sampled_from(list(Cadence)), max_size=3)
paces = st.builds(Pace, st.sampled_from(ZONES), st.integers(0, 23), st.integers(0, 6))


def turn(reader: Reader, news: list[News], told: set[int], now_us: int) -> Turn:
    return planning.turn(reader, Bulletin(news), told, now_us)


@dataclass
class Post:
    """A post, and what the reader was to it when it was told."""

    news: News
    live: bool = True
    promised: bool = False
    """Followed once a day or once a week when it was told, and followed at a pace of news ever since."""


@dataclass
class Told:
    """What came to the reader."""

    mails: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    """When, and which posts."""

    def times(self, post: int) -> int:
        return sum(posts.count(post) for _, posts in self.mails)


class OneReader(RuleBasedStateMachine):
    """One reader of a publication that publishes, over months. The worker's clock runs but for its outages."""

    @initialize(start=st.sampled_from(BEFORE_CHANGES), chosen=choices, at=paces)
    def subscribe(self, start, chosen, at):
        self.now, self.pace = start, at
        self.following = {each: Following(each, cadence, start) for each, cadence in chosen.items()}
        self.due_us, self.digested_us = LOOK, 0
        self.posts: dict[int, Post] = {}
        self.told, self.digests = Told(), Told()
        self.paused, self.suppressed, self.clock_runs = False, False, True

    # What happens

    @rule(minutes=st.sampled_from(MINUTES))
    def time_passes(self, minutes):
        until = self.now + minutes * clock.MINUTE
        while self.clock_runs and self.due_us is not None and self.due_us <= until:
            self.now = max(self.now, self.due_us)
            self.tick()
        self.now = until

    @rule(topics=st.sets(st.sampled_from([1, 2])), late=st.booleans())
    def publish(self, topics, late):
        """A post is told. `late`: the transaction took its time, and began before the clock's last look."""
        moment = self.now - (20 * clock.MINUTE if late and not self.posts_since(20) else 0)
        news = News(len(self.posts) + 1, moment, frozenset(topics | {EVERYTHING}))
        post = self.posts[news.post] = Post(news)
        if self.follows_at(news, Cadence.INSTANT) and not self.paused and not self.suppressed:
            self.told.mails.append((self.now, (news.post,)))
        elif not self.follows_at(news, Cadence.INSTANT):
            digested = [*self.subscriptions_of(news, Cadence.DAILY), *self.subscriptions_of(news, Cadence.WEEKLY)]
            post.promised = any(each.since_us <= moment for each in digested)
        self.now += 1

    @precondition(lambda self: self.posts)
    @rule(data=st.data())
    def take_down_or_bring_back(self, data):
        post = self.posts[data.draw(st.sampled_from(sorted(self.posts)))]
        post.live = not post.live

    @rule(chosen=choices)
    def choose(self, chosen):
        had = any(each.cadence in (Cadence.DAILY, Cadence.WEEKLY) for each in self.following.values())
        has = any(cadence in (Cadence.DAILY, Cadence.WEEKLY) for cadence in chosen.values())
        self.now += 1
        self.following = {
            each: Following(each, cadence, old.since_us)
            if (old := self.following.get(each)) and old.cadence != Cadence.ALERTS
            else Following(each, cadence, self.now)
            for each, cadence in chosen.items()
        }
        self.due_us, self.digested_us = pace.rescheduled(
            self.due_us, self.digested_us, had=had, has=has, now_us=self.now
        )
        for post in self.posts.values():
            post.promised = post.promised and bool(self.follows_since(post.news))

    @rule(cadence=st.sampled_from(NEWS))
    def change_every_pace(self, cadence):
        self.choose({each.followable: cadence for each in self.following.values() if each.cadence != Cadence.ALERTS})

    @rule(at=paces)
    def set_pace(self, at):
        self.pace = at
        if self.due_us is not None:
            self.due_us = LOOK

    @rule()
    def pause_or_resume(self):
        self.paused = not self.paused

    @rule()
    def suppress_or_release(self):
        self.suppressed = not self.suppressed

    @rule()
    def the_clock_stops_or_runs_again(self):
        self.clock_runs = not self.clock_runs
        if self.clock_runs:
            self.tick()

    # What the worker does

    def tick(self):
        """Plan what is due now; a second look finds nothing more."""
        for _ in range(2):
            if self.due_us is not None and self.due_us <= self.now:
                was = self.due_us
                mine = self.plan()
                self.due_us, self.digested_us = mine.due_us, mine.digested_us
                assert self.due_us is None or self.due_us > self.now
                if was != LOOK and not self.paused and not self.suppressed:
                    self.forget_what_is_down()
                if mine.posts:
                    assert was != LOOK
                    assert not self.paused
                    assert not self.suppressed
                    assert all(self.posts[post].live for post in mine.posts)
                    self.told.mails.append((self.now, mine.posts))
                    self.digests.mails.append((self.now, mine.posts))

    def forget_what_is_down(self):
        """A post that is not live when its digest is planned is owed no more. It may come back and still be told, once."""
        for post in self.posts.values():
            post.promised = post.promised and post.live

    def plan(self) -> Turn:
        standing = Standing.LATER if self.paused or self.suppressed else Standing.READY
        reader = Reader(1, standing, self.due_us or 0, self.digested_us, self.pace, tuple(self.following.values()))
        live = [post.news for post in self.posts.values() if post.live]
        news = sorted(live, key=lambda news: -news.told_us)
        told = {post for _, posts in self.told.mails for post in posts}
        return turn(reader, news, told, self.now)

    # What must be true

    @invariant()
    def nobody_is_told_twice(self):
        assert all(self.told.times(post) <= 1 for post in self.posts)

    @invariant()
    def digests_of_a_day_are_one(self):
        """However long the clock stood still, and whatever the clocks of the world do."""
        moments = [moment for moment, _ in self.digests.mails]
        assert len(moments) == len(set(moments))

    def teardown(self):
        """In the end all is well again for a while: what was promised has come, once."""
        if not hasattr(self, "now"):
            return
        self.paused = self.suppressed = False
        self.clock_runs = True
        self.tick()
        self.time_passes(9 * 24 * 60)
        for number, post in self.posts.items():
            if post.promised and post.live:
                assert self.told.times(number) == 1, (post, self.following, self.due_us)
            if not self.follows_since(post.news):
                assert self.told.times(number) <= 1

    # Reading

    def posts_since(self, minutes: int) -> bool:
        """Whether the reader chose, or was looked at for the first time, within the last minutes."""
        since = self.now - minutes * clock.MINUTE
        return any(each.since_us > since for each in self.following.values())

    def subscriptions_of(self, news: News, cadence: str) -> list[Following]:
        return [
            each for each in self.following.values() if each.followable in news.followables and each.cadence == cadence
        ]

    def follows_at(self, news: News, cadence: str) -> bool:
        return bool(self.subscriptions_of(news, cadence))

    def follows_since(self, news: News) -> list[Following]:
        return [
            each for cadence in NEWS for each in self.subscriptions_of(news, cadence) if each.since_us <= news.told_us
        ]


OneReader.TestCase.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
TestAnythingThatCanHappen = OneReader.TestCase


DAY = 24 * clock.HOUR
MONDAY = pace.clock.from_datetime(pace.datetime(2026, 11, 23, 7, tzinfo=ZoneInfo("UTC")))


def a_reader(*following: Following, due_us: int = MONDAY, digested_us: int = 0, **changes: object) -> Reader:
    values: dict[str, object] = {"id": 1, "standing": Standing.READY, "pace": Pace("UTC", 7, 0)}
    return Reader(due_us=due_us, digested_us=digested_us, following=following, **(values | changes))  # type: ignore[arg-type]


def some_news(post: int, told_us: int, *followables: int) -> News:
    return News(post, told_us, frozenset(followables or (EVERYTHING,)))


def daily(since_us: int = 0, followable: int = EVERYTHING) -> Following:
    return Following(followable, Cadence.DAILY, since_us)


def weekly(since_us: int = 0, followable: int = EVERYTHING) -> Following:
    return Following(followable, Cadence.WEEKLY, since_us)


def test_a_daily_digest_tells_what_was_published_since_the_last():
    reader = a_reader(daily(), digested_us=MONDAY - DAY)
    new, old = some_news(2, MONDAY - 1), some_news(1, MONDAY - 2 * DAY)
    assert turn(reader, [new, old], set(), MONDAY) == Turn((2,), MONDAY + DAY, MONDAY)


def test_no_posts_no_digest():
    assert turn(a_reader(daily()), [], set(), MONDAY) == Turn((), MONDAY + DAY, MONDAY)


def test_five_missed_digests_are_one():
    news = [some_news(number, MONDAY - number * DAY) for number in (1, 2, 3, 4)]
    reader = a_reader(daily(), due_us=MONDAY - 5 * DAY, digested_us=MONDAY - 6 * DAY)
    assert turn(reader, news, set(), MONDAY) == Turn((1, 2, 3, 4), MONDAY + DAY, MONDAY)


def test_what_is_followed_weekly_waits_for_its_day_beside_daily_digests():
    tuesday = MONDAY + DAY
    both = (daily(followable=1), weekly(followable=2))
    news = [some_news(1, tuesday - 2, 1), some_news(2, tuesday - 3, 2)]
    first = turn(a_reader(*both, due_us=tuesday, digested_us=MONDAY), news, set(), tuesday)
    assert first == Turn((1,), tuesday + DAY, MONDAY)
    next_monday = MONDAY + 7 * DAY
    later = turn(a_reader(*both, due_us=next_monday, digested_us=MONDAY), news, {1}, next_monday)
    assert later == Turn((2,), next_monday + DAY, next_monday)


def test_what_was_pending_comes_once_after_a_change_to_instant():
    instant = Following(EVERYTHING, Cadence.INSTANT, 0)
    noon = MONDAY + 5 * clock.HOUR
    reader = a_reader(instant, due_us=LOOK, digested_us=MONDAY)
    look = turn(reader, [], set(), noon)
    assert look == Turn((), MONDAY + DAY, MONDAY)
    last = a_reader(instant, due_us=MONDAY + DAY, digested_us=MONDAY)
    assert turn(last, [some_news(1, MONDAY + 1)], set(), MONDAY + DAY) == Turn((1,), None, 0)


def test_who_follows_all_at_once_has_no_digest():
    assert turn(a_reader(Following(3, Cadence.INSTANT, 0), due_us=LOOK), [], set(), MONDAY) == Turn((), None, 0)


def test_alerts_only_brings_no_news():
    reader = a_reader(Following(EVERYTHING, Cadence.ALERTS, 0), digested_us=MONDAY - DAY)
    assert turn(reader, [some_news(1, MONDAY - 1)], set(), MONDAY).posts == ()


def test_who_left_has_no_digest_any_more():
    assert turn(a_reader(daily(), standing=Standing.GONE), [some_news(1, MONDAY - 1)], set(), MONDAY) == Turn(
        (), None, 0
    )


@given(st.lists(st.integers(1, 50), unique=True, max_size=20))
def test_the_order_of_the_posts_is_kept(posts):
    news = [some_news(post, MONDAY - 1) for post in posts]
    assert turn(a_reader(daily()), news, set(), MONDAY).posts == tuple(posts)
