"""`tocsin inbox`: the demo's caught-mail sink. Never runs beside a configured relay."""

import socket

import click

from tocsin.cli import listening
from tocsin.lib import config
from tocsin.lib.errors import BadEnvironment


@click.command("inbox")
@click.option("--fd", type=int, hidden=True, help="A listening socket handed over by `tocsin up`.")
def command(fd: int | None) -> None:
    """Catch the demo's mail instead of sending it."""
    from tocsin.channels.email import caught, sink

    settings = config.current()
    if not settings.inbox_enabled:
        raise BadEnvironment(
            "The inbox is part of the demo and is off when a relay is configured.",
            "Start the demo with scripts/up, without TOCSIN_RELAYS.",
        )
    listener = socket.socket(fileno=fd) if fd is not None else listening.listen(settings.inbox_port)
    sink.run(listener, caught.inbox())
