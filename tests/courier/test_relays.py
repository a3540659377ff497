"""What one relay's desk concludes from what came back; no database, no sockets."""

import asyncio
from types import SimpleNamespace

import pytest

from tocsin.courier.channel import RelayTrouble
from tocsin.courier.ledger.ledger import Lease, Ledger, Try
from tocsin.courier.sending.board import Board
from tocsin.courier.sending.judge import STREAK
from tocsin.courier.sending.relays import RelayDesk
from tocsin.courier.sending.send import End, Report
from tocsin.courier.sending.timing import Timing

LEASE = Lease(batch=1, token=1, dispatch=1, lane=2, first=1, last=9, leased_us=1)


class Clerk:
    """Keeps what the ledger was asked for."""

    def __init__(self):
        self.asked = []

    async def do(self, operation, *args):
        self.asked.append((operation, args))

    insist = do

    def names(self):
        return [operation.__name__ for operation, _ in self.asked]


class World:
    def __init__(self):
        self.clerk = Clerk()
        self.board = Board()
        self.trouble = None
        station = SimpleNamespace(
            clerk=self.clerk, board=self.board, timing=Timing(), wake=lambda: None, release_finished=self.nothing
        )
        relay = SimpleNamespace(name="relay:25", connections=4, lanes=None, connect=self.connect)
        self.desk = RelayDesk(relay, station)

    async def nothing(self):
        pass

    async def connect(self):
        if self.trouble:
            raise RelayTrouble(self.trouble)
        return object()

    async def begin(self):
        assert self.desk._circuit.begin_trial(asyncio.get_running_loop().time())
        return await self.desk.connect()

    async def hear(self, end, reply="words", fresh=True, in_message=True):
        self.board.add(LEASE, [1])
        job = self.board.take({2})
        this = Try(1, LEASE, 1, "c", "relay:25", 1) if in_message else None
        await self.desk.take_in(job, Report(end, this, reply, "a@example.org"), fresh=fresh)
        return job


@pytest.fixture
def world():
    return World()


def run(steps):
    asyncio.run(steps)


def test_a_relay_that_greets_may_be_used(world):
    async def steps():
        assert not world.desk.takes_work
        assert await world.begin()
        assert world.desk.may_work(trial=False)
        assert world.desk.connections == 4

    run(steps())


def test_a_relay_that_cannot_be_reached_is_left_alone(world):
    async def steps():
        world.trouble = "connection refused"
        assert await world.begin() is None
        assert not world.desk.takes_work
        assert world.clerk.asked[-1][1][:2] == ("relay:25", "connection refused")

    run(steps())


def test_a_relay_that_greets_but_takes_no_sender_stays_in_trouble_until_it_does(world):
    async def steps():
        await world.begin()
        job = await world.hear(End.RELAY, "553 5.1.8 sender refused", in_message=False)
        assert world.board.take({2}) == job, "nothing happened to the delivery"
        assert not world.desk.takes_work
        world.desk._circuit._until = 0
        await world.begin()
        assert world.desk.takes_work
        assert world.desk.connections == 1
        assert not world.desk.may_work(trial=False)
        await world.hear(End.TAKEN)
        assert world.desk.may_work(trial=False)

    run(steps())


def test_a_delivery_that_ends_a_fresh_session_stands_aside(world):
    async def steps():
        await world.begin()
        await world.hear(End.RELAY, "421 4.3.2 closing")
        assert world.board.take({2}) is None
        assert "put_aside" in world.clerk.names()

    run(steps())


def test_a_session_that_served_may_end(world):
    async def steps():
        await world.begin()
        await world.hear(End.RELAY, "421 4.7.0 enough", fresh=False)
        assert world.desk.may_work(trial=False)

    run(steps())


def test_a_lost_connection_proves_no_relay_sound(world):
    async def steps():
        await world.begin()
        world.trouble = "connection refused"
        await world.desk.connect()
        await world.hear(End.LOST)
        assert not world.desk.takes_work

    run(steps())


@pytest.mark.parametrize("end", [End.TAKEN, End.PUT_OFF])
def test_what_a_relay_answers_to_a_message_shows_that_it_works(world, end):
    async def steps():
        world.trouble = "connection refused"
        await world.begin()
        await world.hear(end)
        assert world.desk.may_work(trial=False)

    run(steps())


def test_a_streak_of_refusals_fails_nobody_and_an_acceptance_ends_it(world):
    async def steps():
        await world.begin()
        for _ in range(STREAK):
            await world.hear(End.REFUSED, "554 5.7.1 relay access denied")
        assert world.clerk.names().count("put_aside") == STREAK
        assert not world.desk.takes_work
        await world.hear(End.PUT_OFF)
        assert not world.desk.may_work(trial=False), "a 4xx proves nothing about the 5xx"
        await world.hear(End.TAKEN)
        assert world.desk.may_work(trial=False)
        assert Ledger.decide not in [operation for operation, _ in world.clerk.asked]

    run(steps())


def test_when_there_is_nothing_more_refusals_are_decided(world):
    async def steps():
        await world.begin()
        await world.hear(End.REFUSED, "550 5.1.1 unknown")
        await world.hear(End.REFUSED, "554 5.7.1 go away")
        await world.desk.nothing_more()
        decided = [args[1].value for operation, args in world.clerk.asked if operation is Ledger.decide]
        assert decided == ["refused", "put off"]

    run(steps())
