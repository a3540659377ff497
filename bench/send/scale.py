"""How much is measured: as the targets ask for, or less of it for a quick look."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """`pairs` are runs with a peer in turn; the rest are numbers of messages, readers, rows and seconds."""

    pairs: int
    warm_up: int
    messages: int
    aiosmtplib: int
    smtplib: int
    django: int
    postfix: int
    lockstep: int
    pipelined: int
    chunked: int
    subscribers: int
    repeats: int
    recipients: int
    slice: int
    old_rows: int
    digest: int
    commit_seconds: float


FULL = Scale(
    pairs=5,
    warm_up=4_000,
    messages=40_000,
    aiosmtplib=4_000,
    smtplib=8_000,
    django=2_000,
    postfix=10_000,
    lockstep=30,
    pipelined=120,
    chunked=4_000,
    subscribers=100_000,
    repeats=5,
    recipients=1_000_000,
    slice=100_000,
    old_rows=10_000_000,
    digest=200_000,
    commit_seconds=10,
)
QUICK = Scale(
    pairs=3,
    warm_up=1_000,
    messages=10_000,
    aiosmtplib=1_000,
    smtplib=2_000,
    django=500,
    postfix=3_000,
    lockstep=15,
    pipelined=60,
    chunked=1_500,
    subscribers=10_000,
    repeats=2,
    recipients=50_000,
    slice=10_000,
    old_rows=200_000,
    digest=20_000,
    commit_seconds=3,
)
