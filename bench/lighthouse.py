"""Lighthouse over the demo's pages: `.venv/bin/python -m bench.lighthouse [--runs N] [--json]`.

Google's own auditor, installed from npm into a folder that is gone afterwards, drives Debian's Chromium (`CHROME_PATH`
names another) on a simulated phone with a slow line and processor. A score is the median of the runs. Exit code 1 when
one is below 100: search engines are only asked about pages that are for them.
"""

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import click

from bench.scratch import Scratch, clean_environment, free_port
from tocsin.lib.errors import BadEnvironment

PAGES: Mapping[str, str] = {
    "stream": "/",
    "post": "/what-the-water-left-behind/",
    "alert": "/boil-your-water/",
    "topic": "/topics/harbour/",
    "author": "/authors/ines-tollivar/",
    "subscribe": "/subscribe/",
}
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
PERFECT = 100
GOOD = 0.9
RUNS, TRIES = 3, 4
SECONDS = 300
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
Scores = dict[str, float]


@click.command()
@click.option("--runs", default=RUNS, show_default=True, help="How often each page is audited.")
@click.option("--json", "as_json", is_flag=True, help="Print scores as JSON.")
def main(runs: int, as_json: bool) -> None:
    """Audit the demo's pages with Lighthouse."""
    chromium = os.environ.get("CHROME_PATH") or shutil.which("chromium")
    if shutil.which("npm") is None or chromium is None:
        raise click.ClickException("npm or chromium is missing. On Debian: apt-get install npm chromium")
    with Scratch() as scratch:
        auditor = _installed(scratch.folder / "npm")
        site = _demo(scratch)
        scores = {name: _audited(auditor, chromium, site + path, runs) for name, path in PAGES.items()}
    click.echo(json.dumps(scores) if as_json else _table(scores))
    sys.exit(any(score < PERFECT for page in scores.values() for score in page.values()))


def _installed(folder: Path) -> Path:
    folder.mkdir()
    command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(folder), "lighthouse"]
    subprocess.run(command, check=True, stdout=sys.stderr)
    return folder / "node_modules" / ".bin" / "lighthouse"


def _demo(scratch: Scratch) -> str:
    """The demo's site, served; its address."""
    state, port = scratch.folder / "state", free_port()
    state.mkdir(mode=0o700)
    environment = clean_environment(
        TOCSIN_STATE_DIR=str(state),
        TOCSIN_SITE_URL=f"http://127.0.0.1:{port}",
        TOCSIN_SECRET_KEY="a key for measuring only",  # noqa: S106
        TOCSIN_ADDRESS_KEY="another key for measuring only",
        TOCSIN_LOG_LEVEL="warning",
        TOCSIN_DEMO="1",
    )
    if scratch.python("tocsin", "prepare", env=environment).wait(SECONDS):
        raise BadEnvironment("The demo could not be prepared.", scratch.log("tocsin.log").read_text()[-999:])
    scratch.python("tocsin", "web", "--port", str(port), env=environment)
    for path in PAGES.values():
        _wait_for(port, path)
    return f"http://127.0.0.1:{port}"


def _wait_for(port: int, path: str) -> None:
    """Until the page answers, and once more with its pictures made: readers seldom are the first."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError):
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            line.request("GET", path)
            if line.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise BadEnvironment(f"{path} of the demo does not answer.", "Please report it.")


def _audited(auditor: Path, chromium: str, url: str, runs: int) -> Scores:
    found = [_audit(auditor, chromium, url) for _ in range(runs)]
    return {category: median(each[category] for each in found) for category in CATEGORIES}


def _audit(auditor: Path, chromium: str, url: str) -> Scores:
    """The scores of one run, of 100. What was found wanting goes to stderr."""
    report = _report(auditor, chromium, url)
    for name, category in report["categories"].items():
        for audit in category["auditRefs"]:
            judged = report["audits"][audit["id"]]
            if audit["weight"] and judged["score"] is not None and judged["score"] < GOOD:
                click.echo(f"{url}: {name}: {judged['title']} {judged.get('displayValue', '')}", err=True)
    return {name: round(100 * category["score"]) for name, category in report["categories"].items()}


def _report(auditor: Path, chromium: str, url: str) -> dict[str, Any]:
    """What Lighthouse says. Now and then it misses the beginning of its own trace (NO_NAVSTART), and is asked again."""
    command = [str(auditor), url, "--quiet", "--output=json", "--throttling-method=simulate", f"--chrome-flags={FLAGS}"]
    command.append(f"--only-categories={','.join(CATEGORIES)}")
    environment = {**os.environ, "CHROME_PATH": chromium}
    for _ in range(TRIES):
        said = subprocess.run(command, check=False, capture_output=True, timeout=SECONDS, env=environment)
        report: dict[str, Any] = json.loads(said.stdout or "{}")
        if report and not report.get("runtimeError"):
            return report
    raise BadEnvironment(f"Lighthouse did not get through {url}.", said.stderr.decode(errors="replace")[-999:])


def _table(scores: Mapping[str, Scores]) -> str:
    rows = [("", *CATEGORIES), *((name, *(f"{page[each]:g}" for each in CATEGORIES)) for name, page in scores.items())]
    return "\n".join("  ".join(cell.ljust(14) for cell in row).rstrip() for row in rows)


if __name__ == "__main__":
    main()
