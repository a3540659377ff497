"""Importing readers in the newsroom, over HTTP: give, look, decide, fetch what was rejected."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.audience.people import told
from tests.desk.test_screens import login, text_of
from tocsin.audience.exchange import jobs
from tocsin.audience.models import Import
from tocsin.desk.models import User
from tocsin.web.serving import bodies

pytestmark = pytest.mark.django_db

TEXT = "email,name,status\nmira@example.org,Míra,\nnobody,,\nout@example.org,,bounced\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "_folder", lambda: tmp_path)


def give(client, text: str = TEXT, consent: str = "On paper") -> str:
    """Give a file and have it checked; the address of its page."""
    file = SimpleUploadedFile("people.csv", text.encode(), "text/csv")
    answer = client.post("/admin/imports/", {"file": file, "consent": consent})
    assert answer.status_code == 302, text_of(answer)
    jobs.run.call(Import.objects.latest("id").pk)
    return str(answer["Location"])


def test_a_file_is_given_looked_at_and_imported(client):
    login(client)
    page = give(client)
    shown = text_of(client.get(page))
    assert "This adds 1 reader, and 1 address may not be written to from then on." in shown
    assert "Nobody is mailed by it." in shown
    assert "Written by a plain file" in shown
    assert "email → email, name → name, status → status" in shown
    assert "2 added mira@example.org Míra" in shown
    assert told() == []
    client.post(page, {"approve": ""})
    assert "To be imported" in text_of(client.get(page))
    jobs.run.call(Import.objects.get().pk)
    assert told() == ["mira@example.org"]
    shown = text_of(client.get(page))
    assert "Imported" in shown
    assert "1 rejected row with its reason" in shown
    rejects = client.get(f"{page}rejects.csv")
    assert "attachment" in rejects["Content-Disposition"]
    assert b"".join(rejects.streaming_content).splitlines()[1].startswith(b"3,")
    assert client.get(f"{page}outcomes.csv").status_code == 404
    assert "people.csv" in text_of(client.get("/admin/imports/"))


def test_progress_is_shown_and_the_page_reloads_itself(client):
    login(client)
    page = give(client)
    Import.objects.update(state="writing", place=250, people=1000)
    shown = client.get(page).content.decode()
    assert '<progress value="25" max="100"' in shown
    assert "data-moving" in shown


def test_what_is_wrong_can_be_said(client):
    login(client)
    page = give(client, "contact;who\nmira@example.org;Mira\n")
    assert "no column “email”" in text_of(client.get(page))
    fields = {"again": "", "column_email": "who knows", "cadence": "daily", "delimiter": ";"}
    assert client.post(page, fields).status_code == 422  # there is no such heading


def test_columns_can_be_changed(client):
    login(client)
    page = give(client, "email;contact\nold@example.org;mira@example.org\n")
    assert client.post(page, {"again": "", "column_email": "contact", "cadence": "daily"}).status_code == 302
    job = Import.objects.get()
    assert job.choices["columns"] == {"email": "contact"}
    jobs.run.call(job.pk)
    assert "2 added mira@example.org" in text_of(client.get(page))


def test_it_can_be_thrown_away(client):
    login(client)
    page = give(client)
    assert client.post(page, {"drop": ""})["Location"] == "/admin/imports/"
    assert client.get(page).status_code == 404


def test_a_form_without_consent_is_given_back(client):
    login(client)
    file = SimpleUploadedFile("people.csv", TEXT.encode())
    answer = client.post("/admin/imports/", {"file": file, "consent": "  "})
    assert answer.status_code == 422
    assert not Import.objects.exists()


@pytest.mark.parametrize(("group", "may"), [("Editors", False), ("Moderators", True)])
def test_only_who_may_import_sees_imports(client, group, may):
    login(client)
    page = give(client)
    client.logout()
    Import.objects.update(given_by="somebody")
    User.objects.all().delete()
    login(client, group)
    wanted = 200 if may else 302
    for address in ("/admin/imports/", page, f"{page}rejects.csv"):
        assert client.get(address).status_code in {wanted, 403 if not may else wanted}
    assert ("Import readers" in text_of(client.get("/admin/"))) is may
    if not may:
        client.post(page, {"approve": ""})
        assert Import.objects.get().state == "ready"


def test_only_lists_may_be_large():
    staff = [(b"cookie", b"sessionid=x")]
    assert bodies.limit({"path": "/admin/imports/", "headers": staff}) == bodies.LIST
    assert bodies.limit({"path": "/admin/images/add/", "headers": staff}) == bodies.UPLOAD
    assert bodies.limit({"path": "/admin/imports/", "headers": []}) == bodies.FORM
