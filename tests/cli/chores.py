"""Background tasks for the worker's tests."""

from pathlib import Path

from django_tasks import task


@task()
def write(path: str, text: str) -> None:
    Path(path).write_text(text)


@task()
def fail() -> None:
    raise RuntimeError("on purpose")
