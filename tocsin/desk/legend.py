"""A telling in words for people: the same on the command line and in the newsroom. No Django here."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.courier.states import State

if TYPE_CHECKING:
    from tocsin.courier.queries import Progress


@dataclass(frozen=True)
class Words:
    """A short label and what it means."""

    label: str
    meaning: str


LEGEND: dict[State, Words] = {
    State.PLANNED: Words("Waiting", "not handed over yet"),
    State.SENDING: Words("On the way", "being handed over right now"),
    State.ACCEPTED: Words("Accepted", "taken by the mail server"),
    State.DEFERRED: Words("Put off", "the mail server asked to try again later, and we do"),
    State.FAILED: Words("Refused", "the mail server will not take it"),
    State.SUPPRESSED: Words("Not sent", "left, must not be written to, or withdrawn before their turn"),
    State.UNSURE: Words("Unsure", "the connection broke; it may or may not have been taken"),
    State.BOUNCED: Words("Came back", "taken first, then returned by the reader's mail system"),
    State.COMPLAINED: Words("Reported as spam", "the reader's mail system told us so"),
}


def span(seconds: float) -> str:
    """A length of time as one says it: `40 s`, `12 min`, `3 h 5 min`."""
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def pace(rate: float) -> str:
    """Deliveries a second, or a minute if they are few."""
    return f"{rate:,.0f} a second" if rate >= 2 else f"{rate * 60:,.0f} a minute"


def outlook(progress: "Progress") -> str:
    """How long it will still take, as far as anybody can say."""
    if progress.books.settled:
        return "nothing more will be tried"
    if progress.paused:
        return "paused"
    if progress.seconds_left is not None:
        return f"{pace(progress.rate)}, {span(progress.seconds_left)} left"
    later = [
        f"{progress.waiting:,} waiting for the end of their quiet hours" if progress.waiting else "",
        f"{progress.books.deferred:,} to be tried again later" if progress.books.deferred else "",
    ]
    if progress.next_try is not None:
        return ", ".join(filter(None, later))
    return "nothing moves right now"
