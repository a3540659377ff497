"""A telling in words for people: the same on the command line and in the newsroom. Asks nothing of the database."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tocsin.courier.states import State

if TYPE_CHECKING:
    from tocsin.courier.queries import Progress


@dataclass(frozen=True)
class Words:
    """A short label and what it means."""

    label: Promise
    meaning: Promise


LEGEND: dict[State, Words] = {
    State.PLANNED: Words(gettext_lazy("Waiting"), gettext_lazy("not handed over yet")),
    State.SENDING: Words(gettext_lazy("On the way"), gettext_lazy("being handed over right now")),
    State.ACCEPTED: Words(gettext_lazy("Accepted"), gettext_lazy("taken by the mail server")),
    State.DEFERRED: Words(gettext_lazy("Put off"), gettext_lazy("the mail server asked to try again later, and we do")),
    State.FAILED: Words(gettext_lazy("Refused"), gettext_lazy("the mail server will not take it")),
    State.SUPPRESSED: Words(
        gettext_lazy("Not sent"), gettext_lazy("left, must not be written to, or withdrawn before their turn")
    ),
    State.UNSURE: Words(
        gettext_lazy("Unsure"), gettext_lazy("the connection broke; it may or may not have been taken")
    ),
    State.BOUNCED: Words(
        gettext_lazy("Came back"), gettext_lazy("taken first, then returned by the reader's mail system")
    ),
    State.COMPLAINED: Words(gettext_lazy("Reported as spam"), gettext_lazy("the reader's mail system told us so")),
}


class Standing(Enum):
    """Where a telling stands as a whole."""

    UNDER_WAY = "under way"
    PAUSED = "paused"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"

    def __str__(self) -> str:
        return str(_STANDINGS[self])


_STANDINGS = {
    Standing.UNDER_WAY: gettext_lazy("Under way"),
    Standing.PAUSED: gettext_lazy("Paused"),
    Standing.SETTLED: gettext_lazy("Settled"),
    Standing.WITHDRAWN: gettext_lazy("Withdrawn"),
}


def span(seconds: float) -> str:
    """A length of time as one says it: `40 s`, `12 min`, `3 h 5 min`."""
    minutes = round(seconds / 60)
    if seconds < 100:
        return _("{seconds} s").format(seconds=max(1, round(seconds)))
    if minutes < 60:
        return _("{minutes} min").format(minutes=minutes)
    return _("{hours} h {minutes} min").format(hours=minutes // 60, minutes=minutes % 60)


def pace(rate: float) -> str:
    """Deliveries a second, or a minute if they are few."""
    if rate >= 2:
        return _("{number} a second").format(number=intcomma(round(rate)))
    return _("{number} a minute").format(number=intcomma(round(rate * 60)))


def outlook(progress: "Progress") -> str:
    """How long it will still take, as far as anybody can say."""
    if progress.books.settled:
        return _("nothing more will be tried")
    if progress.paused:
        return _("paused")
    if progress.seconds_left is not None:
        return _("{pace}, {span} left").format(pace=pace(progress.rate), span=span(progress.seconds_left))
    if progress.next_try is not None:
        return ", ".join(_later(progress))
    return _("nothing moves right now")


def _later(progress: "Progress") -> Iterator[str]:
    """Who has to wait, and for what."""
    waiting, deferred = progress.waiting, progress.books.deferred
    if waiting:
        words = ngettext(
            "{number} waiting for the end of their quiet hours",
            "{number} waiting for the end of their quiet hours",
            waiting,
        )
        yield words.format(number=intcomma(waiting))
    if deferred:
        words = ngettext("{number} to be tried again later", "{number} to be tried again later", deferred)
        yield words.format(number=intcomma(deferred))
