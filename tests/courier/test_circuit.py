"""A relay in trouble is left alone, longer each time, and tried by one connection."""

from random import Random

import pytest

from tocsin.courier.sending.circuit import LONGEST_WAIT, Circuit, Phase


@pytest.fixture
def circuit():
    return Circuit(Random(1))


def wait_after(circuit, failures):
    now = 0.0
    for _ in range(failures):
        now += circuit.wait(now)
        assert circuit.begin_trial(now)
        circuit.fail("connection refused", now)
    return circuit.wait(now)


def test_one_connection_tries_before_any_work_is_taken(circuit):
    assert not circuit.takes_work
    assert circuit.begin_trial(0.0)
    assert not circuit.begin_trial(0.0)
    assert circuit.takes_work
    assert circuit.work()
    assert circuit.phase is Phase.CLOSED


def test_the_wait_doubles_up_to_its_limit():
    waits = [wait_after(Circuit(Random(1)), failures) for failures in range(1, 9)]
    assert 0.8 <= waits[0] <= 1.2
    assert 1.6 <= waits[1] <= 2.4
    assert 3.2 <= waits[2] <= 4.8
    assert all(wait <= LONGEST_WAIT * 1.2 for wait in waits)
    assert waits[-1] >= LONGEST_WAIT * 0.8


def test_connections_that_meet_the_same_trouble_count_once(circuit):
    circuit.begin_trial(0.0)
    circuit.work()
    for _ in range(4):
        circuit.fail("421 closing", 10.0)
    assert circuit.wait(10.0) <= 1.2
    assert circuit.trouble == "421 closing"


def test_success_forgets_the_trouble(circuit):
    wait_after(circuit, 5)
    assert circuit.begin_trial(1000.0)
    assert circuit.work()
    assert not circuit.work()
    assert circuit.trouble == ""
    circuit.fail("again", 2000.0)
    assert circuit.wait(2000.0) <= 1.2


def test_a_trial_that_met_nothing_may_be_repeated_at_once(circuit):
    assert circuit.begin_trial(0.0)
    circuit.give_up()
    assert not circuit.takes_work
    assert circuit.begin_trial(0.0)
