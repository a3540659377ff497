"""`tocsin dispatch`: listing, watching and steering tellings, as somebody at a terminal or a script does it."""

import io
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest
from rich.console import Console

from tests.cli.test_publish import as_json
from tests.courier.people import make_readers, tell_everyone
from tocsin import cli
from tocsin.cli import dispatches, watching
from tocsin.courier import queries
from tocsin.courier.models import Batch, Courier, Delivery, Dispatch
from tocsin.lib import clock


def settle(state: str = "accepted", *, count: int | None = None, reply: str = "") -> None:
    """So many of those that wait come into a state."""
    waiting = Delivery.objects.filter(state="planned").order_by("id").values_list("id", flat=True)
    Delivery.objects.filter(pk__in=list(waiting[:count])).update(
        state=state, due_us=None, reply=reply, at_us=clock.now_us()
    )


@pytest.fixture
def told(db, monkeypatch) -> Dispatch:
    """A telling to five; the clock stands still."""
    now = clock.now_us()
    monkeypatch.setattr(clock, "now_us", lambda: now)
    make_readers(5)
    return tell_everyone()


@pytest.fixture
def each_second(monkeypatch) -> Callable[..., None]:
    """What happens while `watch` waits for the next second."""

    def install(*steps: Callable[[], None]) -> None:
        left = iter(steps)
        monkeypatch.setattr(watching.time, "sleep", lambda _: next(left)())

    return install


def interrupt() -> None:
    raise KeyboardInterrupt


def test_dispatches_are_listed_newest_first(told, capsys):
    settle("failed", count=1)
    newer = tell_everyone(post_id=2, title="The bridge fell [down]")
    tell_everyone(kind=Dispatch.Kind.STAFF, post_id=3, title="Mail to the staff")
    first, second = as_json(capsys, "dispatch", "list")
    assert (first["dispatch"], first["title"], first["settled"]) == (newer.pk, "The bridge fell [down]", False)
    assert (second["dispatch"], second["failed"], second["planned"], second["cancelled"]) == (told.pk, 1, 4, False)
    assert [entry["dispatch"] for entry in as_json(capsys, "dispatch", "list", "--limit", "1")] == [newer.pk]
    assert len(as_json(capsys, "dispatch", "list", "--all")) == 3


def test_the_list_reads_well(told, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    settle(count=2)
    assert cli.run(["dispatch", "list"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["ID", "When", "(UTC)", "What", "State", "Readers", "Accepted", "To", "come", "Title"]
    assert row.split()[3:] == ["News", "Under", "way", "5", "2", "3", "The", "bridge", "is", "open"]


def test_nothing_is_cut_off_for_a_program(told, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    tell_everyone(post_id=2, title="A long title " * 20)
    assert cli.run(["dispatch", "list"]) == 0
    assert ("A long title " * 20).strip() in capsys.readouterr().out


def test_a_new_newsroom_has_nothing_to_list(db, capsys):
    assert cli.run(["dispatch", "list"]) == 0
    assert capsys.readouterr().out == "Nothing was told yet.\n"


def test_watching_ends_when_all_is_settled(told, capsys, each_second):
    each_second(lambda: settle(count=3), lambda: settle("failed", reply="550 5.1.1 <a@b.example>: unknown"))
    assert cli.run(["dispatch", "watch", str(told.pk), "--json"]) == 0
    looks = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [look["planned"] for look in looks] == [5, 2, 0]
    assert [look["settled"] for look in looks] == [False, False, True]
    assert (looks[0]["rate"], looks[0]["seconds_left"]) == (0, None)
    assert looks[1]["rate"] > 0
    assert looks[1]["seconds_left"] is not None
    assert looks[2]["reasons"] == [{"state": "failed", "words": "550 5.1.1 …: unknown", "number": 2}]


def test_watching_into_a_file_gives_a_line_for_every_change(told, capsys, each_second):
    each_second(lambda: None, lambda: settle("failed", count=1), settle)
    assert cli.run(["dispatch", "watch", str(told.pk)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"News {told.pk}: The bridge is open",
        "  0 %  0 of 5 settled; nothing moves right now",
        " 20 %  1 of 5 settled; 60 a minute, 4 s left; 1 refused",
        "100 %  5 of 5 settled; nothing more will be tried; 1 refused",
    ]


def test_a_terminal_shows_a_bar_and_the_reasons(told):
    settle(count=2)
    settle("failed", count=1, reply="550 5.1.1 <a@b.example>: no [such] user")
    console = Console(width=110, record=True, file=io.StringIO())
    console.print(watching.picture(told, queries.progress(told.pk)))
    title, bar, _, *reasons = [line.rstrip() for line in console.export_text().splitlines()]
    assert title == f"News {told.pk}: The bridge is open"
    assert bar.startswith("━━━")
    assert "60 %" in bar
    assert "3 of 5" in bar
    assert bar.endswith("3 a second, 1 s left")
    assert reasons == ["1  refused  550 5.1.1 …: no [such] user"]


def test_interrupting_ends_with_130(told, capsys, each_second):
    each_second(interrupt)
    assert cli.run(["dispatch", "watch", str(told.pk)]) == cli.INTERRUPTED


def test_a_real_terminal_is_left_as_it_was(committed):
    make_readers(2)
    number = str(tell_everyone().pk)
    ours, theirs = pty.openpty()
    environ = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    command = [sys.executable, "-m", "tocsin", "dispatch", "watch", number]
    with subprocess.Popen(command, stdout=theirs, stdin=theirs, stderr=theirs, env=environ) as process:
        os.close(theirs)
        seen = b""
        while b"0 of 2" not in seen:
            seen += os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        while chunk := read(ours):
            seen += chunk
        assert process.wait(20) == cli.INTERRUPTED
    os.close(ours)
    assert b"Traceback" not in seen
    assert seen.rindex(b"\x1b[?25h") > seen.rindex(b"\x1b[?25l")  # the cursor is shown again


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux's way to say that the other end was closed
        return b""


def test_a_telling_is_paused_and_resumed(told, capsys, each_second):
    number = str(told.pk)
    assert as_json(capsys, "dispatch", "pause", number) == {"dispatch": told.pk, "paused": True, "waiting": 5}
    assert as_json(capsys, "dispatch", "list")[0]["paused"]
    each_second(interrupt)
    assert cli.run(["dispatch", "watch", number]) == cli.INTERRUPTED
    assert "0 of 5 settled; paused" in capsys.readouterr().out
    assert as_json(capsys, "dispatch", "resume", number) == {"resumed": 1}
    assert not as_json(capsys, "dispatch", "list")[0]["paused"]


def test_for_people_pausing_says_who_waits_and_how_to_go_on(told, capsys):
    assert cli.run(["dispatch", "pause", str(told.pk), "--reason", "Is the date right?"]) == 0
    assert capsys.readouterr().out == f"Paused: 5 readers wait. Go on with: tocsin dispatch resume {told.pk}\n"
    assert Dispatch.objects.get().pause_reason == "Is the date right?"
    assert cli.run(["dispatch", "list"]) == 0
    assert "Paused" in capsys.readouterr().out


def test_what_is_not_paused_cannot_be_resumed_and_the_other_way_round(told, capsys):
    number = str(told.pk)
    assert "is not paused" in as_json(capsys, "dispatch", "resume", number, code=1)["error"]
    as_json(capsys, "dispatch", "pause", number)
    assert "paused already" in as_json(capsys, "dispatch", "pause", number, code=1)["error"]
    assert "Nothing is held back" in as_json(capsys, "dispatch", "resume", "--all", code=1)["error"]


def test_resuming_wants_one_dispatch_or_all(told, capsys):
    assert "or --all" in as_json(capsys, "dispatch", "resume", code=2)["error"]
    assert "or --all" in as_json(capsys, "dispatch", "resume", str(told.pk), "--all", code=2)["error"]


def test_what_is_settled_cannot_be_paused(told, capsys):
    settle()
    assert "is settled" in as_json(capsys, "dispatch", "pause", str(told.pk), code=1)["error"]


def test_cancelling_says_first_how_many_are_not_told(told, capsys, monkeypatch):
    settle(count=2)
    asked = answering(monkeypatch, "n")
    assert cli.run(["dispatch", "cancel", str(told.pk), "--reason", "Wrong date"]) == 1
    assert asked == ["3 readers will not be told of “The bridge is open”. 2 were told, and that stays so. Cancel it?"]
    assert "Nothing was done." in capsys.readouterr().err
    assert queries.books(told.pk).planned == 3


def test_cancelling_withdraws_the_rest_for_the_reason_given(told, capsys, monkeypatch):
    settle(count=2)
    answering(monkeypatch, "y")
    assert cli.run(["dispatch", "cancel", str(told.pk), "--reason", " Wrong \n date "]) == 0
    assert "3 readers will not be told" in capsys.readouterr().out
    books = queries.books(told.pk)
    assert (books.accepted, books.suppressed) == (2, 3)
    assert [row.reply for row in queries.listing(told.pk, "suppressed")] == ["Wrong date"] * 3


def answering(monkeypatch, answer: str) -> list[str]:
    """Somebody sits at a terminal and answers so. What they are asked."""
    asked: list[str] = []

    def confirm(question: str, *, err: bool) -> bool:
        asked.append(question)
        return answer == "y"

    monkeypatch.setattr(dispatches.sys, "stdin", type("Terminal", (), {"isatty": lambda self: True})())
    monkeypatch.setattr(dispatches.click, "confirm", confirm)
    return asked


def test_what_is_in_hand_may_still_go_out(told, capsys, monkeypatch):
    courier = Courier.objects.create(id="0" * 32, host="here", boot="b", pid=1, started_us=1)
    Batch.objects.update(token=1, courier=courier, leased_us=clock.now_us())
    asked = answering(monkeypatch, "n")
    assert cli.run(["dispatch", "cancel", str(told.pk), "--reason", "Wrong date"]) == 1
    assert "5 are in hand and may still go out." in asked[0]


def test_a_script_cancels_with_yes(told, capsys):
    answer = as_json(capsys, "dispatch", "cancel", told.pk, "--reason", "Wrong date", code=1)
    assert answer["mend"] == "Add --yes if you are sure."
    answer = as_json(capsys, "dispatch", "cancel", told.pk, "--reason", "Wrong date", "--yes")
    assert answer == {"dispatch": told.pk, "suppressed": 5}


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_a_reason_is_a_few_words(told, capsys, reason):
    answer = as_json(capsys, "dispatch", "cancel", told.pk, "--reason", reason, "--yes", code=1)
    assert "1 to 200 characters" in answer["error"]


def test_what_is_over_cannot_be_cancelled(told, capsys):
    settle()
    answer = as_json(capsys, "dispatch", "cancel", told.pk, "--reason", "Wrong", "--yes", code=1)
    assert "is settled" in answer["error"]
    Dispatch.objects.update(cancelled_us=1, cancel_reason="Wrong date")
    answer = as_json(capsys, "dispatch", "cancel", told.pk, "--reason", "Wrong", "--yes", code=1)
    assert "cancelled already: Wrong date" in answer["error"]


def test_who_is_unsure_is_sent_it_once_more_when_a_person_says_so(told, capsys, monkeypatch):
    settle("unsure", count=2)
    settle()
    asked = answering(monkeypatch, "y")
    assert cli.run(["dispatch", "resend-unsure", str(told.pk)]) == 0
    assert asked == ["2 readers may already have “The bridge is open” and get it twice. Send it again?"]
    assert "2 readers will be sent it once more" in capsys.readouterr().out
    assert Delivery.objects.filter(state="unsure", due_us__isnull=False).count() == 2


def test_resending_to_nobody_is_refused(told, capsys):
    assert "Nobody is unsure" in as_json(capsys, "dispatch", "resend-unsure", told.pk, "--yes", code=1)["error"]


@pytest.mark.parametrize(
    "words", [["watch"], ["pause"], ["resume"], ["cancel", "--reason", "x", "--yes"], ["resend-unsure", "--yes"]]
)
def test_what_does_not_exist_cannot_be_watched_or_changed(db, capsys, words):
    answer = as_json(capsys, "dispatch", words[0], "7", *words[1:], code=1)
    assert answer["error"] == "There is no dispatch 7."
    assert answer["mend"]
