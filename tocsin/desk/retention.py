"""What the publication does not want to keep for ever is deleted here, when its days are over.

The clock calls `piece` again and again, about twice a second while there is something to do, so that neither SQLite's
one write lock nor the clock's other work waits. How long what is kept stands in the publication's settings.
"""

from collections.abc import Callable, Iterable
from typing import Final

from django.db import transaction

from tocsin.audience import actions as audience
from tocsin.audience import forgetting, limits, queries
from tocsin.audience.models import Publication
from tocsin.courier import actions as courier

Chore = Callable[[Publication], object]


def piece() -> bool:
    """Forget a little of everything that is kept too long; whether there may be more. Safe to run twice at once."""
    publication = queries.publication()
    done = [chore(publication) for chore in CHORES]  # each has its turn, whatever the one before did
    return any(done)


def _requests(publication: Publication) -> bool:
    return _people(forgetting.unconfirmed(publication.keep_unconfirmed_days))


def _who_left(publication: Publication) -> bool:
    return _people(forgetting.left(publication.keep_left_days))


def _people(found: Iterable[int]) -> bool:
    """Delete them, each in a transaction of its own; whether there was anybody."""
    deleted = False
    for subscriber in found:
        with transaction.atomic():
            courier.scrub(subscriber)
            deleted |= audience.forget(subscriber)
    return deleted


def _network_addresses(publication: Publication) -> bool:
    return forgetting.network_addresses(publication.keep_ip_days) > 0


@transaction.atomic
def _who_was_sent_what(publication: Publication) -> bool:
    return courier.forget_readers(publication.keep_details_days)


def _allowances(_: Publication) -> bool:
    """Token buckets know networks and hashed addresses: they go as soon as they are full again."""
    limits.forget_full()
    return False


CHORES: Final[tuple[Chore, ...]] = (_allowances, _requests, _who_left, _network_addresses, _who_was_sent_what)
