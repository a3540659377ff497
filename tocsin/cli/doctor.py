"""`tocsin doctor`: what is wrong with this installation, and how to mend it."""

import json
from dataclasses import asdict

import click

from tocsin.cli import checkup
from tocsin.cli.django import setup
from tocsin.cli.finding import Finding
from tocsin.lib import config


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(*, as_json: bool) -> int:
    """Say what is wrong with this installation and how to mend it.

    Exit code 0: nothing is wrong; 1: something is.
    """
    settings = config.current()
    setup()
    found = []
    for finding in checkup.findings(settings):
        found.append(finding)
        if not as_json:
            _print(finding)
    healthy = all(finding.ok for finding in found)
    if as_json:
        print(json.dumps({"ok": healthy, "findings": [asdict(finding) for finding in found]}, ensure_ascii=False))
    return 0 if healthy else 1


def _print(finding: Finding) -> None:
    mark = "WRONG" if not finding.ok else "note " if finding.mend else "ok   "
    print(f"{mark} {finding.check}: {finding.message}", flush=True)
    if finding.mend:
        print(f"      {finding.mend}", flush=True)
