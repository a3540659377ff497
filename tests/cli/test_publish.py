"""`tocsin publish FILE` and `tocsin dispatch show`, as somebody at a terminal or a script calls them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.readers import readers
from tocsin import cli
from tocsin.content.models import PostPage
from tocsin.courier.models import Delivery, Dispatch

POST = "---\ntitle: The bridge is closed\nsummary: Until March.\n---\n\nTake the ferry.\n"


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str | Path, code: int = 0) -> dict[str, Any]:
    """What the command prints with --json."""
    assert cli.run([*map(str, arguments), "--json"]) == code
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


@pytest.fixture
def post(tmp_path: Path) -> Path:
    path = tmp_path / "post.md"
    path.write_text(POST, encoding="utf-8")
    return path


def test_publishing_a_file_and_reading_its_books(db, capsys, post):
    readers(3)
    answer = as_json(capsys, "publish", post)
    assert answer == {
        "url": "http://news.example.org/the-bridge-is-closed/",
        "dispatch": Dispatch.objects.get().pk,
        "audience": 3,
    }
    assert as_json(capsys, "dispatch", "show", str(answer["dispatch"])) == {
        "audience": 3, "planned": 3, "sending": 0, "accepted": 0, "deferred": 0, "failed": 0, "suppressed": 0,
        "unsure": 0, "bounced": 0, "complained": 0, "settled": False,
    }  # fmt: skip


def test_the_same_file_again_is_a_second_post(db, capsys, post):
    first, second = as_json(capsys, "publish", post), as_json(capsys, "publish", post)
    assert first["url"] != second["url"]
    assert first["dispatch"] != second["dispatch"]


def test_deliveries_are_listed_by_state(db, capsys, post):
    readers(2)
    number = as_json(capsys, "publish", post)["dispatch"]
    failed = Delivery.objects.order_by("id").first()
    Delivery.objects.filter(pk=failed.pk).update(
        state="failed", due_us=None, attempts=1, reply="550 5.1.1 no such user"
    )
    [row] = as_json(capsys, "dispatch", "show", str(number), "--list", "failed")["rows"]
    assert (row["address"], row["attempts"], row["reply"]) == ("reader0@example.org", 1, "550 5.1.1 no such user")
    assert row["at"].endswith("+00:00")
    assert cli.run(["dispatch", "show", str(number), "--list", "failed"]) == 0
    shown = capsys.readouterr().out
    assert "550 5.1.1 no such user" in shown
    assert "Not settled yet." in shown


def test_for_people_publishing_says_where_and_to_how_many(db, capsys, post):
    readers(1)
    assert cli.run(["publish", str(post)]) == 0
    shown = capsys.readouterr()
    assert "http://news.example.org/the-bridge-is-closed/" in shown.out
    assert "1 reader is told" in shown.out
    assert shown.err == ""


def test_the_real_command_publishes_into_the_real_database(committed, post):
    command = [sys.executable, "-m", "tocsin", "publish", str(post), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout)["dispatch"] == Dispatch.objects.get().pk


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("post.md", "title: Caf\xe9".encode("latin-1"), "UTF-8"),
        ("post.md", b"", "no title"),
        ("post.docx", b"# X\n", "post.docx"),
        ("post.md", b"---\ntitle: X\ntopics: nonsense\n---\nText\n", "nonsense"),
        (None, b"", "missing.md"),
    ],
)
def test_bad_input_is_refused_with_its_mend_and_leaves_nothing(db, capsys, tmp_path, name, data, error):
    path = tmp_path / (name or "missing.md")
    if name:
        path.write_bytes(data)
    answer = as_json(capsys, "publish", path, code=1)
    assert error in answer["error"]
    assert answer["mend"]
    assert not PostPage.objects.exists()
    assert not Dispatch.objects.exists()


def test_unknown_dispatches_and_states_are_refused(db, capsys):
    assert "no dispatch 7" in as_json(capsys, "dispatch", "show", "7", code=1)["error"]
    answer = as_json(capsys, "dispatch", "show", "7", "--list", "lost", code=1)
    assert "planned" in answer["mend"]
