"""The best lane first, between any two messages; a lease is finished when nothing of it waits or is out."""

from tocsin.courier.ledger.ledger import Lease
from tocsin.courier.sending.board import Board

EVERY = {0, 1, 2, 3}


def lease(token, lane=2):
    return Lease(batch=token, token=token, dispatch=1, lane=lane, first=1, last=9, leased_us=1)


def test_a_better_lane_overtakes_between_two_deliveries():
    board = Board()
    board.add(lease(1, lane=3), [1, 2])
    first = board.take(EVERY)
    board.add(lease(2, lane=1), [7])
    assert [first.delivery, board.take(EVERY).delivery, board.take(EVERY).delivery] == [1, 7, 2]
    assert board.take(EVERY) is None


def test_a_relay_gets_only_its_lanes():
    board = Board()
    board.add(lease(1, lane=3), [1])
    assert board.take({0, 1}) is None
    assert board.waiting({0, 1}) == 0
    assert board.waiting({3}) == 1


def test_a_lease_is_finished_when_nothing_waits_and_nothing_is_out():
    board = Board()
    board.add(lease(1), [1, 2])
    one, two = board.take(EVERY), board.take(EVERY)
    board.finish(one)
    assert board.pop_finished() == []
    board.finish(two)
    assert board.pop_finished() == [lease(1)]
    assert board.tokens == set()


def test_what_is_put_back_is_next():
    board = Board()
    board.add(lease(1), [1, 2])
    job = board.take(EVERY)
    board.put_back(job)
    assert board.take(EVERY) == job


def test_what_waits_in_a_lane_nobody_serves_is_given_back_when_nothing_is_out():
    board = Board()
    board.add(lease(1), [1, 2, 3])
    job = board.take(EVERY)
    assert not board.serve(EVERY - {2})
    assert board.waiting(EVERY) == 0
    assert board.pop_finished() == []
    board.finish(job)
    assert board.pop_finished() == [lease(1)]


def test_what_rested_waits_again_while_something_of_its_lease_is_out():
    board = Board()
    board.add(lease(1), [1, 2, 3])
    board.take(EVERY)
    board.serve(EVERY - {2})
    assert board.serve(EVERY)
    assert not board.serve(EVERY)
    assert [board.take(EVERY).delivery, board.take(EVERY).delivery] == [2, 3]


def test_after_clearing_nothing_comes_back():
    board = Board()
    board.add(lease(1), [1])
    job = board.take(EVERY)
    board.clear()
    board.put_back(job)
    board.finish(job)
    assert board.take(EVERY) is None
    assert board.pop_finished() == []
