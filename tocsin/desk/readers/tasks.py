"""Changes of many readers as background tasks, and putting one that stalled back into the queue."""

import logging

from django.utils import timezone
from django_tasks import task

from tocsin.desk.models import BulkChange
from tocsin.desk.readers import changes

log = logging.getLogger(__name__)


@task()
def carry_out(change_id: int) -> None:
    """Do a change to its end, from wherever it is."""
    changes.carry_out(change_id)


def enqueue_stalled() -> None:
    """Enqueue again what a worker was cut off from. Run now and then by the clock."""
    for change_id in changes.stalled():
        log.warning("Change %s of readers stalled and is taken up again.", change_id)
        BulkChange.objects.filter(pk=change_id).update(touched_at=timezone.now())
        carry_out.enqueue(change_id)
