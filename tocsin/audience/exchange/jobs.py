"""Imports of the newsroom, from the upload to the end: what a person decides, and what tasks do in the background.

A worker may be killed at any instant. What is done is written with the chunk it was done in, fenced by the runner's name:
the sweep gives a job nobody is at to another runner, and the one before stops at its next step, whatever it thinks.
"""

import csv
import io
import logging
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import override
from django_tasks import task

from tocsin.audience import queries
from tocsin.audience.exchange import importing, outcomes, reading
from tocsin.audience.exchange.columns import Standing
from tocsin.audience.exchange.importing import Counts, Plan, Progress
from tocsin.audience.exchange.people import Terms, unguarded
from tocsin.audience.exchange.reading import Choices, Form
from tocsin.audience.models import Import
from tocsin.lib import config
from tocsin.lib.errors import Refused

log = logging.getLogger(__name__)

State = Import.State
STARTING: Final[Mapping[str, str]] = {
    State.GIVEN: State.CHECKING,
    State.CHECKING: State.CHECKING,
    State.APPROVED: State.WRITING,
    State.WRITING: State.WRITING,
}
"""What a runner finds, and what it makes of it."""

OPEN: Final = (State.GIVEN, State.CHECKING, State.READY, State.REFUSED)
STALLED: Final = timedelta(minutes=2)
UNDECIDED: Final = timedelta(days=7)
KEPT: Final = timedelta(days=30)
OUTCOMES, REJECTS = "outcomes", "rejects"


class TakenOver(Exception):  # noqa: N818 - reads as a fact
    """Another runner is at this import, or it was thrown away: this one stops, and what it was about to write is not written."""


def give(pieces: Iterable[bytes], *, filename: str, consent: str, who: str) -> Import:
    """Take a file in and have it checked. Raises Refused if no consent is stated."""
    job = Import(filename=filename[-150:], consent=importing.stated(consent), given_by=who)
    with _private(_file(job)) as file:
        for piece in pieces:
            file.write(piece)
    job.beat_at = timezone.now()
    job.save()
    run.enqueue(job.pk)
    return job


@transaction.atomic
def check_again(job: Import, choices: Mapping[str, Any]) -> bool:
    """Have it checked once more, with what somebody says of the file; False if it is too late for that."""
    found = Import.objects.filter(pk=job.pk, state__in=(State.READY, State.REFUSED))
    changed = found.update(state=State.GIVEN, choices=dict(choices), lines=0, problem="", beat_at=timezone.now())
    if changed:
        run.enqueue(job.pk)
    return bool(changed)


@transaction.atomic
def approve(job: Import, who: str) -> bool:
    """Import it; False if there is nothing to decide."""
    found = Import.objects.filter(pk=job.pk, state=State.READY)
    changed = found.update(state=State.APPROVED, approved_by=who, lines=0, beat_at=timezone.now())
    if changed:
        run.enqueue(job.pk)
    return bool(changed)


def drop(job: Import) -> bool:
    """Throw it away; False if it is too late."""
    found = Import.objects.filter(pk=job.pk, state__in=OPEN)
    changed = found.update(state=State.DROPPED, runner="", ended_at=timezone.now())
    if changed:
        _forget_files(job, OUTCOMES, REJECTS)
        _file(job).unlink(missing_ok=True)
    return bool(changed)


@task()
def run(job_id: int) -> None:
    """Check or write an import, whichever is next, from wherever it is. Does nothing if somebody is at it."""
    job = _begin(job_id)
    if job is None:
        return
    try:
        # The reports are in the newsroom's language, whichever the worker speaks.
        with override(queries.publication().language), _file(job).open("rb") as file, _planned(job, file) as plan:
            (_check if job.state == State.CHECKING else _write)(job, plan)
    except TakenOver:
        log.info("Import %s is in other hands.", job_id)
    except FileNotFoundError:
        _end(job, State.REFUSED, problem="The file is gone from the state directory. Give it again.")
    except Refused as refused:
        _end(job, State.REFUSED, problem=f"{refused.message} {refused.mend}")


def sweep() -> None:
    """Give imports nobody is at back to the queue, and forget files whose time is over. Run now and then by the clock."""
    now = timezone.now()
    stalled = Import.objects.filter(state__in=STARTING, beat_at__lt=now - STALLED)
    for job in stalled:
        if stalled.filter(pk=job.pk).update(runner="", beat_at=now):
            log.warning("Import %s stalled and is taken up again.", job.pk)
            run.enqueue(job.pk)
    for job in Import.objects.filter(state__in=(State.READY, State.REFUSED), given_at__lt=now - UNDECIDED):
        drop(job)
    old = now - KEPT
    for job in Import.objects.filter(state=State.DONE, ended_at__lt=old, ended_at__gt=old - UNDECIDED):
        _forget_files(job, REJECTS)
    _forget_strays(old.timestamp())


def _forget_strays(before: float) -> None:
    """Delete files that nobody needs, whoever was cut off before they could: all of an import that is over or gone."""
    kept = {one.hex for one in Import.objects.filter(state__in=OPEN).values_list("token", flat=True)}
    kept |= {one.hex for one in Import.objects.filter(state__in=STARTING.values()).values_list("token", flat=True)}
    for path in _folder().iterdir():
        with suppress(FileNotFoundError):
            if path.name.partition(".")[0] not in kept and path.stat().st_mtime < before:
                path.unlink()


def report_file(job: Import, kind: str) -> Path:
    """Where the report of a check lies: OUTCOMES (what would become of whom) or REJECTS."""
    return _folder() / f"{job.token.hex}.{kind}.csv"


def first_outcomes(job: Import, number: int) -> list[list[str]]:
    """The first rows of what would become of whom; none when that is not there any more."""
    try:
        with report_file(job, OUTCOMES).open(encoding="utf-8", newline="") as file:
            return [[unguarded(field) for field in row] for row in islice(csv.reader(file), 1, number + 1)]
    except FileNotFoundError:
        return []


@transaction.atomic
def _begin(job_id: int) -> Import | None:
    job = Import.objects.select_for_update().filter(pk=job_id, state__in=STARTING).first()
    now = timezone.now()
    if job is None or (job.runner and job.beat_at and job.beat_at > now - STALLED):
        return None
    job.state, job.runner, job.beat_at = STARTING[job.state], secrets.token_hex(16), now
    job.save(update_fields=["state", "runner", "beat_at"])
    return job


@contextmanager
def _planned(job: Import, file: Any) -> Iterator[Plan]:
    def beat(progress: Progress) -> None:
        _update(job, lines=progress.done)

    table = reading.read(file, _choices(job))
    _update(job, form=_shown(table.form))
    with importing.planned(table, _terms(job), beat) as plan:
        yield plan


def _check(job: Import, plan: Plan) -> None:
    _update(job, people=plan.people)
    expected = asdict(plan.counts()) | {"rejected": len(plan.rejects)}
    with _private(report_file(job, OUTCOMES)) as file, _text(file) as text:
        outcomes.write(plan.outcomes(), text)
    with _private(report_file(job, REJECTS)) as file, _text(file) as text:
        outcomes.write_rejects(plan.rejects, text)
    _end(job, State.READY, expected=expected)


def _write(job: Import, plan: Plan) -> None:
    counts = Counts(**job.counts) if job.counts else Counts()
    place = job.place

    def written(done: Counts, after: bytes) -> None:
        nonlocal counts, place
        counts, place = counts + done, place + done.people
        _update(job, counts=asdict(counts), after=after, place=place)

    plan.write(job.consent, job.filename, after=bytes(job.after), written=written)
    summed = asdict(counts) | {"repeated": plan.repeated}
    _end(job, State.DONE, counts=summed, ended_at=timezone.now())
    _forget_files(job, OUTCOMES)
    _file(job).unlink(missing_ok=True)


def _update(job: Import, **fields: Any) -> None:
    """Write something down, and that this runner is alive. Raises TakenOver."""
    if not Import.objects.filter(pk=job.pk, runner=job.runner).update(beat_at=timezone.now(), **fields):
        raise TakenOver


def _end(job: Import, state: str, **fields: Any) -> None:
    """This step is over, if it is still this runner's."""
    Import.objects.filter(pk=job.pk, runner=job.runner).update(state=state, runner="", beat_at=F("beat_at"), **fields)


def _choices(job: Import) -> Choices:
    said = job.choices
    return Choices(
        said.get("encoding", ""), said.get("delimiter", ""), said.get("source", ""), dict(said.get("columns", {}))
    )


def _terms(job: Import) -> Terms:
    standing = job.choices.get("standing")
    return Terms(
        job.choices.get("topics", ""), job.choices.get("cadence", ""), Standing[standing.upper()] if standing else None
    )


def _shown(form: Form) -> dict[str, Any]:
    return {
        "source": form.source.key,
        "source_name": form.source.name,
        "encoding": form.encoding.name,
        "guessed": form.encoding.guessed,
        "delimiter": form.delimiter,
        "headings": list(form.headings),
        "meanings": [list(meaning) for meaning in form.meanings],
        "ignored": list(form.ignored),
    }


def _folder() -> Path:
    folder = config.current().state_dir / "imports"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _file(job: Import) -> Path:
    return _folder() / f"{job.token.hex}.upload"


def _forget_files(job: Import, *kinds: str) -> None:
    for kind in kinds:
        report_file(job, kind).unlink(missing_ok=True)


@contextmanager
def _private(path: Path) -> Iterator[Any]:
    """A new file only its owner can read."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file


@contextmanager
def _text(file: Any) -> Iterator[Any]:
    text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="")
    yield text
    text.flush()
    text.detach()
