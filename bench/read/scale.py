"""How much is measured: as the targets ask for, or less of it for a quick look."""

from dataclasses import dataclass
from pathlib import Path

POST = Path(__file__).with_name("post.md")


@dataclass(frozen=True)
class Scale:
    """`pairs` with nginx in turn, of so many seconds each; the rest are numbers. `post`: what is published and read."""

    pairs: int
    seconds: int
    starts: int
    reads: int
    posts: int
    post: Path = POST


FULL = Scale(pairs=5, seconds=5, starts=5, reads=10_000, posts=10_000)
QUICK = Scale(pairs=3, seconds=2, starts=3, reads=1_000, posts=1_000)
