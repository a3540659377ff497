"""`tocsin courier`, as it is run."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.channels.email.faulty import FaultyRelay, running
from tests.courier.people import make_readers, tell_everyone
from tests.courier.running import until_books

ROOT = Path(__file__).parents[2]


def test_the_command_sends_what_is_planned_and_ends_at_sigterm(committed):
    make_readers(2)
    dispatch = tell_everyone()
    with running(FaultyRelay()) as relay:
        environment = {**os.environ, "TOCSIN_RELAYS": relay.url}
        process = subprocess.Popen([sys.executable, "-m", "tocsin", "courier"], env=environment, cwd=ROOT)
        try:
            until_books(dispatch.pk, accepted=2)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait()


def test_a_relay_that_cannot_be_read_is_refused_with_the_mend(committed):
    environment = {**os.environ, "TOCSIN_RELAYS": "relay.example.org"}
    result = subprocess.run(
        [sys.executable, "-m", "tocsin", "courier"],
        check=False,
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 3
    assert "Relay 1" in result.stderr
