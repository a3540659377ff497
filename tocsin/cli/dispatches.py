"""The dispatch that a command names, and the question before it is changed."""

import sys
from typing import TYPE_CHECKING

import click

from tocsin.lib.errors import Refused

if TYPE_CHECKING:
    from tocsin.courier.models import Dispatch

NUMBER = click.IntRange(min=1)


def found(number: int) -> "Dispatch":
    """The dispatch of this number. Raises Refused."""
    from tocsin.courier.models import Dispatch

    dispatch = Dispatch.objects.filter(pk=number).first()
    if dispatch is not None:
        return dispatch
    newest = Dispatch.objects.order_by("id").last()
    known = f"The newest is dispatch {newest.pk}." if newest else "Nothing was told yet: publish a post first."
    raise Refused(f"There is no dispatch {number}.", known)


def ask(question: str, *, yes: bool) -> None:
    """Ask before something is done that cannot be undone. Raises Refused when there is nobody to ask, or the answer is no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused(f"{question} There is nobody here to answer.", "Add --yes if you are sure.")
    if not click.confirm(question, err=True):
        raise Refused("Nothing was done.")
