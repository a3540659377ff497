"""Work for a second core: an iterator whose items are made in a process of its own while the ones before are being used."""

import gc
import multiprocessing
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any, Final, TypeVar

from tocsin.lib.errors import BadEnvironment

Item = TypeVar("Item")
FEW: Final = 2
ENDED: Final = "ended"
FAILED: Final = "failed"
MADE: Final = "made"


def made_ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Give `items`, each pickled on the way, a few ahead of whoever takes them. What making them raises is raised here.

    `items` is used up in a fork of this process: it must not touch a database connection, and what it changes stays there.
    The first few are made here, as they may be all. So are the others in a process with other threads: it is not forked,
    as their locks would stay locked in the fork.
    Raises BadEnvironment if the process was killed.
    """
    items = iter(items)
    few = list(islice(items, FEW))
    yield from few
    if len(few) < FEW or threading.active_count() > 1:
        yield from items
        return
    fork = multiprocessing.get_context("fork")
    taking, giving = fork.Pipe(duplex=False)
    maker = fork.Process(target=_make, args=(items, taking, giving), daemon=True)
    maker.start()
    giving.close()
    try:
        yield from _taken(taking)
    finally:
        taking.close()
        maker.kill()
        maker.join()


def _taken(taking: Connection) -> Iterator[Any]:
    while True:
        try:
            what, item = taking.recv()
        except EOFError as ended:
            raise BadEnvironment(
                "A process that did part of the work was killed.", "Was there too little memory? Try again."
            ) from ended
        if what == ENDED:
            return
        if what == FAILED:
            raise item
        yield item


def _make(items: Iterable[object], taking: Connection, giving: Connection) -> None:
    """In the fork. It ends when nobody takes anything any more, as when its parent was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Control-C is for the parent
    taking.close()
    gc.freeze()  # what the parent has stays shared
    with suppress(BrokenPipeError):
        try:
            for item in items:
                giving.send((MADE, item))
            giving.send((ENDED, None))
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 - it is the parent's
            giving.send((FAILED, error))
