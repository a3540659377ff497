"""What it takes to plan digests: every reader of a large list is due at once, as after an outage of the worker."""

from collections.abc import Iterator

from bench.companion import Companion
from bench.report import AT_MOST, Figure
from bench.scratch import Scratch
from bench.send.newsroom import Newsroom
from bench.send.scale import Scale

TOPICS, POSTS, MOST_FOLLOWED = 12, 20, 3
SECONDS, MEGABYTES = 60.0, 200.0


def figures(scale: Scale) -> Iterator[Figure]:
    """How long planning the digests of everybody takes, and the memory of the process that does it."""
    with Scratch() as scratch:
        newsroom = Newsroom(scratch, "smtp://127.0.0.1:9?tls=none")
        newsroom.have_readers(scale.digest)
        newsroom.ask("digests_due", 600, readers=scale.digest, topics=TOPICS, posts=POSTS, followed=MOST_FOLLOWED)
        worker = Companion(scratch, "bench.send.desk", env=newsroom.environment)  # it has done nothing yet
        done = worker.ask("plan_digests", 900)
    yield Figure(
        name="digest-planning",
        value=done["seconds"],
        unit="s",
        target=SECONDS,
        direction=AT_MOST,
        note=f"{done['audience']:,} daily readers in all time zones of IANA, {POSTS} posts in {TOPICS} topics, each follows 1 to "
        f"{MOST_FOLLOWED} of them or everything: {done['editions']:,} editions, {done['tellings']:,} tellings; "
        f"{done['cpu']:.1f} s of CPU, {done['longest']:.2f} s for the slowest 2,500, SQLite on disk",
    )
    yield Figure(
        name="digest-planning-memory",
        value=done["peak"],
        unit="MB",
        target=MEGABYTES,
        direction=AT_MOST,
        note=f"peak resident memory of the whole process that planned them; {done['before']:.1f} MB before it began",
    )
