"""`tocsin subscribers`: people in from a CSV file, and out to one."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from tocsin.cli.django import setup
from tocsin.lib.errors import Refused

SHOWN = 20


@click.group()
def command() -> None:
    """Import or export subscribers."""


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--consent", required=True, help="How these people agreed to be written to, in words. Kept on record.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def import_(file: Path, consent: str, *, dry_run: bool, as_json: bool) -> None:
    """Subscribe the people in FILE, a CSV file with the columns email, name, topics and cadence."""
    setup()
    from tocsin.audience import csvfile, importing

    with _opened(file) as opened:
        table = csvfile.read(opened)
        if table.ignored:
            print(f"Columns that mean nothing here, left out: {', '.join(table.ignored)}", file=sys.stderr)
        source = os.fsencode(file.name).decode("utf-8", "replace")  # a file's name may be any bytes
        report = importing.import_rows(table.rows, consent=consent, source=source, dry_run=dry_run)
    rejected = [{"line": row.line, "reason": row.reason} for row in report.rejected]
    counts = {"added": report.added, "unchanged": report.unchanged, "kept_out": report.kept_out}
    if as_json:
        print(json.dumps({**counts, "rejected": rejected}, ensure_ascii=False))
        return
    print("Nothing was written: this is what would happen." if dry_run else "Done. Nobody was mailed.")
    print(f"  added      {report.added}\n  unchanged  {report.unchanged}  (subscribed already; their choices are kept)")
    print(f"  kept out   {report.kept_out}  (unsubscribed, or must not be written to)\n  rejected   {len(rejected)}")
    for row in report.rejected[:SHOWN]:
        print(f"    line {row.line}: {row.reason}")
    if len(rejected) > SHOWN:
        print(f"    ... and {len(rejected) - SHOWN} more: --json lists them all.")


@command.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--json", "as_json", is_flag=True, help="Write a JSON array instead of CSV.")
def export(file: Path | None, *, as_json: bool) -> None:
    """Write everybody who is subscribed to FILE, or to the terminal. `import` reads it back."""
    setup()
    from tocsin.audience import csvfile, exporting

    rows = (row[1:] for row in exporting.rows())
    with _written(file) as out:
        if as_json:
            json.dump([dict(zip(csvfile.COLUMNS, row, strict=True)) for row in rows], out, ensure_ascii=False, indent=1)
            out.write("\n")
        else:
            csvfile.write(rows, out)


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
