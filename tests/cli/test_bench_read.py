"""`tocsin bench read`: the shape of its answer. How fast anything is, no test says."""

import json

import pytest

from bench import scratch
from tocsin import cli


@pytest.mark.long
def test_the_bytes_of_a_page_are_measured_on_the_wire(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(scratch, "disk", lambda: tmp_path)
    assert cli.run(["bench", "read", "--only", "wire", "--quick", "--json"]) == 0
    [figure] = json.loads(capsys.readouterr().out)["figures"]
    assert figure["name"] == "wire"
    assert 4_000 < figure["value"] <= figure["target"] == 14_000
    assert figure["ok"] is True
    assert list(tmp_path.iterdir()) == []


def test_a_figure_nobody_knows_is_wrong_usage(capsys):
    assert cli.run(["bench", "read", "--only", "nonsense", "--json"]) == 2
    assert "post-page" in json.loads(capsys.readouterr().out)["mend"]
