"""The sender stays lean."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def modules_after(code: str) -> set[str]:
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print('\\n'.join(sys.modules))"],
        check=True, capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    return {name.split(".")[0] for name in result.stdout.split()}


def test_the_courier_holds_neither_django_nor_wagtail():
    loaded = modules_after(
        "import tocsin.cli.courier, tocsin.channels.email.channel, tocsin.courier.sending.process\n"
        "import tocsin.courier.ledger.sqlite, tocsin.courier.ledger.postgresql\n"
        "from tocsin.courier.ledger.statements import Dialect, statements; [statements(each) for each in Dialect]"
    )
    assert not loaded & {"django", "wagtail", "modelcluster", "treebeard"}
    assert "tocsin" in loaded
