"""`tocsin dispatch`: what was told, to whom, who was not, and why."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from tocsin.cli.dispatches import NUMBER, found
from tocsin.cli.django import setup
from tocsin.cli.steering import cancel, pause, resend_unsure, resume
from tocsin.cli.watching import watch
from tocsin.desk.legend import LEGEND
from tocsin.lib.errors import Refused

if TYPE_CHECKING:
    from tocsin.courier.models import Dispatch
    from tocsin.courier.queries import Books, Listed
    from tocsin.desk.queries import Telling

STATES = ", ".join(LEGEND)
NO_TERMINAL = 1000
"""Columns for a program or a file: nothing is cut off."""


@click.group()
def command() -> None:
    """Show, watch and steer tellings: who was told, who was not, and why."""


for each in (watch, pause, resume, cancel, resend_unsure):
    command.add_command(each)


@command.command("show")
@click.argument("number", metavar="ID", type=NUMBER)
@click.option("--list", "state", metavar="STATE", help=f"Also list the deliveries in one state: {STATES}.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def show(number: int, state: str | None, *, as_json: bool) -> None:
    """The books of dispatch ID: its audience, and where each delivery stands."""
    if state is not None and state not in LEGEND:
        raise Refused(f"There is no state “{state}”.", f"Choose one of: {STATES}.")
    setup()
    from tocsin.courier.queries import books, listing

    dispatch = found(number)
    rows = list(listing(number, state)) if state else None
    if as_json:
        print(json.dumps(_as_json(books(number), rows), ensure_ascii=False))
    else:
        _print(dispatch, books(number), state, rows)


@command.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="How many, the newest first.")
@click.option("--all", "every", is_flag=True, help="Also mail to a single reader and to the staff.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def list_(limit: int, *, every: bool, as_json: bool) -> None:
    """The dispatches, newest first, and how each of them stands."""
    setup()
    from tocsin.courier.models import Dispatch
    from tocsin.desk import queries

    some = (Dispatch.objects.order_by("-id") if every else queries.tellings())[:limit]
    tellings = [queries.telling(dispatch) for dispatch in some]
    if as_json:
        print(json.dumps([_as_entry(telling) for telling in tellings], ensure_ascii=False))
    elif tellings:
        _print_list(tellings)
    else:
        print("Nothing was told yet.")


def _as_entry(telling: "Telling") -> dict[str, object]:
    dispatch = telling.dispatch
    about = {"dispatch": dispatch.pk, "kind": dispatch.kind, "title": dispatch.title}
    stops = {"paused": dispatch.paused_us is not None, "cancelled": dispatch.cancelled_us is not None}
    return {**about, "at": telling.at.isoformat(timespec="seconds"), **stops, **_as_json(telling.books)}


def _print_list(tellings: "list[Telling]") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = NO_TERMINAL
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", expand=console.is_terminal)
    for name in ("ID", "When (UTC)", "What", "State", "Readers", "Accepted", "To come", "Title"):
        number = name in {"ID", "Readers", "Accepted", "To come"}
        table.add_column(
            name, justify="right" if number else "left", no_wrap=True, ratio=1 if name == "Title" else None
        )
    for telling in tellings:
        books = telling.books
        numbers = (books.audience, books.accepted, books.planned + books.sending + books.deferred)
        table.add_row(
            str(telling.dispatch.pk),
            f"{telling.at:%Y-%m-%d %H:%M}",
            telling.dispatch.get_kind_display(),
            str(telling.standing),
            *(f"{number:,}" for number in numbers),
            Text(telling.dispatch.title),
        )
    console.print(table)


def _as_json(books: "Books", rows: "list[Listed] | None" = None) -> dict[str, object]:
    answer: dict[str, object] = {**asdict(books), "settled": books.settled}
    if rows is not None:
        answer["rows"] = [{**asdict(row), "at": row.at.isoformat(timespec="seconds")} for row in rows]
    return answer


def _print(dispatch: "Dispatch", books: "Books", state: str | None, rows: "list[Listed] | None") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text(str(dispatch), style="bold"))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_row(str(books.audience), "audience", "were to be told")
    for name, words in LEGEND.items():
        number = getattr(books, name)
        table.add_row(str(number), name, str(words.meaning), style="" if number else "dim")
    console.print(table)
    console.print("Settled." if books.settled else "Not settled yet.")
    if rows is not None:
        console.print(Text(f"\n{state}: {len(rows)}", style="bold"))
        for row in rows:
            console.print(
                Text(f"{row.at:%Y-%m-%d %H:%M:%S}Z  {row.address}  attempts: {row.attempts}  {row.reply}"),
                soft_wrap=True,
            )
