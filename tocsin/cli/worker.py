"""`tocsin worker`: the clock, digests and the background tasks, each in a loop of its own so that none waits for another.

What the clock does is `tocsin.desk.clock`, digests are `tocsin.desk.digests`; what a task does is wherever the task is. A
failure is logged and tried again; it never ends the worker.
"""

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from datetime import timedelta

import click

from tocsin.cli import installation
from tocsin.cli.django import setup
from tocsin.lib import config

TICK_SECONDS = 0.5
DIGEST_SECONDS = 1.0
TASK_SECONDS = 1.0
FORGET_SECONDS = 3600.0
REMIND_SECONDS = 60.0
AFTER_FAILURE_SECONDS = 2.0
WARM_AFTER_SECONDS = 5.0
GRACE_SECONDS = 6.0
KEPT_RESULTS = timedelta(days=7)
STOPPING = (signal.SIGTERM, signal.SIGINT)

logger = logging.getLogger(__name__)


@click.command("worker")
def command() -> None:
    """Run background tasks and the clock."""
    setup()
    installation.require_fitting(config.current())
    logging.getLogger("django_tasks_db").setLevel(logging.WARNING)
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)  # from here on they wait for sigwait, in every thread
    stop = threading.Event()
    threads = start(stop)
    signal.sigwait(STOPPING)
    stop.set()
    for thread in threads:
        thread.join(GRACE_SECONDS)
    logging.shutdown()
    os._exit(0)  # taking a loaded Django apart takes a second, and nothing in it needs to be


def start(stop: threading.Event) -> list[threading.Thread]:
    """Start the loops; they end soon after `stop` is set. What is cut off in the middle runs again later."""
    from tocsin.desk import clock
    from tocsin.desk.digests.actions import Planner
    from tocsin.web.readers import reminding

    loops: list[tuple[Callable[[], object], float]] = [
        (clock.tick, TICK_SECONDS),
        (Planner().plan_some, DIGEST_SECONDS),
        (run_a_ready_task, TASK_SECONDS),
        (forget_old_results, FORGET_SECONDS),
        (reminding.remind, REMIND_SECONDS),
    ]
    threads = [threading.Thread(target=_repeat, args=[*loop, stop], daemon=True) for loop in loops]
    threads.append(threading.Thread(target=_warm, args=[stop], daemon=True))
    for thread in threads:
        thread.start()
    return threads


def _warm(stop: threading.Event) -> None:
    """Load the site's addresses, which publishing needs: else the first scheduled post is a second late.

    Not at once: while everything starts, the web process has more use for the processor.
    """
    from django.urls import resolve

    if not stop.wait(WARM_AFTER_SECONDS):
        resolve("/")


def _repeat(action: Callable[[], object], pause: float, stop: threading.Event) -> None:
    """Do `action` again and again with a pause between, on a database connection that is renewed when it broke."""
    from django.db import close_old_connections

    while not stop.is_set():
        wait = pause
        try:
            again = action()
        except Exception:
            logger.exception("the worker stumbled and goes on")
            again, wait = False, AFTER_FAILURE_SECONDS
        close_old_connections()
        stop.wait(0 if again is True else wait)


def run_a_ready_task() -> bool:
    """Run one task that is ready; whether there was one."""
    from django_tasks_db.management.commands.db_worker import Worker
    from django_tasks_db.models import DBTaskResult

    # Asking first takes no lock; the library's own look takes the one write lock of SQLite.
    if not DBTaskResult.objects.ready().exists():
        return False
    Worker(
        queue_names=["*"],
        excluded_queue_names=[],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=1,
        worker_id=f"{socket.gethostname()[:40]}:{os.getpid()}",
    ).run()
    return True


def forget_old_results() -> None:
    """Delete the results of tasks that ended long ago."""
    from django.utils import timezone
    from django_tasks_db.models import DBTaskResult

    DBTaskResult.objects.finished().filter(finished_at__lte=timezone.now() - KEPT_RESULTS).delete()
