"""`tocsin courier`: the process that sends. Loads no Django."""

import logging

import click

from tocsin.lib import config


@click.command("courier")
def command() -> None:
    """Send what is planned."""
    from tocsin.channels.email.channel import EmailChannel
    from tocsin.courier.sending import process

    settings = config.current()
    logging.basicConfig(level=settings.log_level.upper(), format="{asctime} {levelname} {name}: {message}", style="{")
    process.run(settings, EmailChannel.from_config(settings))
