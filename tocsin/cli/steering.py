"""`tocsin dispatch cancel`, `resend-unsure`: what a person may do to a telling under way. Each asks first."""

import json
from typing import TYPE_CHECKING

import click

from tocsin.cli.dispatches import NUMBER, ask, found
from tocsin.cli.django import setup
from tocsin.lib.errors import Refused

if TYPE_CHECKING:
    from tocsin.courier.models import Dispatch
    from tocsin.courier.queries import Books

MAX_REASON = 200


@click.command("cancel")
@click.argument("number", metavar="ID", type=NUMBER)
@click.option("--reason", required=True, help="Why, in a few words. It is kept with every reader who is not told.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def cancel(number: int, reason: str, *, yes: bool, as_json: bool) -> None:
    """Tell nobody more of dispatch ID. Who was told stays told; everybody else is not, for the reason given."""
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= MAX_REASON:
        raise Refused(f"The reason must be 1 to {MAX_REASON} characters long.", 'Write --reason "Wrong date in it".')
    setup()
    from django.db import transaction

    from tocsin.courier import actions

    dispatch = found(number)
    ask(_what_cancelling_does(dispatch), yes=yes)
    with transaction.atomic():
        withdrawn = actions.cancel(dispatch, reason)
    if as_json:
        print(json.dumps({"dispatch": number, "suppressed": withdrawn}))
    else:
        print(f"Cancelled: {_readers(withdrawn)} will not be told. See: tocsin dispatch show {number}")


@click.command("resend-unsure")
@click.argument("number", metavar="ID", type=NUMBER)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def resend_unsure(number: int, *, yes: bool, as_json: bool) -> None:
    """Send dispatch ID once more to those for whom nobody knows whether the mail server took it."""
    setup()
    from django.db import transaction

    from tocsin.courier import actions
    from tocsin.courier.queries import books

    dispatch = found(number)
    unsure = books(number).unsure
    if not unsure:
        raise Refused(f"Nobody is unsure in dispatch {number}.", f"See: tocsin dispatch show {number}")
    ask(f"{_readers(unsure)} may already have “{dispatch.title}” and get it twice. Send it again?", yes=yes)
    with transaction.atomic():
        released = actions.resend_unsure(dispatch)
    if as_json:
        print(json.dumps({"dispatch": number, "resent": released}))
    else:
        print(f"{_readers(released)} will be sent it once more. See: tocsin dispatch watch {number}")


def _what_cancelling_does(dispatch: "Dispatch") -> str:
    """The question, with the numbers. Raises Refused when there is nothing to cancel."""
    from tocsin.courier.queries import books

    now = books(dispatch.pk)
    see = f"See: tocsin dispatch show {dispatch.pk}"
    if dispatch.cancelled_us:
        raise Refused(f"Dispatch {dispatch.pk} is cancelled already: {dispatch.cancel_reason}", see)
    untold = now.planned + now.deferred + now.unsure
    if not untold + now.sending:
        raise Refused(f"There is nothing left to cancel in dispatch {dispatch.pk}: it is settled.", see)
    return f"{_readers(untold)} will not be told of “{dispatch.title}”.{_stays(now)} Cancel it?"


def _stays(now: "Books") -> str:
    told = f" {now.accepted:,} were told, and that stays so." if now.accepted else ""
    on_the_way = f" {now.sending:,} are in hand and may still go out." if now.sending else ""
    return told + on_the_way


def _readers(number: int) -> str:
    return f"{number:,} {'reader' if number == 1 else 'readers'}"
