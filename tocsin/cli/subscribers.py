"""`tocsin subscribers`: people in from a file, and out to one."""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from tocsin.cli.django import setup
from tocsin.lib.errors import BadUsage, Refused

if TYPE_CHECKING:
    from tocsin.audience.exchange.importing import Counts, Plan, Progress
    from tocsin.audience.exchange.reading import Choices, Form

SHOWN = 20
ENCODINGS = ("utf-8", "utf-16", "windows-1251", "windows-1252", "latin-1")
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
SOURCES = (
    "tocsin",
    "mailchimp",
    "substack",
    "ghost",
    "buttondown",
    "mailpoet",
    "listmonk",
    "acymailing",
    "easyblog",
    "plain",
)
STANDINGS = ("subscribed", "unsubscribed", "bounced", "complained", "blocked")
STATUSES = ("subscribed", "unconfirmed", "unsubscribed", "bounced", "complained", "blocked", "all")
PROGRESS_SECONDS = 1.0


@click.group()
def command() -> None:
    """Import or export subscribers."""


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--consent", required=True, help="How these people agreed to be written to, in words. Kept on record.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write what becomes of whom, as CSV.")
@click.option("--source", type=click.Choice(SOURCES), help="The program that wrote the file.")
@click.option("--encoding", type=click.Choice(ENCODINGS), help="The encoding of the file.")
@click.option("--delimiter", type=click.Choice(list(DELIMITERS)), help="What separates its fields.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="OURS=THEIRS",
    help="Which column is which; OURS= for none. Repeatable.",
)
@click.option("--topics", default="", help="Topics of whoever's row names none, joined by |. Default: everything.")
@click.option("--cadence", default="", help="Pace of whoever's row names none. Default: instant.")
@click.option("--status", type=click.Choice(STANDINGS), help="Where everybody in the file stands, whatever it says.")
def import_(
    file: Path,
    consent: str,
    *,
    dry_run: bool,
    as_json: bool,
    report: Path | None,
    topics: str,
    cadence: str,
    status: str | None,
    **said: Any,
) -> None:
    """Subscribe the people in FILE: a CSV file of another program, or one with the columns email, name, topics, cadence."""
    choices = _choices(**said)
    setup()
    from tocsin.audience.exchange import importing, outcomes, reading
    from tocsin.audience.exchange.columns import Standing
    from tocsin.audience.exchange.people import Terms

    consent = importing.stated(consent)
    terms = Terms(topics, cadence, Standing[status.upper()] if status else None)
    show_progress = _Progress()
    with _opened(file) as opened:
        table = reading.read(opened, choices)
        _say_what(table.form)
        with importing.planned(table, terms, show_progress) as plan:
            counts = plan.counts()
            if report:
                with _written(report) as out:
                    outcomes.write(plan.outcomes(), out)
            if not dry_run:
                source = os.fsencode(file.name).decode("utf-8", "replace")  # a file's name may be any bytes
                counts = plan.write(consent, source, report=show_progress)
            show_progress.end()
            _print_json(plan, counts) if as_json else _print(plan, counts, dry_run=dry_run)


@command.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--json", "as_json", is_flag=True, help="Write a JSON array instead of CSV.")
@click.option("--status", type=click.Choice(STATUSES), default="subscribed", help="Who. Default: who is subscribed.")
@click.option("--topic", default="", help="Only who follows this topic (author:SLUG: an author, *: everything).")
@click.option("--full", is_flag=True, help="With status, language, hours, breaks and the consent on record.")
def export(file: Path | None, *, as_json: bool, status: str, topic: str, full: bool) -> None:
    """Write subscribers to FILE, or to the terminal. `import` reads it back."""
    setup()
    from tocsin.audience.exchange import exporting
    from tocsin.audience.exchange.exports import logged

    wanted = exporting.Filter(exporting.Status(status), topic, full)
    with _written(file) as out, logged(wanted, who="command line") as rows:
        if as_json:
            _write_json((dict(zip(wanted.columns, row, strict=True)) for row in rows), out)
            out.write("\n")
        else:
            exporting.write(rows, wanted.columns, out)


class _Progress:
    """Says on the terminal how far an import is, once a second."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._said = False

    def __call__(self, progress: "Progress") -> None:
        if sys.stderr.isatty() and time.monotonic() - self._last >= PROGRESS_SECONDS:
            self._last, self._said = time.monotonic(), True
            text = (
                f"{progress.done:,} of {progress.total:,} written"
                if progress.total
                else f"{progress.done:,} lines read"
            )
            print(f"\r{text:40}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._said:
            print(file=sys.stderr)


def _choices(source: str | None, encoding: str | None, delimiter: str | None, columns: tuple[str, ...]) -> "Choices":
    setup()
    from tocsin.audience.exchange.columns import Column
    from tocsin.audience.exchange.reading import Choices

    mapping = {}
    for text in columns:
        ours, equals, theirs = text.partition("=")
        if not equals or ours not in set(Column):
            raise BadUsage(
                f"--column {text} does not say which column is which.",
                f"Write --column OURS=THEIRS, where OURS is one of {', '.join(Column)}.",
            )
        mapping[ours] = theirs
    return Choices(encoding or "", DELIMITERS[delimiter] if delimiter else "", source or "", mapping)


def _recognised(form: "Form") -> dict[str, Any]:
    from tocsin.audience.exchange.rows import DELIMITERS as NAMES

    return {
        "source": form.source.key,
        "encoding": form.encoding.name,
        "encoding_guessed": form.encoding.guessed,
        "delimiter": NAMES.get(form.delimiter, form.delimiter),
        "columns": dict(form.meanings),
        "ignored": list(form.ignored),
    }


def _say_what(form: "Form") -> None:
    """What was recognised, for people: on the error stream, so that it is in nobody's way."""
    found = _recognised(form)
    guess = " (a guess: say --encoding if letters look wrong)" if form.encoding.guessed else ""
    print(f"Read as {form.source.name}: {found['encoding']}{guess}, {found['delimiter']}.", file=sys.stderr)
    print("Columns: " + ", ".join(f"{theirs} = {ours}" for theirs, ours in form.meanings) + ".", file=sys.stderr)
    if form.ignored:
        print(f"Columns that mean nothing here, left out: {', '.join(form.ignored)}.", file=sys.stderr)


def _print_json(plan: "Plan", counts: "Counts") -> None:
    """One object; the rejected rows are never all in memory."""
    whole = json.dumps({**asdict(counts), "recognised": _recognised(plan.form)}, ensure_ascii=False)
    sys.stdout.write(whole[:-1] + ', "rejected": ')
    _write_json(({"line": row.line, "reason": row.reason} for row in plan.rejects), sys.stdout)
    sys.stdout.write("}\n")


def _write_json(rows: Iterator[dict[str, Any]], out: IO[str]) -> None:
    """An array of objects, one after the other."""
    out.write("[")
    for number, row in enumerate(rows):
        out.write((",\n " if number else "\n ") + json.dumps(row, ensure_ascii=False))
    out.write("\n]")


def _print(plan: "Plan", counts: "Counts", *, dry_run: bool) -> None:
    print("Nothing was written: this is what would happen." if dry_run else "Done. Nobody was mailed.")
    print(f"  added      {counts.added}\n  unchanged  {counts.unchanged}  (subscribed already; their choices are kept)")
    print(f"  kept out   {counts.kept_out}  (unsubscribed, not confirmed, or must not be written to)")
    print(f"             {counts.suppressed} of them because this file says so")
    print(f"  repeated   {counts.repeated}  (further rows of an address)\n  rejected   {len(plan.rejects)}")
    for number, row in enumerate(plan.rejects):
        if number == SHOWN:
            print(f"    ... and {len(plan.rejects) - SHOWN} more: --report FILE lists them all.")
            break
        print(f"    line {row.line}: {row.reason}")


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """The file, in a form that can be read twice: a pipe is copied first."""
    try:
        with path.open("rb") as file:
            if file.seekable():
                yield file
                return
            with tempfile.TemporaryFile() as copy:
                while chunk := file.read(1 << 20):
                    copy.write(chunk)
                copy.seek(0)
                yield copy
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.", "Give the path of a readable CSV file.") from error


@contextmanager
def _written(path: Path | None) -> Iterator[IO[str]]:
    """Standard output, or a file only its owner can read that appears when it is whole."""
    if path is None:
        yield sys.stdout
        return
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
