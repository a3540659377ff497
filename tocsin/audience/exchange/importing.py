"""Importing people who gave their consent elsewhere.

The file is read to its end and every row checked before anything is written; `check` stops there and says what would
happen. Then chunk after chunk is written, in the order of the addresses' hashes, each in a transaction short enough for
others not to notice. Killed in between, an import of the same file goes on where it was: who is in is in. Nobody is
mailed, and whoever left, or must not be written to, is never revived.
"""

import heapq
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from tocsin.audience import queries, wordings
from tocsin.audience.actions import consent_text
from tocsin.audience.exchange import staging, wishes
from tocsin.audience.exchange.columns import Standing
from tocsin.audience.exchange.people import Checker, Terms
from tocsin.audience.exchange.reading import Form, Table
from tocsin.audience.exchange.rejects import Rejects
from tocsin.lib import config
from tocsin.lib.ahead import made_ahead
from tocsin.lib.errors import Refused

FIRST_ROWS: Final = 2000
LONGEST_CONSENT: Final = 2000
LONGEST_SOURCE: Final = 70
ADDING: Final = ("add_subscribers", "add_addresses", "add_subscriptions", "add_consents")
ACTIVATING: Final = ("activate_pending", "confirm_pending", "clear_pending")
SUPPRESSING: Final = ("suppress", "record_leaving", "leave", "keep_choices", "unfollow")


@dataclass(frozen=True)
class Counts:
    """What became, or would become, of the people in a file. Every good row is in one of the first four.

    `suppressed` are those of `kept_out` who may not be written to only from now on; `repeated`: further rows of an address.
    """

    added: int = 0
    unchanged: int = 0
    kept_out: int = 0
    repeated: int = 0
    suppressed: int = 0

    @property
    def people(self) -> int:
        """How many addresses these are."""
        return self.added + self.unchanged + self.kept_out

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Outcome:
    """One row of the difference an import makes: `fate` is a key of FATES, or "rejected" with the reason."""

    line: int
    fate: str
    email: str = ""
    name: str = ""
    standing: Standing = Standing.SUBSCRIBED
    reason: str = ""


@dataclass(frozen=True)
class Progress:
    """How far it is: of the rows that are read while `total` is 0, of the people that are written then."""

    done: int
    total: int = 0


FATES: Final[Mapping[str, Counts]] = {
    "new": Counts(added=1),
    "pending": Counts(added=1),
    "active": Counts(unchanged=1),
    "own": Counts(unchanged=1),
    "left": Counts(kept_out=1),
    "part": Counts(kept_out=1),
    "unconfirmed": Counts(kept_out=1),
    "suppress": Counts(kept_out=1, suppressed=1),
}
Report = Callable[[Progress], object]
Written = Callable[[Counts, bytes], object]


def _ignore(*_: object) -> None:
    """Nobody wants to know."""


@dataclass
class Pace:
    """How many rows are written at once: as many as take `seconds`, whatever the machine."""

    seconds: float
    rest: float
    rows: int = field(default_factory=lambda: FIRST_ROWS)
    least: int = 500
    most: int = 20_000

    def took(self, seconds: float) -> None:
        """Learn from a chunk, and let others write before the next."""
        wanted = self.rows * self.seconds / max(seconds, 0.001)
        self.rows = int(min(max(wanted, self.rows / 2, self.least), self.rows * 2, self.most))
        time.sleep(self.rest)


@dataclass(frozen=True)
class Plan:
    """A file that was read to its end: `people` is how many addresses are in it, `rejects` the rows that cannot be taken."""

    form: Form
    people: int
    repeated: int
    rejects: Rejects

    def counts(self) -> Counts:
        """What writing it would do now. Writes nothing."""
        fates = ((fate, number) for fate, _, number in staging.rows("count_fates"))
        return replace(_sum(fates), repeated=self.repeated)

    def outcomes(self) -> Iterator[Outcome]:
        """Everything that would not stay as it is, and what was rejected, in the order of the file. Writes nothing."""
        rejected = (Outcome(bad.line, "rejected", reason=bad.reason) for bad in self.rejects)
        judged = (
            Outcome(line, fate, email, name, Standing(standing))
            for line, email, name, fate, standing in staging.stream("list_fates")
        )
        return heapq.merge(judged, rejected, key=lambda outcome: outcome.line)

    def write(
        self, consent: str, source: str, *, after: bytes = b"", report: Report = _ignore, written: Written = _ignore
    ) -> Counts:
        """Take everybody in who agreed to `consent` elsewhere; `source` names the file in the record.

        In chunks, each committed on its own. `written` is called within each transaction with what it did and the hash
        everything up to which is in; given again as `after`, that is where it goes on.
        """
        facts = _facts(stated(consent), f"import of {source[:LONGEST_SOURCE]}")
        counts = Counts(repeated=self.repeated)
        pace = Pace(0.15, 0.02) if connection.vendor == "sqlite" else Pace(0.5, 0)
        place = int(staging.one("place_after", {"after": after})) if after else 0
        looked_at = 0
        while place < self.people:
            if connection.vendor == "postgresql" and place >= 2 * looked_at:
                staging.run("analyze_audience")
                looked_at = place
            until, began = min(place + pace.rows, self.people), time.monotonic()
            with transaction.atomic():
                done = _write_chunk(place, until, facts)
                written(done, bytes(staging.one("last_of_chunk", {"until": until})))
            counts, place = counts + done, until
            report(Progress(place, self.people))
            pace.took(time.monotonic() - began)
        return counts


@contextmanager
def planned(table: Table, terms: Terms = Terms(), report: Report = _ignore) -> Iterator[Plan]:  # noqa: B008 - frozen
    """Read a file to its end and plan what is to become of everybody in it. The plan holds within the `with` block."""
    checker = Checker(
        table.form,
        terms,
        {wishes.token(followable): followable.pk for followable in queries.choosable()},
        config.current().address_key,
        frozenset(code for code, _ in settings.LANGUAGES),
        keep_ip=queries.publication().record_ip,
    )
    with staging.tables(), Rejects() as rejects:
        good = 0
        for some in made_ahead(checker.check(table.rows)):
            staging.add(some)
            rejects.add(some.bad)
            good += len(some.people)
            report(Progress(some.line))
        number = staging.plan()
        yield Plan(table.form, number, good - number, rejects)


def stated(consent: str) -> str:
    """`consent` as it is put on record. Raises Refused if it says nothing."""
    consent = " ".join(consent.split())
    if not consent or not consent.isprintable() or len(consent) > LONGEST_CONSENT:
        raise Refused(
            "It is not said how these people gave their consent.",
            "State it in words, up to 2,000 characters: --consent 'Asked for our newsletter on paper at the 2026 assembly'.",
        )
    return consent


def _facts(consent: str, source: str) -> dict[str, Any]:
    language = queries.publication().language
    return {
        "now": connection.ops.adapt_datetimefield_value(timezone.now()),
        "language": language,
        "text": consent_text(wordings.IMPORT, language, consent).pk,
        "source": source,
    }


def _write_chunk(after: int, until: int, facts: Mapping[str, Any]) -> Counts:
    staging.run("drop_chunk")
    if connection.vendor == "postgresql":
        staging.run("lock")
    with staging.one_by_one():
        staging.run("take", {"after": after, "until": until})
    found = [(fate, number) for fate, _, number in staging.rows("count_chunk")]
    fates = {fate for fate, _ in found}
    if "new" in fates:
        staging.run(f"number_{connection.vendor}")
    for needed, statements in ((("pending",), ACTIVATING), (("new", "pending"), ADDING), (("suppress",), SUPPRESSING)):
        if fates.intersection(needed):
            for name in statements:
                staging.run(name, facts)
    return _sum(found)


def _sum(fates: Iterable[tuple[str, int]]) -> Counts:
    counts = Counts()
    for fate, number in fates:
        counts += Counts(*(getattr(FATES[fate], name) * number for name in Counts.__dataclass_fields__))
    return counts
