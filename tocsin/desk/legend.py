"""The states of a delivery in words for people: the same on the command line and in the newsroom. No Django here."""

from dataclasses import dataclass

from tocsin.courier.states import State


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
