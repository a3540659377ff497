"""The alarm and the net below publishing: an intent is written in the transaction that tells, so one without its
dispatch should never be seen. If one is (a database mended by hand, a half-restored backup), it is carried out now,
loudly. Nothing else is ever recreated.
"""

import logging

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.content.models import PostPage
from tocsin.desk import publish, watchdog
from tocsin.desk.models import PublishIntent

log = logging.getLogger(__name__)


def sweep() -> None:
    """Carry out recorded intents that have no dispatch, each in its own transaction."""
    live = PostPage.objects.filter(live=True).values("pk")
    orphans = PublishIntent.objects.filter(dispatch_id__isnull=True, post_id__in=live)
    for intent_id in list(orphans.order_by("pk").values_list("pk", flat=True)):
        try:
            _mend(intent_id)
        except Exception:
            log.exception("Intent %s has no dispatch, and carrying it out failed; it is tried again.", intent_id)


@transaction.atomic
def _mend(intent_id: int) -> None:
    intent = PublishIntent.objects.select_for_update().filter(pk=intent_id, dispatch_id__isnull=True).first()
    if intent is None:
        return
    dispatch = publish.carry_out(intent)
    log.error("Readers of post %s had not been told. They are now, in dispatch %s.", intent.post_id, dispatch.pk)
    watchdog.report(
        f"sweep:{intent.pk}",
        _(
            "Readers of “{title}” had not been told when it was published. They are being told now "
            "(telling {number}). This should never happen: please see what happened to the database."
        ).format(title=dispatch.title, number=dispatch.pk),
    )
