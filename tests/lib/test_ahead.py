"""An iterator made in a process of its own: the same items, the same errors, and nothing left behind."""

import os
import select
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tocsin.lib.ahead import FEW, made_ahead
from tocsin.lib.errors import BadEnvironment, Refused


def makers(number: int) -> Iterator[tuple[int, int]]:
    """The numbers up to `number`, each with the process it was made in."""
    for item in range(number):
        yield item, os.getpid()


def test_the_items_are_the_same_and_made_elsewhere():
    items = list(made_ahead(makers(1000)))
    assert [item for item, _ in items] == list(range(1000))
    assert {maker for _, maker in items[:FEW]} == {os.getpid()}
    assert len({maker for _, maker in items[FEW:]} - {os.getpid()}) == 1


@pytest.mark.parametrize("number", range(FEW + 2))
def test_however_few_there_are(number):
    items = list(made_ahead(makers(number)))
    assert [item for item, _ in items] == list(range(number))
    assert {maker for _, maker in items[:FEW]} <= {os.getpid()}


def test_a_process_with_threads_is_not_forked():
    leave = threading.Event()
    thread = threading.Thread(target=leave.wait)
    thread.start()
    try:
        assert {maker for _, maker in made_ahead(makers(10))} == {os.getpid()}
    finally:
        leave.set()
        thread.join()


def test_what_making_them_raises_is_raised_where_they_are_taken():
    def items() -> Iterator[int]:
        yield from range(5)
        raise Refused("The file ends in the middle.", "Give it again.")

    taken = []
    with pytest.raises(Refused, match="ends in the middle") as caught:
        taken.extend(made_ahead(items()))
    assert (taken, caught.value.mend) == ([0, 1, 2, 3, 4], "Give it again.")


def test_a_maker_that_is_killed_is_noticed():
    def items() -> Iterator[int]:
        yield from range(5)
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(BadEnvironment, match="killed"):
        list(made_ahead(items()))


def test_nothing_is_left_of_a_maker_nobody_takes_from():
    items = made_ahead(makers(10**9))
    maker = [next(items) for _ in range(FEW + 1)][-1][1]
    assert maker != os.getpid()
    items.close()
    with pytest.raises(ProcessLookupError):
        os.kill(maker, 0)


def test_a_maker_ends_by_itself_when_who_takes_is_killed():
    reading, writing = os.pipe()
    taker = os.fork()
    if not taker:
        for item, maker in made_ahead(makers(10**9)):
            if item == FEW:
                os.write(writing, str(maker).encode())
        os._exit(0)
    os.close(writing)
    maker = int(os.read(reading, 20))
    assert maker != taker
    os.kill(taker, signal.SIGKILL)
    os.waitpid(taker, 0)
    try:
        assert select.select([reading], [], [], 30)[0], "the maker is still there and holds the pipe's other end"
        assert os.read(reading, 20) == b""
    finally:
        with suppress(ProcessLookupError):
            os.kill(maker, signal.SIGKILL)
        os.close(reading)
