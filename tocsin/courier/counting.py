"""How often the links of a telling are followed, counted by link and day: never by whom, and only if the publication wants it.

A counted link leads to our own site with a random key, the same in every mail of the telling; where it leads is looked up, so it
is no door to anywhere else. Readers who refuse get an edition with the plain links.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils import timezone

from tocsin.audience.models import Address, Subscriber
from tocsin.courier.message import Message
from tocsin.courier.models import Clicks, CountedLink, Delivery, Dispatch, Edition

FEWEST_READERS = 10
"""Among fewer a count would tell of a person: they all get the plain links."""
CHUNK = 500


@dataclass(frozen=True)
class Followed:
    """A link and how often it was followed so far."""

    url: str
    number: int


@transaction.atomic
def count(dispatch: Dispatch, plain: Message, links: Mapping[str, str]) -> None:
    """Let a telling that was just planned, of one edition with counted links, be counted. In the caller's transaction.

    `plain`: the same message with the links as they are. `links`: key -> where it leads.
    """
    counted = dispatch.editions.get()
    CountedLink.objects.bulk_create(
        CountedLink(key=key, dispatch=dispatch, url=url, place=place) for place, (key, url) in enumerate(links.items())
    )
    if dispatch.audience < FEWEST_READERS:
        Edition.objects.filter(pk=counted.pk).update(message=plain.to_json())
        CountedLink.objects.filter(dispatch=dispatch).delete()
        return
    refusing = list(
        Address.objects.filter(subscriber__in=Subscriber.objects.filter(uncounted=True)).values_list("hash", flat=True)
    )
    if not refusing:
        return
    other = Edition.objects.create(
        dispatch=dispatch, language=counted.language, posts=counted.posts, message=plain.to_json()
    )
    for start in range(0, len(refusing), CHUNK):
        theirs = [bytes(one) for one in refusing[start : start + CHUNK]]
        Delivery.objects.filter(dispatch=dispatch, channel=dispatch.channel, address_hash__in=theirs).update(
            edition=other
        )


def destination(key: str) -> str | None:
    """Where a counted link leads; None if there is no such link."""
    return CountedLink.objects.filter(pk=key).values_list("url", flat=True).first()


def followed(key: str, at: datetime | None = None) -> None:
    """A link was followed once more. Safe at once from many sides."""
    today = Clicks.objects.filter(link=key, day=(at or timezone.now()).date())
    if today.update(number=F("number") + 1):
        return
    try:
        with transaction.atomic():
            Clicks.objects.create(link_id=key, day=(at or timezone.now()).date(), number=1)
    except IntegrityError:  # somebody else followed it first in this moment
        today.update(number=F("number") + 1)


def clicks(dispatch_id: int) -> list[Followed]:
    """The links of a telling in their order, each with how often it was followed; empty if none is counted."""
    links = CountedLink.objects.filter(dispatch_id=dispatch_id).annotate(number=Sum("clicks__number")).order_by("place")
    return [Followed(link.url, link.number or 0) for link in links]
