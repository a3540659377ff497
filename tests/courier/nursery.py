"""Starts courier processes quickly: a small program that has imported everything once and forks one at a request.

Run as a program it reads requests from stdin, a JSON object a line, and answers each with a line. No Django here.
"""

import json
import os
import signal
import sys
from typing import Any

MS = 1000


def serve() -> None:
    """Answer requests until stdin ends; then nobody started here is left."""
    from tocsin.channels.email import channel  # noqa: F401
    from tocsin.courier.ledger import postgresql, sqlite  # noqa: F401
    from tocsin.courier.sending import process  # noqa: F401

    children: set[int] = set()
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            _, status = os.waitpid(request["wait"], 0)
            children.discard(request["wait"])
            answer(os.waitstatus_to_exitcode(status))
        else:
            pid = os.fork()
            if pid == 0:
                be_a_courier(request)
            children.add(pid)
            answer(pid)
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def be_a_courier(request: dict[str, Any]) -> None:
    """Run the courier with quick clockwork; `setup` is Python run before it begins."""
    import logging

    from tocsin.channels.email.channel import EmailChannel
    from tocsin.courier.ledger.retry import RetryPlan
    from tocsin.courier.sending import process
    from tocsin.courier.sending.timing import Timing
    from tocsin.lib import config

    code = 1
    try:
        os.environ.clear()
        os.environ.update(request["environment"])
        log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 2)
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(0, 1)
        logging.basicConfig(level="INFO")
        plan = RetryPlan(put_off=(200 * MS, 500 * MS), aside=300 * MS, aside_most=600 * MS, resend=300 * MS)
        clockwork = {
            "lease": 2.0, "margin": 0.5, "beat": 0.2, "watch": 0.1, "poll": 0.2, "longest_wait": 0.4,
            "longest_wait_when_refused": 0.4, **request["timing"],
        }  # fmt: skip
        exec(request["setup"], {})
        settings = config.current()
        process.run(settings, EmailChannel.from_config(settings), Timing(**clockwork, retry=plan))
        code = 0
    except BaseException:
        logging.getLogger("nursery").exception("the courier failed")
    finally:
        os._exit(code)


if __name__ == "__main__":
    serve()
