"""Notices a post going live or being taken down, whichever way that happens, and says so by a signal.

Going live is noticed where the row is saved, because Wagtail's paths have nothing else in common: the editor's
button goes around `Page.publish`, and Wagtail's own `page_published` also fires for copies, aliases and posts that
were only scheduled, outside a transaction. Being taken down is noticed there, too, and before deleting.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from tocsin.audience.actions import retire_followable
from tocsin.content import signals


@dataclass(frozen=True)
class Standing:
    """How a post's row stands before readers."""

    live: bool
    live_revision_id: int | None
    first_published_at: datetime | None


def standing(model: Any, pk: int | None) -> Standing | None:
    """The row as it is now, locked until the transaction ends; None if there is no row yet."""
    if pk is None:
        return None
    rows = model.objects.select_for_update().filter(pk=pk)
    found = rows.values("live", "live_revision_id", "first_published_at").first()
    return Standing(**found) if found else None


def announce(model: Any, pk: int, before: Standing | None) -> None:
    """Say what changed since `before`: another revision is live now, or none is any more.

    A row that is just being made (an import, a copy) announces nothing: only publishing a revision does.
    """
    after = standing(model, pk)
    if before is None or after is None:
        return
    if before.live and not after.live:
        signals.post_unpublished.send(sender=model, post=model.objects.get(pk=pk))
    if _went_live(before, after):
        post = model.objects.get(pk=pk)
        signals.post_published.send(
            sender=model,
            post=post,
            revision=post.live_revision,
            first_time=not before.live and before.first_published_at is None,
            user=post.live_revision.user,
        )


def _went_live(before: Standing, after: Standing) -> bool:
    if not after.live or after.live_revision_id is None:
        return False
    return not before.live or before.live_revision_id != after.live_revision_id


@transaction.atomic
def on_page_unpublished(sender: Any, instance: Any, **_: Any) -> None:
    """Wagtail's own announcement also covers what goes around `PostPage.save`: deleting, and bare pages."""
    signals.post_unpublished.send(sender=sender, post=instance)


def on_followed_deleted(instance: Any, **_: Any) -> None:
    """A topic or author is gone: it cannot be followed any more."""
    retire_followable(instance.follow_as, instance.slug)
