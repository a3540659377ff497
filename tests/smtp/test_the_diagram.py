"""The diagram of an SMTP conversation in ARCHITECTURE.md is what the tables say, without QUIT and 421."""

from pathlib import Path

from tocsin.smtp.state import ANSWERED, SENDABLE, Phase, Verb

ARCHITECTURE = Path(__file__).resolve().parents[2] / "ARCHITECTURE.md"


def moves() -> dict[tuple[Phase, Phase], list[str]]:
    """Which answers lead from one phase to another."""
    found: dict[tuple[Phase, Phase], list[str]] = {(Phase.SECURING, Phase.GREETED): ["TLS"]}
    for phase, sendable in SENDABLE.items():
        waiting = {Verb.GREETING} if phase is Phase.CONNECTED else sendable - {Verb.QUIT}
        for (verb, verdict), after in ANSWERED.items():
            if verb in waiting and after not in {None, phase}:
                found.setdefault((phase, after), []).append(f"{verb.value} {verdict.value}xx")
    return found


def drawn(moves: dict[tuple[Phase, Phase], list[str]]) -> list[str]:
    return [f"{before.value} --> {after.value}: {', '.join(answers)}" for (before, after), answers in moves.items()]


def test_the_diagram_shows_exactly_the_moves_of_the_tables() -> None:
    _, _, diagram = ARCHITECTURE.read_text(encoding="utf-8").partition("## An SMTP conversation")
    lines = diagram.split("stateDiagram-v2", 1)[1].split("```", 1)[0].splitlines()
    shown = [line.strip() for line in lines if "-->" in line and "[*]" not in line]
    assert sorted(shown) == sorted(drawn(moves()))
