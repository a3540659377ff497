"""What of a relay's caps a courier has in hand: reserved in blocks, and given back when it is not used."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from tocsin.courier.channel import Policy
from tocsin.courier.lanes import Lane
from tocsin.courier.ledger import quota
from tocsin.courier.ledger.reserving import Reservation
from tocsin.courier.sending.caps import FIRST_BLOCK, KEEP_SECONDS, LONGEST_WAIT, Caps, Request

WALL = 1_800_000_000.0


@dataclass
class Books:
    """The ledger's side, without its database. `wall`: seconds that it is ahead of the courier's clock."""

    policy: Policy
    use: quota.Use = field(default_factory=lambda: quota.Use.new(int(WALL * 1e6)))
    requests: int = 0

    def reserve(self, request: Request, now: float) -> Reservation:
        self.requests += 1
        now_us = int((WALL + now) * 1e6)
        use = self.use.at(now_us)
        room = quota.left(use, self.policy, urgent=request.urgent)
        granted = request.wanted if room is None else min(request.wanted, room)
        self.use = use.plus(granted, now_us)
        short = granted < request.wanted
        again = quota.again_us(self.use, self.policy, urgent=request.urgent) if short else None
        return Reservation("mail:25", granted, now_us, again)

    def give_back(self, reservation: Reservation, unused: int) -> None:
        self.use = self.use.plus(-unused, reservation.at_us)


@dataclass
class Desk:
    """A courier's desk: its caps, and the books that it asks."""

    books: Books
    caps: Caps = field(default_factory=Caps)
    now: float = 0.0

    def send(self, lane: Lane = Lane.DIGEST, most: int = 1) -> int:
        """How many leave now."""
        for sent in range(most):
            while self.caps.wait(self.now, lane) == float("inf"):
                request = self.caps.request()
                assert request, "it waits for ever"
                self.caps.grant(request, self.books.reserve(request, self.now), self.now)
            if self.caps.wait(self.now, lane):
                return sent
            self.caps.take(self.now, lane)
        return most

    def tidy(self) -> None:
        for reservation, unused in self.caps.leftovers(self.now):
            self.books.give_back(reservation, unused)


def test_a_relay_without_caps_needs_none():
    assert not Caps.limits(Policy(connections=3, per_second=5))
    assert Caps.limits(Policy(per_hour=1))
    assert Caps.limits(Policy(per_day=1))
    assert Caps.limits(Policy(ramp=1))


@given(
    st.integers(1, 300),
    st.lists(st.tuples(st.floats(0, 900), st.integers(0, 100), st.sampled_from(Lane)), max_size=40),
)
def test_no_hour_sees_more_than_the_cap(hour: int, work: list[tuple[float, int, Lane]]):
    desk, sent = Desk(Books(Policy(per_hour=hour))), []
    for pause, most, lane in work:
        desk.now += pause
        desk.tidy()
        sent.append((desk.now, desk.send(lane, most)))
    for end, _ in sent:
        assert sum(number for at, number in sent if end - 3600 + KEEP_SECONDS <= at <= end) <= hour


def test_everything_that_is_allowed_can_be_sent_by_those_who_come_again():
    desk, sent = Desk(Books(Policy(per_hour=100))), 0
    while desk.now < 3600:
        sent += desk.send(most=1000)
        desk.now += 1
        desk.tidy()
    assert sent == 95


def test_alerts_leave_when_the_rest_of_the_hour_is_used_up():
    desk = Desk(Books(Policy(per_hour=100)))
    assert desk.send(Lane.DIGEST, 1000) == 95
    assert desk.send(Lane.ALERT, 1000) == 5
    assert desk.send(Lane.TRANSACTIONAL) == 0


def test_the_wait_is_told_and_is_never_long():
    desk = Desk(Books(Policy(per_hour=5)))
    desk.send(most=100)
    wait = desk.caps.wait(desk.now, Lane.DIGEST)
    assert 0 < wait <= LONGEST_WAIT
    assert desk.caps.request() is None


def test_it_asks_ahead_of_time_and_only_once():
    desk = Desk(Books(Policy(per_day=10**6)))
    desk.send(most=FIRST_BLOCK // 2)
    request = desk.caps.request()
    assert request
    assert desk.caps.request() is None
    assert desk.caps.wait(desk.now, Lane.DIGEST) == 0


def test_whoever_sends_much_asks_seldom():
    desk = Desk(Books(Policy(per_day=10**6)))
    assert desk.send(most=20_000) == 20_000
    assert desk.books.requests < 40


def test_what_is_not_used_soon_is_given_back():
    books = Books(Policy(per_hour=40))
    idle, busy = Desk(books), Desk(books)
    idle.send()
    assert busy.send(most=100) == 38 - FIRST_BLOCK
    idle.now = busy.now = KEEP_SECONDS
    idle.tidy()
    busy.now += LONGEST_WAIT
    assert busy.send(most=100) == FIRST_BLOCK - 1


def test_at_the_end_everything_is_given_back():
    books = Books(Policy(per_hour=40))
    desk = Desk(books)
    desk.send(most=3)
    desk.now = float("inf")
    desk.tidy()
    assert quota.left(books.use, books.policy, urgent=True) == 37


def test_when_the_ledger_is_away_it_is_asked_again():
    caps = Caps()
    assert caps.wait(0.0, Lane.DIGEST) == float("inf")
    request = caps.request()
    assert request
    assert caps.wait(0.0, Lane.DIGEST) == float("inf")
    assert caps.request() is None
    caps.fail(request)
    assert caps.wait(0.0, Lane.DIGEST) == float("inf")
    assert caps.request() == request
