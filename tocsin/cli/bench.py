"""`tocsin bench`: how fast this machine and this commit are. What is measured lies in `bench/`, beside the package."""

import importlib
import json
import signal
import sys
from pathlib import Path
from typing import Any

import click

from tocsin.lib import config
from tocsin.lib.errors import BadEnvironment


@click.group()
def command() -> None:
    """Measure sending and reading against their targets. Needs a checkout of Tocsin."""


@command.command("send")
@click.option("--only", "only", multiple=True, metavar="NAME", help="Measure this figure. Repeatable.")
@click.option("--quick", is_flag=True, help="Fewer and smaller measurements, marked as such.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def send(only: tuple[str, ...], *, quick: bool, as_json: bool) -> None:
    """Measure the courier on this machine, on 127.0.0.1 alone. Everything made for it is removed at the end."""
    show(_from_checkout("bench.send.catalogue").run(only, quick=quick, say=_say), as_json=as_json)


@command.command("read")
@click.option("--only", "only", multiple=True, metavar="NAME", help="Measure this figure. Repeatable.")
@click.option(
    "--post", type=click.Path(path_type=Path, exists=True), help="The post to publish and read. Default: one of ours."
)
@click.option("--quick", is_flag=True, help="Fewer and smaller measurements, marked as such.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def read(only: tuple[str, ...], *, post: Path | None, quick: bool, as_json: bool) -> None:
    """Measure the reader's site on this machine, against nginx. Everything made for it is removed at the end."""
    show(_from_checkout("bench.read.catalogue").run(only, post=post, quick=quick, say=_say), as_json=as_json)


@command.command("import")
@click.option("--only", "only", multiple=True, metavar="NAME", help="Measure this figure. Repeatable.")
@click.option("--quick", is_flag=True, help="Fewer and smaller measurements, marked as such.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def import_(only: tuple[str, ...], *, quick: bool, as_json: bool) -> None:
    """Measure importing and exporting readers. Everything made for it is removed at the end."""
    show(_from_checkout("bench.people.catalogue").run(only, quick=quick, say=_say), as_json=as_json)


def show(report: Any, *, as_json: bool) -> None:
    """Print a `bench.report.Report`."""
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        report.show()


def _from_checkout(module: str) -> Any:
    """A module of `bench/`. From here on SIGTERM ends like Ctrl-C, so that everything is tidied up. Raises BadEnvironment."""
    if not (config.ROOT / "bench" / "__init__.py").exists():
        raise BadEnvironment(
            "The benchmarks are not installed with Tocsin.", "Run it from a checkout: .venv/bin/tocsin bench send"
        )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.path.insert(0, str(config.ROOT))
    return importlib.import_module(module)


def _say(text: str) -> None:
    print(f"tocsin: {text}", file=sys.stderr, flush=True)
