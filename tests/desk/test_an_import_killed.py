"""An import given and approved in the newsroom, whose worker is killed (SIGKILL) at any line, and the next one too."""

from random import Random

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Count
from django.utils import timezone

from tests.children import child
from tests.courier.running import until
from tests.desk.test_screens import login
from tocsin.audience.exchange import jobs
from tocsin.audience.models import Consent, Import, Subscriber
from tocsin.cli.worker import run_a_ready_task
from tocsin.courier.models import Delivery
from tocsin.lib import config

PEOPLE = 600
WORKER = """
import time
from tocsin.cli.django import setup
setup()
from tocsin.audience.exchange import importing
importing.FIRST_ROWS = 10
importing.Pace.took = lambda *_: time.sleep(0.05)
from tocsin.cli.worker import command
command([])
"""


def imported() -> int:
    return Subscriber.objects.filter(source="import").count()


def run_the_ready_tasks() -> None:
    while run_a_ready_task():
        pass


def test_nobody_is_lost_and_nobody_is_taken_twice(committed, client, tmp_path, monkeypatch):
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(tmp_path))
    config.current.cache_clear()
    login(client)
    rows = "".join(f"reader{number}@example.org,R {number}\n" for number in range(PEOPLE))
    file = SimpleUploadedFile("people.csv", f"email,name\n{rows}nobody,\n".encode(), "text/csv")
    page = client.post("/admin/imports/", {"file": file, "consent": "On paper"})["Location"]
    run_the_ready_tasks()
    client.post(page, {"approve": ""})
    chance, before = Random(5), 0
    for _ in range(2):
        some_more = chance.randrange(20, 120)
        with child(WORKER) as worker:
            until(lambda: imported() >= before + some_more, "the worker writes")  # noqa: B023 - called at once
            worker.kill()
        until(lambda: Import.objects.get().place == imported(), "what is written is counted, and nothing else")
        before = imported()
        assert before < PEOPLE, "it was killed on the way"
        Import.objects.update(beat_at=timezone.now() - 2 * jobs.STALLED)  # as it is found two minutes later
    jobs.sweep()
    run_the_ready_tasks()
    job = Import.objects.get()
    assert (job.state, job.place) == ("done", PEOPLE)
    assert job.counts["added"] == imported() == PEOPLE
    consents = Consent.objects.values("subscriber_id").annotate(lines=Count("id"))
    assert [row["lines"] for row in consents] == [1] * PEOPLE
    assert set(Consent.objects.values_list("event", "how").distinct()) == {
        ("imported", f"import of people.csv, line {line}") for line in range(2, PEOPLE + 2)
    }
    assert not Delivery.objects.exists()
    assert list((tmp_path / "imports").glob("*.upload")) == []
