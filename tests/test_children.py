"""No process of a test outlives a test run that was killed."""

import signal
import subprocess
import sys

import psutil

from tests.children import ROOT

RUN = """
import time
from tests.children import child
with child("import time; time.sleep(3600)") as process:
    print(process.pid, flush=True)
    time.sleep(3600)
"""


def test_a_child_ends_with_a_test_run_that_is_killed():
    with subprocess.Popen([sys.executable, "-c", RUN], cwd=ROOT, stdout=subprocess.PIPE) as run:
        child = psutil.Process(int(run.stdout.readline()))
        run.send_signal(signal.SIGKILL)
        gone, _ = psutil.wait_procs([child], timeout=30)
        assert gone == [child]
