"""`tocsin dispatch watch ID`: one telling under way, until it is settled."""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from tocsin.cli.dispatches import NUMBER, found
from tocsin.cli.django import setup
from tocsin.courier.states import State
from tocsin.desk.legend import LEGEND, outlook

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tocsin.courier.models import Dispatch
    from tocsin.courier.queries import Progress

EVERY = 1.0
LOOKING_SHARE = 0.2
"""Counting a large telling takes a while: at most this share of the time goes into it."""
SHOWN_REASONS = 8


@click.command("watch")
@click.argument("number", metavar="ID", type=NUMBER)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON a second.")
def watch(number: int, *, as_json: bool) -> None:
    """Watch dispatch ID until it is settled: its progress, pace and time left, and why deliveries wait or failed."""
    setup()
    dispatch = found(number)
    if as_json:
        for progress in _looks(number):
            print(json.dumps(as_object(progress), ensure_ascii=False), flush=True)
    elif sys.stdout.isatty():
        _watch_on_terminal(dispatch)
    else:
        _watch_in_lines(dispatch)


def as_object(progress: "Progress") -> dict[str, Any]:
    """A look as JSON has it."""
    return {
        **asdict(progress.books),
        "settled": progress.books.settled,
        "waiting": progress.waiting,
        "paused": progress.paused,
        "rate": round(progress.rate, 1),
        "seconds_left": None if progress.seconds_left is None else round(progress.seconds_left),
        "next_try": progress.next_try and progress.next_try.isoformat(timespec="seconds"),
        "reasons": [
            {"state": reason.state, "words": reason.words, "number": reason.number} for reason in progress.reasons
        ],
    }


def line(progress: "Progress") -> str:
    """A look as one line of text."""
    books = progress.books
    aside = (State.DEFERRED, State.UNSURE, State.FAILED, State.SUPPRESSED, State.BOUNCED, State.COMPLAINED)
    notes = [
        f"{getattr(books, state):,} {str(LEGEND[state].label).lower()}" for state in aside if getattr(books, state)
    ]
    return "; ".join(
        [f"{progress.percent:3} %  {progress.settled:,} of {books.audience:,} settled", outlook(progress), *notes]
    )


def picture(dispatch: "Dispatch", progress: "Progress") -> "RenderableType":
    """A look as a terminal shows it."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    bar = Table.grid(padding=(0, 2))
    settled = f"{progress.settled:,} of {progress.books.audience:,}"
    drawn = ProgressBar(
        total=progress.books.audience,
        completed=progress.settled,
        width=40,
        complete_style="cyan",
        finished_style="green",
    )
    bar.add_row(drawn, f"{progress.percent} %", settled, outlook(progress))
    reasons = Table.grid(padding=(0, 2))
    reasons.add_column(justify="right")
    for reason in progress.reasons[:SHOWN_REASONS]:
        reasons.add_row(f"{reason.number:,}", str(LEGEND[reason.state].label).lower(), Text(reason.words or "no words"))
    return Group(Text(str(dispatch), style="bold"), bar, Padding(reasons, (1, 0, 0, 0)))


def _watch_on_terminal(dispatch: "Dispatch") -> None:
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(highlight=False), auto_refresh=False) as live:
        for progress in _looks(dispatch.pk):
            live.update(picture(dispatch, progress), refresh=True)


def _watch_in_lines(dispatch: "Dispatch") -> None:
    """For a file or a pipe: a line whenever something changed."""
    print(dispatch, flush=True)
    said = ""
    for progress in _looks(dispatch.pk):
        if (now := line(progress)) != said:
            print(said := now, flush=True)


def _looks(number: int) -> "Iterator[Progress]":
    from tocsin.courier.queries import progress

    while True:
        began = time.monotonic()
        look = progress(number)
        took = time.monotonic() - began
        yield look
        if look.books.settled:
            return
        time.sleep(max(EVERY, took / LOOKING_SHARE) - took)
