"""`tocsin subscribers import` and `export`, as a shell sees them."""

import json
import os
import stat
import threading

import pytest

from tests.audience.people import subscribe, told
from tocsin import cli
from tocsin.audience.models import Consent, Export, Subscriber

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("email,name,phone\nmira@example.org,Míra,1\nnobody,,2\n", encoding="utf-8")
    return path


def test_import_prints_the_contract(people, capsys):
    assert cli.run(["subscribers", "import", str(people), "--consent", "On paper", "--json"]) == 0
    out, err = capsys.readouterr()
    answer = json.loads(out)
    assert {key: answer[key] for key in ("added", "unchanged", "kept_out")} == {
        "added": 1,
        "unchanged": 0,
        "kept_out": 0,
    }
    [bad] = answer["rejected"]
    assert answer["recognised"]["columns"] == {"email": "email", "name": "name"}
    assert bad["line"] == 3
    assert "e-mail" in bad["reason"]
    assert "phone" in err
    assert told() == ["mira@example.org"]


def test_a_file_may_be_named_in_any_encoding(people, capsys):
    odd = people.rename(people.with_name(os.fsdecode(b"li\xe9ge.csv")))
    assert cli.run(["subscribers", "import", str(odd), "--consent", "On paper", "--json"]) == 0
    assert Consent.objects.get().how == "import of li\ufffdge.csv, line 2"


def test_import_tells_people_what_it_did(people, capsys):
    assert cli.run(["subscribers", "import", str(people), "--consent", "On paper"]) == 0
    out = capsys.readouterr().out
    assert "Nobody was mailed" in out
    assert "line 3: " in out


def test_a_dry_run_writes_nothing(people, capsys):
    assert cli.run(["subscribers", "import", str(people), "--consent", "On paper", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["added"] == 1
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nowhere.csv", "--consent", "On paper"], 1),
        ([".", "--consent", "On paper"], 1),
        (["people.csv", "--consent", "  "], 1),
        (["people.csv"], 2),
        (["people.csv", "--consent", "On paper", "--nonsense"], 2),
        (["people.csv", "--consent", "On paper", "--column", "telephone=phone"], 2),
        (["people.csv", "--consent", "On paper", "--column", "email=post"], 1),
    ],
)
def test_what_cannot_be_done_is_said_with_the_mend(people, capsys, monkeypatch, arguments, code):
    monkeypatch.chdir(people.parent)
    assert cli.run(["subscribers", "import", *arguments, "--json"]) == code
    answer = json.loads(capsys.readouterr().out)
    assert answer["error"]
    assert answer["mend"]
    assert not Consent.objects.exists()


def test_a_pipe_is_as_good_as_a_file(people, tmp_path, capsys):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(people.read_bytes()), daemon=True)
    writer.start()
    assert cli.run(["subscribers", "import", str(pipe), "--consent", "On paper", "--json"]) == 0
    writer.join()
    assert json.loads(capsys.readouterr().out)["added"] == 1


def test_export_goes_to_a_file_only_its_owner_can_read(tmp_path):
    subscribe("mira@example.org", "Míra")
    path = tmp_path / "out.csv"
    assert cli.run(["subscribers", "export", str(path)]) == 0
    assert path.read_bytes().decode() == "email,name,topics,cadence\r\nmira@example.org,Míra,,instant\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [made.name for made in tmp_path.iterdir()] == ["out.csv"]


def test_export_prints_csv_or_json(capsys):
    subscribe("mira@example.org", "Míra")
    assert cli.run(["subscribers", "export"]) == 0
    assert capsys.readouterr().out.splitlines() == ["email,name,topics,cadence", "mira@example.org,Míra,,instant"]
    assert cli.run(["subscribers", "export", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"email": "mira@example.org", "name": "Míra", "topics": "", "cadence": "instant"}
    ]


def test_what_was_recognised_is_said_and_can_be_said_otherwise(tmp_path, capsys):
    path = tmp_path / "liste.csv"
    path.write_bytes("Adresse;Nom;Email\nmira@example.org;Zoë;x\n".encode("windows-1252"))
    said = ["--column", "email=Adresse", "--column", "name=Nom", "--encoding", "windows-1252"]
    assert cli.run(["subscribers", "import", str(path), "--consent", "On paper", *said]) == 0
    assert "Read as a plain file: windows-1252, semicolon." in capsys.readouterr().err
    assert Subscriber.objects.get().name == "Zoë"


def test_a_report_says_what_becomes_of_whom(people, tmp_path):
    report = tmp_path / "report.csv"
    arguments = ["--consent", "On paper", "--dry-run", "--report", str(report)]
    assert cli.run(["subscribers", "import", str(people), *arguments]) == 0
    header, first, second = report.read_text(encoding="utf-8").splitlines()
    assert header == "line,outcome,email,name,reason"
    assert first == "2,added,mira@example.org,Míra,"
    assert second.startswith("3,rejected,,,")
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_thousands_of_bad_rows_are_all_in_the_json(tmp_path, capsys):
    path = tmp_path / "bad.csv"
    path.write_text("email\n" + "nobody\n" * 5000, encoding="utf-8")
    assert cli.run(["subscribers", "import", str(path), "--consent", "On paper", "--json"]) == 0
    assert [row["line"] for row in json.loads(capsys.readouterr().out)["rejected"]] == list(range(2, 5002))


def test_every_export_is_logged(tmp_path):
    subscribe("mira@example.org", "Míra")
    assert cli.run(["subscribers", "export", str(tmp_path / "out.csv")]) == 0
    assert cli.run(["subscribers", "export", str(tmp_path / "all.csv"), "--status", "all", "--topic", "*"]) == 0
    assert [(row.who, row.wanted, row.people) for row in Export.objects.order_by("id")] == [
        ("command line", "subscribed", 1),
        ("command line", "all, topic *, full", 1),
    ]
    assert cli.run(["subscribers", "export", "--topic", "roads"]) == 1
    assert Export.objects.count() == 2
