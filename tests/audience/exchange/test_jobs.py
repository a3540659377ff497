"""Imports of the newsroom: checked, decided, written in the background, whoever is killed on the way."""

import os
import stat
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.translation import gettext, override
from django_tasks_db.models import DBTaskResult

from tests.audience.people import told
from tocsin.audience.exchange import importing, jobs
from tocsin.audience.exchange.importing import Counts
from tocsin.audience.models import Consent, Import, Publication, Subscriber
from tocsin.lib import config
from tocsin.lib.errors import Refused

TEXT = "email,name\nmira@example.org,Míra\nnobody,\ntaras@example.org,Тарас\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A state directory of this test's own."""
    monkeypatch.setattr(jobs, "_folder", lambda: tmp_path)
    return tmp_path


def given(text: str = TEXT, consent: str = "On paper") -> Import:
    return jobs.give([text.encode()], filename="people.csv", consent=consent, who="ed")


def run(job: Import) -> Import:
    """Run the task of a job, as a worker does; the job as it is then."""
    jobs.run.call(job.pk)
    job.refresh_from_db()
    return job


def stall(job: Import) -> None:
    """Its worker was killed a while ago."""
    Import.objects.filter(pk=job.pk).update(beat_at=timezone.now() - 2 * jobs.STALLED)


@pytest.mark.django_db
def test_a_file_is_checked_and_nothing_written_before_somebody_decides(folder):
    job = run(given())
    assert job.state == "ready"
    assert job.expected == {"added": 2, "unchanged": 0, "kept_out": 0, "repeated": 0, "suppressed": 0, "rejected": 1}
    assert job.form["source"] == "plain"
    assert jobs.first_outcomes(job, 1) == [["2", "added", "mira@example.org", "Míra", ""]]
    assert not Subscriber.objects.exists()
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


@pytest.mark.django_db
def test_what_was_approved_is_written_and_the_file_is_gone(folder):
    job = run(given())
    assert jobs.approve(job, "ed")
    job = run(job)
    assert (job.state, job.counts["added"], job.place, job.people) == ("done", 2, 2, 2)
    assert told() == ["mira@example.org", "taras@example.org"]
    assert Consent.objects.earliest("id").how.startswith("import of people.csv, line ")
    assert [path.name for path in folder.iterdir()] == [f"{job.token.hex}.rejects.csv"]
    assert jobs.report_file(job, jobs.REJECTS).read_bytes().startswith(b"line,reason\r\n3,")
    assert not jobs.approve(job, "ed")
    assert not jobs.drop(job)


@pytest.mark.django_db
def test_a_file_recognised_wrongly_is_checked_again_with_what_somebody_says():
    job = run(given("contact;mail address\nmira@example.org;x\n"))
    assert job.state == "refused"
    assert "no column “email”" in job.problem
    assert jobs.check_again(job, {"columns": {"email": "contact"}, "cadence": "weekly"})
    assert run(job).expected["added"] == 1
    jobs.approve(job, "ed")
    run(job)
    assert Subscriber.objects.get().subscriptions.get().cadence == "weekly"


@pytest.mark.django_db
def test_what_is_thrown_away_is_gone_and_never_written(folder):
    job = run(given())
    assert jobs.drop(job)
    assert list(folder.iterdir()) == []
    assert not jobs.approve(job, "ed")
    assert run(job).state == "dropped"


@pytest.mark.django_db
def test_no_file_is_taken_in_without_consent(folder):
    with pytest.raises(Refused, match="consent"):
        given(consent=" ")
    assert list(folder.iterdir()) == []


def test_a_worker_killed_while_writing_loses_nobody_and_takes_nobody_twice(committed, monkeypatch):
    """What it had committed stays; the sweep has the rest done, and the counts are those of one import."""
    monkeypatch.setattr(importing, "FIRST_ROWS", 300)
    monkeypatch.setattr(importing.Pace, "took", lambda *_: None)
    job = run(given("email\n" + "".join(f"r{number}@example.org\n" for number in range(1000))))
    jobs.approve(job, "ed")
    plan_write, seen = importing.Plan.write, []

    def killed(*args: Any, written: Any, **options: Any) -> Counts:
        def die(done: Counts, after: bytes) -> None:
            written(done, after)
            seen.append(done)
            if len(seen) == 3:
                raise SystemExit

        return plan_write(*args, written=die, **options)

    monkeypatch.setattr(importing.Plan, "write", killed)
    with pytest.raises(SystemExit):
        jobs.run.call(job.pk)
    monkeypatch.setattr(importing.Plan, "write", plan_write)
    assert Subscriber.objects.count() == 600
    assert run(job).state == "writing"  # somebody seems to be at it
    DBTaskResult.objects.all().delete()
    jobs.sweep()
    assert not DBTaskResult.objects.exists()
    stall(job)
    jobs.sweep()
    jobs.sweep()
    assert DBTaskResult.objects.count() == 1
    job = run(job)
    assert (job.state, job.counts["added"], job.counts["unchanged"], job.place) == ("done", 1000, 0, 1000)
    assert Subscriber.objects.count() == Consent.objects.count() == 1000


def test_a_runner_that_was_only_slow_writes_nothing_once_another_took_over(committed, monkeypatch):
    job = run(given())
    jobs.approve(job, "ed")
    plan_write = importing.Plan.write

    def slow(*args: Any, **options: Any) -> Counts:
        Import.objects.filter(pk=job.pk).update(runner="another")
        return plan_write(*args, **options)

    monkeypatch.setattr(importing.Plan, "write", slow)
    job = run(job)
    assert (job.state, job.counts) == ("writing", {})
    assert not Subscriber.objects.exists()
    monkeypatch.setattr(importing.Plan, "write", plan_write)
    stall(job)
    jobs.sweep()
    assert run(job).counts["added"] == 2


@pytest.mark.django_db
def test_nobody_keeps_a_file_that_nobody_decides_about(folder):
    job = run(given())
    Import.objects.update(given_at=timezone.now() - jobs.UNDECIDED - timedelta(hours=1))
    jobs.sweep()
    job.refresh_from_db()
    assert job.state == "dropped"
    assert list(folder.iterdir()) == []


@pytest.mark.django_db
def test_rejects_are_forgotten_after_a_month(folder):
    job = run(given())
    jobs.approve(job, "ed")
    run(job)
    Import.objects.update(ended_at=timezone.now() - jobs.KEPT - timedelta(hours=1))
    jobs.sweep()
    assert list(folder.iterdir()) == []


@pytest.mark.django_db
def test_a_file_that_is_missing_is_said_to_be(folder):
    job = given()
    for path in folder.iterdir():
        path.unlink()
    assert "gone" in run(job).problem


def test_files_lie_in_the_state_directory(monkeypatch):
    monkeypatch.undo()
    assert jobs.report_file(Import(), jobs.REJECTS).is_relative_to(config.current().state_dir / "imports")


@pytest.mark.django_db
def test_files_that_outlived_their_import_are_deleted_in_time(folder):
    job, other = run(given()), run(given())
    jobs.drop(job)
    stray = jobs.report_file(job, jobs.OUTCOMES)
    stray.write_text("mira@example.org")  # by a runner that did not know yet
    jobs.sweep()
    assert stray.exists()
    old = (timezone.now() - 2 * jobs.KEPT).timestamp()
    for path in folder.iterdir():
        os.utime(path, (old, old))
    jobs.sweep()
    assert not stray.exists()
    assert jobs.report_file(other, jobs.OUTCOMES).exists()


@pytest.mark.django_db
def test_what_is_shown_of_a_name_is_what_will_be_kept_of_it():
    """The report is for spreadsheets and guards what begins like a formula; a page need not."""
    job = run(given("email,name\nmira@example.org,'=1+1\n"))
    assert "'=1+1" in jobs.report_file(job, jobs.OUTCOMES).read_text()
    assert jobs.first_outcomes(job, 1)[0][3] == "=1+1"


@pytest.mark.django_db
def test_the_reports_are_in_the_publications_language():
    Publication.objects.update(language="de")
    job = run(given("email,quiet from\nmira@example.org,\ntaras@example.org,22\n"))
    [added, rejected] = jobs.first_outcomes(job, 2)
    with override("de"):
        assert added[1] == gettext("added") != "added"
        assert rejected[4].startswith(gettext("Quiet hours need a beginning and an end that differ."))
    assert "Quiet" not in rejected[4]
