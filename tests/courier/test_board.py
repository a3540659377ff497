"""The best lane first, between any two messages; what was looked up keeps for a moment; leases end when all is done."""

import pytest

from tests.courier.pieces import lease, standing
from tocsin.courier.sending.board import Board, Piece

EVERY = (0, 1, 2, 3)


class Table:
    """A board whose ids are looked up when a test says so. `hungry`: how often it asked for more."""

    def __init__(self) -> None:
        self.hungry = 0
        self.board = Board(self.hunger)
        self.board.expect(1)

    def hunger(self) -> None:
        self.hungry += 1

    def add(self, token, ids, lane=2, dispatch=1):
        self.board.add(lease(token, lane, dispatch), ids)
        self.look_up(lane)

    def look_up(self, lane=2, most=100, until=10.0):
        for hold, ids in self.board.to_look_up(most, lane):
            pieces = [Piece(hold, standing(each, lane), None, "", until) for each in ids]
            self.board.stock(hold, pieces, len(ids))
        self.board.expect(1)

    def take(self, lanes=EVERY, now=0.0):
        piece = self.take_piece(lanes, now)
        return piece and piece.standing.delivery

    def take_piece(self, lanes=EVERY, now=0.0):
        lane = self.board.best(lanes)
        return None if lane is None else self.board.take(lane, now)


@pytest.fixture
def table():
    return Table()


def test_a_better_lane_overtakes_between_two_deliveries(table):
    table.add(1, [1, 2], lane=3)
    first = table.take()
    table.add(2, [7], lane=1)
    assert [first, table.take(), table.take(), table.take()] == [1, 7, 2, None]


def test_nothing_overtakes_a_better_lane_that_is_being_looked_up(table):
    table.add(1, [1], lane=3)
    table.board.add(lease(2, lane=1), [7])
    assert table.take() is None
    assert table.hungry == 1
    assert table.take(lanes=(3,)) == 1
    table.look_up(lane=1)
    assert table.take() == 7


def test_nothing_overtakes_a_better_lane_of_which_the_ledger_has_more(table):
    """A courier that is faster than its claims must not fill the gaps with digests."""
    table.add(1, [5, 6], lane=3)
    table.look_up(lane=3)
    table.board.behind = {1}
    assert table.take() is None
    assert table.take(lanes=(3,)) == 5
    table.board.behind = set()
    assert table.take() == 6


def test_a_relay_gets_only_its_lanes(table):
    table.add(1, [1], lane=3)
    assert table.take(lanes=(0, 1)) is None
    assert table.board.waiting((0, 1)) == 0
    assert table.board.waiting((3,)) == 1
    assert table.board.best((0, 1)) is None
    assert table.board.best(EVERY) == 3


def test_a_lease_is_finished_when_nothing_waits_and_nothing_is_out(table):
    table.add(1, [1, 2])
    one, two = table.take_piece(), table.take_piece()
    assert not table.board.finish(one)
    assert table.board.pop_finished(EVERY) == []
    assert table.board.finish(two)
    assert table.board.pop_finished(EVERY) == [lease(1)]
    assert table.board.tokens == set()


def test_what_is_put_back_is_next(table):
    table.add(1, [1, 2])
    table.board.put_back(table.take_piece())
    assert [table.take(), table.take()] == [1, 2]


def test_what_was_looked_up_long_ago_is_looked_up_again_in_order(table):
    table.add(1, [1, 2, 3])
    table.add(2, [4])
    assert table.take(now=5.0) == 1
    assert table.take(now=10.5) is None
    assert table.board.ready((2,)) == 0
    assert table.board.waiting((2,)) == 3
    table.look_up(until=20.0)
    assert [table.take(now=11.0) for _ in range(3)] == [2, 3, 4]


def test_what_is_not_to_be_sent_after_all_is_no_work(table):
    table.board.add(lease(1), [1, 2])
    ((hold, ids),) = table.board.to_look_up(9, 2)
    table.board.stock(hold, [], len(ids))
    assert table.take() is None
    assert table.board.pop_finished(EVERY) == [lease(1)]


def test_what_could_not_be_looked_up_waits(table):
    table.board.add(lease(1), [1, 2])
    for hold, ids in table.board.to_look_up(1, 2):
        table.board.not_looked_up(hold, ids)
    table.look_up()
    assert [table.take(), table.take()] == [1, 2]


def test_it_asks_once_for_more_when_little_is_ready(table):
    table.board.add(lease(1), range(20))
    table.look_up(most=6)
    table.board.expect(4)
    for _ in range(5):
        table.take()
    assert table.hungry == 1
    table.look_up(most=6)
    table.board.expect(4)
    assert [table.take() for _ in range(3)] == [5, 6, 7]
    assert table.hungry == 1


def test_it_asks_in_time_for_what_is_still_to_be_claimed(table):
    table.board.add(lease(1), range(6))
    table.look_up(most=6)
    table.board.expect(4)
    assert [table.take() for _ in range(3)] == [0, 1, 2]
    assert table.hungry == 1


def test_what_waits_in_a_lane_nobody_serves_is_given_back_when_nothing_is_out(table):
    table.add(1, [1, 2, 3])
    piece = table.take_piece()
    assert table.board.pop_finished((0, 1, 3)) == []
    assert table.take() == 2, "it may be served again in the meantime"
    table.board.finish(piece)
    table.board.put_back(Piece(piece.hold, standing(2), None, "", 10.0))
    assert table.board.pop_finished((0, 1, 3)) == [lease(1)]
    assert table.take() is None
    assert table.board.waiting(EVERY) == 0


def test_of_a_dispatch_that_is_stopped_nothing_more_is_handed_out(table):
    table.add(1, [1, 2], dispatch=1)
    table.add(2, [3], dispatch=2)
    piece = table.take_piece()
    table.board.close({1})
    assert [table.take(), table.take()] == [3, None]
    assert table.board.pop_finished(EVERY) == []
    table.board.put_back(piece)
    assert table.take() is None
    assert table.board.pop_finished(EVERY) == [lease(1)]


def test_after_clearing_nothing_comes_back(table):
    table.add(1, [1, 2])
    table.board.add(lease(2), [3])
    piece = table.take_piece()
    ((hold, ids),) = table.board.to_look_up(9, 2)
    table.board.clear()
    table.board.put_back(piece)
    table.board.stock(hold, [Piece(hold, standing(3), None, "", 10.0)], len(ids))
    assert table.take() is None
    assert table.board.waiting(EVERY) == 0
    assert table.board.pop_finished(EVERY) == []
