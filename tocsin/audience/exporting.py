"""Who is subscribed, as the rows of a CSV file: what `importing` reads back as it was. Writes nothing."""

from collections.abc import Iterator

from tocsin.audience import queries, wishes
from tocsin.audience.csvfile import Row

CHUNK = 2000


def rows() -> Iterator[Row]:
    """One row for everybody who may be written to, in order of joining. Pauses are not among the columns."""
    people = queries.reachable().select_related("subscriber").order_by("id")
    people = people.prefetch_related("subscriber__subscriptions__followable")
    for line, address in enumerate(people.iterator(chunk_size=CHUNK), 2):
        chosen = {
            wishes.token(subscription.followable): subscription.cadence
            for subscription in address.subscriber.subscriptions.all()
            if subscription.followable.retired_at is None
        }
        yield Row(line, address.value, address.subscriber.name, *wishes.write(chosen))
