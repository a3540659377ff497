"""Lighthouse over the demo's pages: `.venv/bin/python -m bench.lighthouse [--runs N] [--json]`.

Google's own auditor, installed from npm into a folder that is gone afterwards, drives Debian's Chromium (`CHROME_PATH`
names another) on a simulated phone with a slow line and processor. A score is the median of the runs. Performance depends on
how busy the machine was, so a page with one paragraph and nothing else is audited too: its score is what the machine allows.
Exit code 1 when a score is below 100, or performance below what the machine allows.
"""

import http.client
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import click

from bench.scratch import Scratch, clean_environment, free_port, listening, stop, until
from tocsin.lib.errors import BadEnvironment

PAGES: Mapping[str, str] = {
    "stream": "/",
    "post": "/what-the-water-left-behind/",
    "alert": "/boil-your-water/",
    "topic": "/topics/harbour/",
    "author": "/authors/ines-tollivar/",
    "subscribe": "/subscribe/",
}
PERFORMANCE = "performance"
CATEGORIES = (PERFORMANCE, "accessibility", "best-practices", "seo")
BARE = "(one paragraph)"
BARE_PAGE = b"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Bare</title>
<meta name="viewport" content="width=device-width,initial-scale=1"></head><body><p>One paragraph.</p></body></html>"""
PERFECT = 100
GOOD = 0.9
RUNS, TRIES = 5, 4
SECONDS = 300
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
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
        site = _demo(scratch)
        auditor = Auditor(scratch, _installed(scratch.folder / "npm"), _browser(scratch, chromium))
        scores = {name: auditor.scores(site + path, runs) for name, path in PAGES.items()}
        scores[BARE] = auditor.scores(_bare(scratch), runs, (PERFORMANCE,))
    missed = list(_missed(scores))
    click.echo(json.dumps(scores) if as_json else _table(scores))
    click.echo(f"Missed: {', '.join(missed)}" if missed else "Nothing missed.", err=as_json)
    sys.exit(bool(missed))


class Auditor:
    """Lighthouse, installed, and the browser it drives."""

    def __init__(self, scratch: Scratch, program: Path, port: int) -> None:
        self._scratch = scratch
        self._program = program
        self._port = port

    def scores(self, url: str, runs: int, categories: Sequence[str] = CATEGORIES) -> Scores:
        """The median of each score, of 100."""
        found = [self._audit(url, categories) for _ in range(runs)]
        return {category: median(each[category] for each in found) for category in categories}

    def _audit(self, url: str, categories: Sequence[str]) -> Scores:
        """The scores of one run, of 100. What was found wanting goes to stderr."""
        report = self._report(url, categories)
        for name, category in report["categories"].items():
            for audit in category["auditRefs"]:
                judged = report["audits"][audit["id"]]
                if audit["weight"] and judged["score"] is not None and judged["score"] < GOOD:
                    click.echo(f"{url}: {name}: {judged['title']} {judged.get('displayValue', '')}", err=True)
        return {name: round(100 * category["score"]) for name, category in report["categories"].items()}

    def _report(self, url: str, categories: Sequence[str]) -> dict[str, Any]:
        """What Lighthouse says. Now and then it misses the beginning of its own trace (NO_NAVSTART), and is asked again.

        It writes to a file: into a pipe it would write no more than the first 64 KiB before it exits.
        """
        written = self._scratch.folder / "report.json"
        command: list[str | Path] = [
            self._program,
            url,
            "--quiet",
            "--output=json",
            f"--output-path={written}",
            f"--port={self._port}",
        ]
        command += ["--throttling-method=simulate", f"--only-categories={','.join(categories)}"]
        for _ in range(TRIES):
            written.unlink(missing_ok=True)
            process = self._scratch.start(command, log="lighthouse.log")
            with suppress(subprocess.TimeoutExpired):
                process.wait(SECONDS)
            stop(process)
            report: dict[str, Any] = json.loads(written.read_bytes()) if written.exists() else {}
            if report and not report.get("runtimeError"):
                return report
        said = self._scratch.log("lighthouse.log").read_text(encoding="utf-8", errors="replace")
        raise BadEnvironment(f"Lighthouse did not get through {url}.", said[-999:])


def _missed(scores: Mapping[str, Scores]) -> Iterator[str]:
    """What is below 100, in words; of performance, what is below what the machine allows too."""
    wanted = dict.fromkeys(CATEGORIES, PERFECT) | {PERFORMANCE: min(PERFECT, scores[BARE][PERFORMANCE])}
    for name, page in scores.items():
        for what, score in page.items():
            if score < wanted[what]:
                yield f"{name}: {what} {score:g} of {wanted[what]:g}"


class _Bare(http.server.BaseHTTPRequestHandler):
    """Answers everything with the page of one paragraph."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(BARE_PAGE)))
        self.end_headers()
        self.wfile.write(BARE_PAGE)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _bare(scratch: Scratch) -> str:
    """A page with one paragraph and nothing else, served; its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Bare)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    scratch.callback(server.shutdown)
    return f"http://127.0.0.1:{server.server_port}/"


def _installed(folder: Path) -> Path:
    """Lighthouse, from npm; its program."""
    folder.mkdir()
    command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(folder), "lighthouse"]
    subprocess.run(command, check=True, stdout=sys.stderr)
    return folder / "node_modules" / ".bin" / "lighthouse"


def _browser(scratch: Scratch, chromium: str) -> int:
    """A browser with a fresh profile; the port it is driven through. One that Lighthouse starts could outlive it."""
    port = free_port()
    profile = f"--user-data-dir={scratch.folder / 'profile'}"
    scratch.start([chromium, *FLAGS, profile, f"--remote-debugging-port={port}", "about:blank"], log="chromium.log")
    until(lambda: listening(port), "Chromium does not start", SECONDS)
    return port


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


def _table(scores: Mapping[str, Scores]) -> str:
    rows: list[tuple[str, ...]] = [("", *CATEGORIES)]
    rows += [
        (name, *(f"{page[each]:g}" if each in page else "" for each in CATEGORIES)) for name, page in scores.items()
    ]
    return "\n".join("".join(cell.ljust(16) for cell in row).rstrip() for row in rows)


if __name__ == "__main__":
    main()
