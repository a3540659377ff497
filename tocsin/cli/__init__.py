"""The `tocsin` command: its subcommands' names, and the one place where errors become words and exit codes.

Each subcommand is the click command called `command` in the module of its name, imported only when it is called.
Modules import Django inside their functions, after `tocsin.cli.django.setup()`, so that `up`, `courier` and
`inbox` never pay for it. A command may return its exit code; nothing means 0.
"""

import importlib
import json
import os
import sys
import traceback
from collections.abc import Sequence

import click

from tocsin import __version__
from tocsin.lib.errors import BadEnvironment, BadUsage, TocsinError

COMMANDS: dict[str, str] = {
    "up": "Start everything: site, worker, courier.",
    "prepare": "Bring the database to this version; fill an empty one.",
    "web": "Serve the site and the newsroom.",
    "worker": "Run background tasks and the clock.",
    "courier": "Send what is planned.",
    "inbox": "Catch the demo's mail.",
    "publish": "Publish a file as an editor would.",
    "dispatch": "Show who was told, who was not, and why.",
    "subscribers": "Import or export subscribers.",
    "staff": "Help those who work in the newsroom and cannot get in.",
    "bench": "Measure how fast this machine and this commit are.",
    "doctor": "Say what is wrong with this installation and how to mend it.",
}
INTERRUPTED = 130
PIPE_CLOSED = 141


class Commands(click.Group):
    """A group that knows its subcommands by name and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"tocsin.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tocsin")
def group() -> None:
    """Tocsin: publish news and alerts, and tell every reader who asked, once."""


def main() -> None:
    """Run the command line of this process and exit. What it writes is its owner's alone: much of it is personal."""
    os.umask(0o077)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit code. Errors are told here and nowhere else."""
    try:
        result = group.main(args=list(arguments), prog_name="tocsin", standalone_mode=False)
        sys.stdout.flush()
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough (`| head`). Keep the interpreter's last flush from complaining.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except Exception as error:  # noqa: BLE001 - the last resort of the command line
        return _tell(_as_tocsin_error(error), as_json="--json" in arguments)
    return result if isinstance(result, int) else 0


def _as_tocsin_error(error: Exception) -> TocsinError:
    if isinstance(error, TocsinError):
        return error
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        hint = f"{context.command_path} --help" if context else "tocsin --help"
        return BadUsage(error.format_message(), f"See: {hint}")
    if os.environ.get("TOCSIN_LOG_LEVEL", "").lower() == "debug":
        traceback.print_exception(error)
    if _is_database_trouble(error):
        return BadEnvironment(f"The database cannot be used: {error}".strip(), "Run tocsin doctor: it says why.")
    if isinstance(error, OSError):
        return BadEnvironment(str(error), "Check the path, its permissions and the free space.")
    return BadEnvironment(
        f"Something went wrong inside Tocsin: {type(error).__name__}: {error}",
        "Run it again with TOCSIN_LOG_LEVEL=debug to see where, and please report it.",
    )


def _is_database_trouble(error: Exception) -> bool:
    module = sys.modules.get("django.db.utils")
    return module is not None and isinstance(error, (module.OperationalError, module.InterfaceError))


def _tell(error: TocsinError, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"error": error.message, "mend": error.mend}, ensure_ascii=False))
    else:
        print(f"tocsin: {error.message}", file=sys.stderr)
        if error.mend:
            print(f"  {error.mend}", file=sys.stderr)
    return error.exit_code
