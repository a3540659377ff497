"""The state diagram in ARCHITECTURE.md is the transition table."""

from pathlib import Path

from tocsin.courier.states import TRANSITIONS

ARCHITECTURE = Path(__file__).resolve().parents[2] / "ARCHITECTURE.md"


def test_the_diagram_shows_exactly_the_moves_of_the_table():
    diagram = ARCHITECTURE.read_text(encoding="utf-8").split("stateDiagram-v2", 1)[1].split("```", 1)[0]
    drawn = {line.strip() for line in diagram.splitlines() if "-->" in line and "[*]" not in line}
    assert drawn == {f"{before} --> {after}: {evidence}" for (before, evidence), after in TRANSITIONS.items()}
