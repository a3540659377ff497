"""What can be done to many readers at once, and doing it: chunk by chunk, in the background, from where it stopped.

A chunk and the note of how far it went commit together, so a change that is cut off goes on where it was, and two
workers at one change take turns. Every chunk may be done twice; it counts once.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tocsin.audience import actions, selection, upkeep
from tocsin.audience.models import Cadence, Followable, Subscriber
from tocsin.audience.selection import Selection
from tocsin.courier import actions as courier
from tocsin.desk.models import BulkChange
from tocsin.lib.errors import Refused

CHUNK = 200
STALLED_AFTER = timedelta(minutes=1)
FORGOTTEN: Mapping[str, Any] = {}
"""What a change that is over keeps of whom it was for: what was looked for may name somebody."""

Wording = str | Promise
Argument = Mapping[str, Any]


@dataclass(frozen=True)
class Verb:
    """Something that can be done to many. `asks`: which fields its form has; `warning`: what to know before."""

    title: Wording
    warning: Wording
    do: Callable[[Collection[int], Argument, str], int]
    asks: tuple[str, ...] = ()
    final: bool = False


def erase(people: Collection[int], how: str) -> int:
    """Delete these people for good; how many there were. The ledger keeps what names nobody."""
    gone = 0
    for person in Subscriber.objects.filter(pk__in=people).order_by("pk"):
        courier.scrub(person.pk)
        actions.erase(person.public_id, how=how)
        gone += 1
    return gone


VERBS: dict[str, Verb] = {
    "suppress": Verb(
        _("Do not write to them any more"),
        _("Whatever they follow, nothing is sent to them until somebody of the staff lifts it."),
        lambda people, given, by: upkeep.suppress(people, given["why"], by),
        asks=("why",),
    ),
    "lift": Verb(
        _("Write to them again"),
        _("Lifts what the staff or a bounce put in the way. Who unsubscribed or complained stays as they are."),
        lambda people, _given, by: upkeep.lift(people, by),
    ),
    "follow": Verb(
        _("Let them follow a topic or an author"),
        _("At that pace, from now on. Only who is subscribed; they see it among their preferences and can change it."),
        lambda people, given, by: upkeep.follow(people, _followable(given), Cadence(given["cadence"]), by),
        asks=("followable", "cadence"),
    ),
    "unfollow": Verb(
        _("Let them follow a topic or an author no more"),
        _("Who follows nothing else stays subscribed and gets nothing."),
        lambda people, given, by: upkeep.unfollow(people, _followable(given), by),
        asks=("followable",),
    ),
    "erase": Verb(
        _("Delete them for good"),
        _("Names, addresses, choices and notes are gone; this cannot be undone. The books keep what names nobody."),
        lambda people, _given, by: erase(people, f"deleted by {by}"),
        asks=("sure",),
        final=True,
    ),
}


@transaction.atomic
def begin(verb: str, argument: Argument, meant: Selection, *, expected: int, by: str) -> BulkChange:
    """Write down that this is to be done to those who are meant now; later ones are not among them.

    Raises Refused if they are not as many any more as the person was told (`expected`).
    """
    newest = Subscriber.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    total = selection.select(meant, upto=newest).count()
    if total != expected:
        raise Refused("Meanwhile they are not as many any more.", f"They are {total} now: look again, then confirm.")
    return BulkChange.objects.create(
        verb=verb, argument=dict(argument), selection=meant.to_json(), upto=newest, total=total, by=by
    )


def log(most: int) -> list[tuple[Wording, BulkChange]]:
    """What was done to many so far, with its title, the latest first."""
    return [(VERBS[change.verb].title, change) for change in BulkChange.objects.order_by("-pk")[:most]]


def carry_out(change_id: int) -> None:
    """Do a change to its end; it is given up if what it names is gone meanwhile."""
    try:
        while step(change_id):
            pass
    except Followable.DoesNotExist:
        problem = gettext("What they were to follow, or no more, is gone.")
        BulkChange.objects.filter(pk=change_id).update(problem=problem, finished_at=timezone.now(), selection=FORGOTTEN)


@transaction.atomic
def step(change_id: int) -> bool:
    """Do the next chunk; whether there may be more. Nothing for a change that is done or gone."""
    change = BulkChange.objects.select_for_update().filter(pk=change_id, finished_at=None).first()
    if change is None:
        return False
    meant = selection.select(Selection.from_json(change.selection), upto=change.upto)
    people = list(meant.filter(pk__gt=change.cursor).values_list("pk", flat=True)[:CHUNK])
    if people:
        change.changed += VERBS[change.verb].do(people, change.argument, change.by)
        change.cursor = people[-1]
        change.done += len(people)
    change.touched_at = timezone.now()
    if not people:
        change.finished_at, change.selection = change.touched_at, FORGOTTEN
    change.save()
    return bool(people)


def stalled() -> list[int]:
    """Changes nobody seems to work at any more."""
    waiting = BulkChange.objects.filter(finished_at=None, touched_at__lt=timezone.now() - STALLED_AFTER)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def _followable(argument: Argument) -> Followable:
    return Followable.objects.get(pk=argument["followable"])
