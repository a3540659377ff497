"""Looks up the pages that bodies show: in a task of its own, outside of any transaction, or when an editor asks again."""

import json
import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from tocsin.content.clippings import metadata, pictures
from tocsin.content.clippings.metadata import Metadata
from tocsin.content.clippings.models import Clipping
from tocsin.lib.errors import Refused
from tocsin.outside.destinations import destination
from tocsin.outside.door import Door
from tocsin.outside.exchange import Limits

log = logging.getLogger(__name__)

PAGE: Final = Limits(seconds=8, octets=600_000, may_be_cut=True)
PICTURE: Final = Limits(seconds=8, octets=5_000_000)
HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
LOST_AFTER: Final = timedelta(minutes=10)
"""A look-up that has said nothing for so long was killed."""

DOOR = Door()


def on_revision_saved(instance: Any, **_: Any) -> None:
    """A revision of a page was saved (receives `post_save`): what its body shows is looked up soon after."""
    written = json.loads(instance.content.get("body") or "[]") if "url_path" in instance.content else []
    want(block["value"].get("url", "") for block in written if block.get("type") == "link")


def want(addresses: Iterable[str]) -> None:
    """Have these pages looked up soon after this transaction; those that are known already are not."""
    for url in canonical_all(addresses):
        clipping, is_new = Clipping.objects.get_or_create(url=url)
        if is_new:
            look_up_soon.enqueue(clipping.pk)


def canonical_all(addresses: Iterable[str]) -> list[str]:
    """Each address once, in its one spelling, without those that are none."""
    return list(dict.fromkeys(url for each in addresses if (url := canonical(each))))


def canonical(url: str) -> str:
    """An address in its one spelling; empty for what is none."""
    try:
        return destination(url).url
    except Refused:
        return ""


def chase() -> None:
    """Ask again for what was never looked up, because whoever was at it was killed."""
    now = timezone.now()
    lost = Clipping.objects.filter(looked_up_at=None, trouble="", wanted_at__lt=now - LOST_AFTER)
    for pk in list(lost.values_list("pk", flat=True)):
        if lost.filter(pk=pk).update(wanted_at=now):  # else another worker was quicker
            look_up_soon.enqueue(pk)


@task()
def look_up_soon(pk: int) -> None:
    """Look one up in the background. What goes wrong is written down for the editors."""
    clipping = Clipping.objects.filter(pk=pk, looked_up_at=None).first()
    if clipping is not None:
        look_up(clipping)


def look_up(clipping: Clipping, door: Door | None = None) -> bool:
    """Read what the page says of itself now. False if it cannot be read: then `trouble` says why, and the rest stays."""
    door = door or DOOR
    try:
        found = _read(clipping.url, door)
    except Refused as refused:
        Clipping.objects.filter(pk=clipping.pk).update(trouble=f"{refused.message} {refused.mend}".strip())
        return False
    drawn = _picture(found.picture, door)
    with transaction.atomic():
        changed = Clipping.objects.select_for_update().get(pk=clipping.pk)
        changed.title, changed.description, changed.site_name = found.title, found.description, found.site_name
        changed.picture, changed.picture_width, changed.picture_height = drawn
        changed.looked_up_at, changed.trouble = timezone.now(), ""
        changed.save()
    return True


def _read(url: str, door: Door) -> Metadata:
    answer = door.fetch(url, accept="text/html,application/xhtml+xml", limits=PAGE)
    if answer.content_type not in HTML:
        raise Refused(
            _("That is no page but a file ({kind}).").format(kind=answer.content_type or "?"),
            _("Write the title yourself."),
        )
    _type, _semicolon, parameters = answer.headers.get("content-type", "").lower().partition(";")
    charset = parameters.partition("charset=")[2].partition(";")[0].strip(" \"'")
    found = metadata.read(answer.body, answer.url, charset)
    if not found.title:
        raise Refused(_("The page does not say what it is called."), _("Write the title yourself."))
    return found


def _picture(url: str, door: Door) -> tuple[str, int, int]:
    """The picture of a page, kept; nothing if there is none that can be had."""
    if not url:
        return "", 0, 0
    try:
        answer = door.fetch(url, accept="image/avif,image/webp,image/jpeg,image/png,image/gif", limits=PICTURE)
        jpeg, width, height = pictures.redrawn(answer.body)
    except Refused as refused:
        log.info("A page is shown without its picture: %s", refused.message)
        return "", 0, 0
    return pictures.keep(jpeg), width, height
