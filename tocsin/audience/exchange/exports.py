"""The log of exports: who took which addresses away, and how many."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from tocsin.audience.exchange import exporting
from tocsin.audience.models import Export


@contextmanager
def logged(wanted: exporting.Filter, who: str) -> Iterator[Iterator[tuple[str, ...]]]:
    """The rows of an export, which is on record before the first of them is given away.

    How many were given is written in the end, also when it is cut off, and only who came to the end of it ended. Raises Refused if
    there is no such topic.
    """
    given = 0

    def counted() -> Iterator[tuple[str, ...]]:
        nonlocal given
        for row in rows:
            given += 1
            yield row

    rows = exporting.rows(wanted)
    entry = Export.objects.create(who=who, wanted=str(wanted)[:200])
    ended_at = None
    try:
        yield counted()
        ended_at = timezone.now()
    finally:
        Export.objects.filter(pk=entry.pk).update(people=given, ended_at=ended_at)
