"""`tocsin bench send`: the shape of its answer, and what it refuses. How fast anything is, no test says."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench import scratch
from bench.pairs import alternate
from bench.report import AT_MOST, Figure, Report
from bench.send import catalogue, scale
from tocsin import cli
from tocsin.lib import config

KEYS = {"name", "value", "unit", "peer", "ratio", "target", "ok"}
TINY = replace(scale.QUICK, subscribers=30, repeats=1)


def test_the_answer_has_the_shape_others_rely_on(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(catalogue, "QUICK", TINY)
    monkeypatch.setattr(scratch, "disk", lambda: tmp_path)
    assert cli.run(["bench", "send", "--only", "first-mail", "--quick", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["machine"]
    assert report["commit"]
    assert report["quick"] is True
    [figure] = report["figures"]
    assert set(figure) >= KEYS
    assert figure["name"] == "first-mail"
    assert 0 < figure["value"] < 30
    assert figure["ok"] is (figure["value"] <= figure["target"])
    assert list(tmp_path.iterdir()) == []


def test_a_figure_nobody_knows_is_wrong_usage(capsys):
    assert cli.run(["bench", "send", "--only", "nonsense", "--json"]) == 2
    assert "first-mail" in json.loads(capsys.readouterr().out)["mend"]


def test_without_a_checkout_it_says_where_to_run_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(config, "ROOT", tmp_path)
    assert cli.run(["bench", "send"]) == 3
    assert "checkout" in capsys.readouterr().err


def test_what_is_missing_is_named_with_its_package(monkeypatch, capsys):
    monkeypatch.setattr(catalogue.postfix.shutil, "which", lambda *_, **__: None)
    assert cli.run(["bench", "send", "--only", "loopback-sqlite"]) == 3
    assert "apt-get install postfix" in capsys.readouterr().err


def test_a_ratio_is_the_median_of_its_pairs_and_they_take_turns():
    turns = []
    ours, theirs = iter([10.0, 20.0, 90.0]), iter([10.0, 10.0, 10.0])
    compared = alternate(
        lambda: turns.append("ours") or next(ours), lambda: turns.append("peer") or next(theirs), pairs=3
    )
    assert compared.ratio == 2
    assert turns == ["ours", "peer", "peer", "ours", "ours", "peer"]


@pytest.mark.parametrize(
    ("figure", "ok"),
    [
        (Figure("a", 100, "s", target=1.2, peer=50, ratio=2.0), True),
        (Figure("a", 100, "s", target=1.2, peer=90, ratio=1.1), False),
        (Figure("a", 0.9, "s", target=1, direction=AT_MOST), True),
        (Figure("a", 1.1, "s", target=1, direction=AT_MOST), False),
        (Figure("a", 32, "messages", target=None), True),
    ],
)
def test_a_target_is_held_against_the_ratio_where_there_is_a_peer(figure: Figure, ok: bool):
    assert figure.as_json()["ok"] is ok


def test_the_report_reads_well_for_people_too(capsys):
    Report([Figure("speed", 12_345.6, "messages/s", target=1.2, peer=50, ratio=1.1, note="how")], quick=True).show()
    out = capsys.readouterr().out
    assert "12,346" in out
    assert "missed" in out
    assert "Quick" in out


def test_interrupted_it_leaves_nothing_behind(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    code = (
        "import sys, time; from bench import scratch\n"
        "scratch.IN_MEMORY = frozenset()\n"
        "with scratch.Scratch() as s:\n"
        "    p = s.start(['sleep', '600'], log='x'); print(p.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=config.ROOT
    ) as process:
        child = int(process.stdout.readline())
        process.send_signal(2)
        process.wait(20)
    assert not Path(f"/proc/{child}").exists()
    assert list(tmp_path.iterdir()) == []
