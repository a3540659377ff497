"""`tocsin dispatch pause`, `resume`, `cancel`, `resend-unsure`: what a person may do to a telling under way.

What cannot be taken back is asked about first.
"""

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


@click.command("pause")
@click.argument("number", metavar="ID", type=NUMBER)
@click.option("--reason", default="", help="Why, in a few words, for whoever looks at it.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def pause(number: int, reason: str, *, as_json: bool) -> None:
    """Send nothing more of dispatch ID until it is resumed. What is on its way stays so."""
    setup()
    from django.db import transaction

    from tocsin.courier import actions
    from tocsin.courier.queries import books

    dispatch, now = found(number), books(number)
    _refuse_if_over(dispatch, now)
    with transaction.atomic():
        paused = actions.pause(dispatch, " ".join(reason.split())[:MAX_REASON])
    if not paused:
        raise Refused(f"Dispatch {number} is paused already.", f"Go on with: tocsin dispatch resume {number}")
    waiting = now.planned + now.deferred + now.unsure
    if as_json:
        print(json.dumps({"dispatch": number, "paused": True, "waiting": waiting}))
    else:
        print(f"Paused: {_readers(waiting)} wait.{_in_hand(now)} Go on with: tocsin dispatch resume {number}")


@click.command("resume")
@click.argument("number", metavar="ID", type=NUMBER, required=False)
@click.option(
    "--all", "every", is_flag=True, help="Everything that was held because the database was restored or copied."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def resume(number: int | None, *, every: bool, as_json: bool) -> None:
    """Go on with dispatch ID, or with everything that a restored or copied database held back."""
    if (number is None) != every:
        raise click.UsageError("Give either the ID of a dispatch or --all.")
    setup()
    from django.db import transaction

    from tocsin.courier import actions, queries

    with transaction.atomic():
        was_held = queries.is_held()
        resumed = actions.resume_all() if number is None else int(actions.resume(found(number)))
    if not resumed and not (every and was_held):
        raise Refused("Nothing is held back." if number is None else f"Dispatch {number} is not paused.")
    if as_json:
        print(json.dumps({"resumed": resumed}))
    else:
        print(f"Resumed: {resumed} {'dispatch' if resumed == 1 else 'dispatches'}. See: tocsin dispatch list")


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
    _refuse_if_over(dispatch, now)
    untold = now.planned + now.deferred + now.unsure
    return f"{_readers(untold)} will not be told of “{dispatch.title}”.{_stays(now)} Cancel it?"


def _refuse_if_over(dispatch: "Dispatch", now: "Books") -> None:
    see = f"See: tocsin dispatch show {dispatch.pk}"
    if dispatch.cancelled_us:
        raise Refused(f"Dispatch {dispatch.pk} is cancelled already: {dispatch.cancel_reason}", see)
    if now.settled and not now.unsure:
        raise Refused(f"Dispatch {dispatch.pk} is settled: there is nothing left to stop.", see)


def _stays(now: "Books") -> str:
    told = f" {now.accepted:,} were told, and that stays so." if now.accepted else ""
    return told + _in_hand(now)


def _in_hand(now: "Books") -> str:
    return f" {now.sending:,} are in hand and may still go out." if now.sending else ""


def _readers(number: int) -> str:
    return f"{number:,} {'reader' if number == 1 else 'readers'}"
