"""The figures of `tocsin bench send`: their names, how they are measured and what that needs."""

import importlib.util
import sys
from collections.abc import Callable, Collection
from functools import partial

from bench.measuring import Measurement, measured
from bench.report import Report
from bench.send import digests, growth, neighbours, postfix, postgresql, promptness, roundtrip, throughput
from bench.send.newsroom import POSTGRESQL, SQLITE
from bench.send.scale import FULL, QUICK
from tocsin.lib.errors import BadEnvironment


def needs_postgresql() -> None:
    """Raises BadEnvironment."""
    if postgresql.binaries() is None:
        raise BadEnvironment("PostgreSQL is missing, which is measured with.", "On Debian: apt-get install postgresql")


def _needs_smtp_tools() -> None:
    for name in ("smtp-sink", "smtp-source"):
        postfix.tool(name)


def _needs_postfix() -> None:
    postfix.tool("postfix")
    postfix.require_root()


def _needs_aiosmtplib() -> None:
    if importlib.util.find_spec("aiosmtplib") is None:
        raise BadEnvironment(
            "aiosmtplib is missing, which the courier is measured against.",
            f"{sys.executable} -m pip install -c constraints.txt aiosmtplib",
        )


MEASUREMENTS = (
    Measurement(
        ("loopback-sqlite", "loopback-sqlite-cpu"), partial(throughput.loopback, database=SQLITE), (_needs_smtp_tools,)
    ),
    Measurement(
        ("loopback-postgresql", "loopback-postgresql-cpu"),
        partial(throughput.loopback, database=POSTGRESQL),
        (_needs_smtp_tools, needs_postgresql),
    ),
    Measurement(("aiosmtplib",), throughput.against_aiosmtplib, (_needs_smtp_tools, _needs_aiosmtplib)),
    Measurement(("smtplib",), throughput.against_smtplib, (_needs_smtp_tools,)),
    Measurement(("django",), throughput.against_django, (_needs_smtp_tools,)),
    Measurement(("postfix",), throughput.real_postfix, (_needs_smtp_tools, _needs_postfix)),
    Measurement(("latency-pipelining",), roundtrip.pipelining),
    Measurement(("latency-chunking", "latency-chunking-unsure"), roundtrip.chunking),
    Measurement(("first-mail",), promptness.first_mail),
    Measurement(("alert-first-mail", "alert-overtakes"), promptness.alert),
    Measurement(("web-commits-p99", "web-commits-max"), neighbours.web_commits, (_needs_smtp_tools,)),
    Measurement(("digest-planning", "digest-planning-memory"), digests.figures),
    Measurement(("memory-sqlite", "cost-of-old-rows"), growth.sqlite, (_needs_smtp_tools,)),
    Measurement(("memory-postgresql",), growth.memory_on_postgresql, (_needs_smtp_tools, needs_postgresql)),
)


def run(only: Collection[str], *, quick: bool, say: Callable[[str], None]) -> Report:
    """Measure all figures, or those named."""
    return measured(MEASUREMENTS, only, QUICK if quick else FULL, quick=quick, say=say)
