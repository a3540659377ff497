"""What an import does to each person, in words: the rows of the report somebody reads before and after."""

from collections.abc import Iterable, Mapping
from typing import IO, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tocsin.audience.exchange import exporting
from tocsin.audience.exchange.columns import Standing
from tocsin.audience.exchange.importing import Outcome
from tocsin.audience.exchange.rows import BadRow

COLUMNS: Final = ("line", "outcome", "email", "name", "reason")
OUTCOMES: Final[Mapping[str, tuple[str | Promise, str | Promise]]] = {
    "new": (_("added"), ""),
    "pending": (_("added"), _("had asked on the site, but not confirmed yet")),
    "active": (_("unchanged"), _("subscribed already")),
    "own": (_("unchanged"), _("left or bounced there, but confirmed a subscription here")),
    "left": (_("kept out"), _("unsubscribed here, or must not be written to")),
    "part": (_("kept out"), _("asked there for one category, author or post only")),
    "unconfirmed": (_("kept out"), _("did not confirm there")),
    "rejected": (_("rejected"), ""),
}
"""Outcome and reason by fate; of who is suppressed the standing says why."""

SUPPRESSED: Final[Mapping[Standing, Promise]] = {
    Standing.UNSUBSCRIBED: _("unsubscribed there"),
    Standing.BOUNCED: _("bounced there"),
    Standing.COMPLAINED: _("complained there"),
    Standing.BLOCKED: _("blocked there"),
}


def row(outcome: Outcome) -> tuple[str, ...]:
    """One row of the report, in the order of COLUMNS."""
    if outcome.fate == "suppress":
        said, reason = str(_("suppressed")), str(SUPPRESSED[outcome.standing])
    else:
        said, reason = map(str, OUTCOMES[outcome.fate])
    return (str(outcome.line), said, outcome.email, outcome.name, outcome.reason or reason)


def write(outcomes: Iterable[Outcome], file: IO[str]) -> int:
    """Write the report as CSV, and say how many rows it has."""
    return exporting.write(map(row, outcomes), COLUMNS, file)


def write_rejects(rejects: Iterable[BadRow], file: IO[str]) -> int:
    """Write the rows that cannot be taken as CSV: line and reason. They name nobody but in the words of the reason."""
    return exporting.write(((str(bad.line), bad.reason) for bad in rejects), ("line", "reason"), file)
