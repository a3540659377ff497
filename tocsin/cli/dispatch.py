"""`tocsin dispatch show ID`: who was told, who was not, and why."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from tocsin.cli.django import setup
from tocsin.desk.legend import LEGEND
from tocsin.lib.errors import Refused

if TYPE_CHECKING:
    from tocsin.courier.models import Dispatch
    from tocsin.courier.queries import Books, Listed

STATES = ", ".join(LEGEND)


@click.group()
def command() -> None:
    """Show who was told, who was not, and why."""


@command.command("show")
@click.argument("number", metavar="ID", type=click.IntRange(min=1))
@click.option("--list", "state", metavar="STATE", help=f"Also list the deliveries in one state: {STATES}.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def show(number: int, state: str | None, *, as_json: bool) -> None:
    """The books of dispatch ID: its audience, and where each delivery stands."""
    if state is not None and state not in LEGEND:
        raise Refused(f"There is no state “{state}”.", f"Choose one of: {STATES}.")
    setup()
    from tocsin.courier.models import Dispatch
    from tocsin.courier.queries import books, listing

    dispatch = Dispatch.objects.filter(pk=number).first()
    if dispatch is None:
        newest = Dispatch.objects.order_by("id").last()
        known = f"The newest is dispatch {newest.pk}." if newest else "Nothing was told yet: publish a post first."
        raise Refused(f"There is no dispatch {number}.", known)
    rows = list(listing(number, state)) if state else None
    if as_json:
        print(json.dumps(_as_json(books(number), rows), ensure_ascii=False))
    else:
        _print(dispatch, books(number), state, rows)


def _as_json(books: "Books", rows: "list[Listed] | None") -> dict[str, object]:
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
        table.add_row(str(number), name, words.meaning, style="" if number else "dim")
    console.print(table)
    console.print("Settled." if books.settled else "Not settled yet.")
    if rows is not None:
        console.print(Text(f"\n{state}: {len(rows)}", style="bold"))
        for row in rows:
            console.print(
                Text(f"{row.at:%Y-%m-%d %H:%M:%S}Z  {row.address}  attempts: {row.attempts}  {row.reply}"),
                soft_wrap=True,
            )
