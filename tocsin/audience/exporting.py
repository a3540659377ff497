"""Who is subscribed, as the rows of a CSV file: what `importing` reads back as it was. Writes nothing."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from tocsin.audience import queries, wishes
from tocsin.audience.csvfile import Row
from tocsin.audience.models import Followable


def rows() -> Iterator[Row]:
    """One row for everybody who may be written to, in order of joining. Pauses are not among the columns."""
    tokens = {
        followable.pk: wishes.token(followable) for followable in Followable.objects.filter(retired_at__isnull=True)
    }
    subscriptions = queries.reachable().order_by("id", "subscriber__subscriptions__id")
    found = subscriptions.values_list(
        "value",
        "subscriber__name",
        "subscriber__subscriptions__followable",
        "subscriber__subscriptions__cadence",
    )
    people = groupby(found.iterator(), key=itemgetter(0, 1))
    for line, ((email, name), theirs) in enumerate(people, 2):
        chosen = {tokens[followable]: cadence for _, _, followable, cadence in theirs if followable in tokens}
        yield Row(line, email, name, *wishes.write(chosen))
