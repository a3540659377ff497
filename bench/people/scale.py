"""How many people are imported: as many as the target asks for, or fewer for a quick look."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """`people` are rows of the file; `commit_seconds` is how long others write beside the import."""

    people: int
    commit_seconds: float


FULL = Scale(people=1_000_000, commit_seconds=20)
QUICK = Scale(people=50_000, commit_seconds=2)
