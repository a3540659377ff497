"""How several relays divide the work: by weight while they keep up, and nobody waits for one that is slow."""

import heapq
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.courier.channel import Policy
from tocsin.courier.lanes import Lane
from tocsin.courier.sending.shares import Shares


@dataclass
class Server:
    """A relay that holds `room` messages at a time and answers each after `seconds`. `deaf`: it never asks."""

    weight: int = 1
    room: int = 8
    seconds: float = 0.01
    lanes: frozenset[int] | None = None
    works: bool = True
    deaf: bool = False
    held: int = 0
    served: int = 0
    asks_at: float = 0.0

    @property
    def capacity(self) -> float:
        return self.room / self.seconds


@dataclass
class Courier:
    """Sends as a courier would: whoever has room asks, whoever has to wait asks again. Its clock is its own."""

    servers: dict[str, Server]
    lane: Lane = Lane.DIGEST
    now: float = 1000.0
    events: list[tuple[float, int, str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._order = count()
        policies = {name: Policy(weight=each.weight, lanes=each.lanes) for name, each in self.servers.items()}
        self.shares = Shares(policies, self._ask_soon)
        for name, server in self.servers.items():
            self.shares.works(name, yes=server.works)

    def send(self, messages: int) -> float:
        """The seconds it takes until all are taken."""
        began, left = self.now, messages
        for name, server in self.servers.items():
            if server.works and (server.lanes is None or self.lane in server.lanes):
                self._ask_soon(name)
        while left or any(server.held for server in self.servers.values()):
            self.now, _, name, is_reply = heapq.heappop(self.events)
            if is_reply:
                self.servers[name].held -= 1
                self.shares.back(name, self.now)
            if is_reply or self.servers[name].asks_at == self.now:
                left -= self._fill(name, left)
        return self.now - began

    def _fill(self, name: str, left: int) -> int:
        server, given = self.servers[name], 0
        while server.held < server.room and given < left and not server.deaf:
            if wait := self.shares.wait(name, self.lane, self.now):
                self._add(wait, name)
                break
            self.shares.take(name, self.now)
            server.held += 1
            server.served += 1
            given += 1
            self._add(server.seconds, name, is_reply=True)
        if given == left and not server.deaf:
            self.shares.idle(name, self.now)
        return given

    def _ask_soon(self, name: str) -> None:
        self._add(0.0, name)

    def _add(self, seconds: float, name: str, *, is_reply: bool = False) -> None:
        if not is_reply:
            self.servers[name].asks_at = self.now + seconds  # only the latest counts
        if seconds < float("inf"):
            heapq.heappush(self.events, (self.now + seconds, next(self._order), name, is_reply))


weights = st.integers(1, 20)


@settings(max_examples=15)
@given(st.lists(weights, min_size=2, max_size=4))
def test_equal_relays_share_by_weight(given_weights: list[int]):
    servers = {str(number): Server(weight) for number, weight in enumerate(given_weights)}
    Courier(servers).send(4_000)
    for server in servers.values():
        share = 4_000 * server.weight / sum(given_weights)
        assert server.served == pytest.approx(share, abs=200)


def test_small_tellings_are_shared_too():
    servers = {"a": Server(3), "b": Server(1)}
    courier = Courier(servers)
    for _ in range(400):
        courier.send(5)
    assert servers["a"].served == pytest.approx(1500, abs=60)


@settings(max_examples=15)
@given(weights, weights, st.floats(10, 1000))
def test_nobody_waits_for_a_slow_relay(fast_weight: int, slow_weight: int, times: float):
    fast, slow = Server(fast_weight), Server(slow_weight, seconds=0.01 * times)
    seconds = Courier({"fast": fast, "slow": slow}).send(5_000)
    assert fast.served >= 0.75 * 5_000
    assert seconds <= 1.4 * 5_000 / fast.capacity + 0.01 * times + 0.5


def test_nobody_waits_for_a_relay_that_never_answers():
    alive, hangs = Server(), Server(seconds=10_000)
    courier = Courier({"alive": alive, "hangs": hangs})
    assert courier.send(5_000) == pytest.approx(10_000, abs=1)  # its own first messages
    assert alive.served == 5_000 - hangs.room


@settings(max_examples=10)
@given(weights, weights)
def test_nobody_waits_for_a_relay_that_does_not_ask(weight: int, other: int):
    alive, deaf = Server(weight), Server(other, deaf=True)
    courier = Courier({"alive": alive, "deaf": deaf})
    courier.shares.idle("deaf", courier.now)
    assert courier.send(5_000) <= 1.1 * 5_000 / alive.capacity + 0.2
    assert alive.served == 5_000


def test_a_standby_is_used_when_no_other_serves_the_lane():
    servers = {"main": Server(), "standby": Server(0)}
    courier = Courier(servers)
    courier.send(1_000)
    assert servers["standby"].served == 0
    courier.shares.works("main", yes=False)
    servers["main"].deaf = True
    courier.send(1_000)
    assert servers["standby"].served == 1_000
    servers["main"].deaf = False
    courier.shares.works("main", yes=True)
    courier.send(1_000)
    assert servers["standby"].served == 1_000


def test_a_standby_serves_the_lanes_that_no_other_does():
    servers = {"alerts": Server(lanes=frozenset({Lane.ALERT})), "standby": Server(0)}
    Courier(servers, Lane.DIGEST).send(100)
    assert servers["standby"].served == 100
    Courier(servers, Lane.ALERT).send(100)
    assert servers["standby"].served == 100


def test_several_standbys_share_what_comes_to_them():
    servers = {"main": Server(works=False, deaf=True), "first": Server(0), "second": Server(0)}
    Courier(servers).send(1_000)
    assert min(servers["first"].served, servers["second"].served) >= 400


def test_a_relay_that_was_away_does_not_get_all_that_it_missed():
    servers = {"a": Server(), "b": Server(works=False)}
    courier = Courier(servers)
    courier.send(5_000)
    servers["b"].works = True
    courier.shares.works("b", yes=True)
    courier.send(2_000)
    assert servers["b"].served == pytest.approx(1_000, abs=150)


def test_an_alert_is_not_left_to_a_relay_that_is_busy():
    light, heavy = Server(1), Server(20, seconds=0.02)
    seconds = Courier({"light": light, "heavy": heavy}, Lane.ALERT).send(3_000)
    assert seconds <= 1.1 * 3_000 / (light.capacity + heavy.capacity) + 0.1
