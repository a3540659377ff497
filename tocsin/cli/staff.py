"""`tocsin staff`: help for those who work in the newsroom and cannot get in."""

import click

from tocsin.cli.django import setup
from tocsin.lib.errors import Refused


@click.group()
def command() -> None:
    """Help those who work in the newsroom."""


@command.command("reset-two-step")
@click.argument("username")
def reset_two_step(username: str) -> None:
    """Let USERNAME in with the password alone again: the phone is lost, and so are the recovery codes."""
    setup()
    from tocsin.desk.login import codes
    from tocsin.desk.models import User

    user = User.objects.filter(username=username).first()
    if user is None:
        raise Refused(f"Nobody called {username} works here.", "The newsroom lists its users under Settings, Users.")
    if codes.switch_off(user):
        print(f"Two-step login of {username} is off. They can switch it on again under Account.")
    else:
        print(f"Two-step login of {username} was off already.")
