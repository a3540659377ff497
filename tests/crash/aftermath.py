"""What must be true after whatever was done to the couriers."""

from collections import Counter

from tests.courier.running import courier, until
from tocsin.audience.models import Address
from tocsin.courier.models import Attempt, Batch, Delivery
from tocsin.courier.queries import books


def until_at_rest(dispatch, relay, log, seconds=60):
    """Let an undisturbed courier finish what the others left, then look at everything."""
    with courier(relay, log):
        until_nothing_is_due(dispatch, seconds)
    nobody_lost_and_nobody_twice_unlisted(dispatch, relay)


def until_nothing_is_due(dispatch, seconds=60):
    def at_rest() -> bool:
        found = books(dispatch.pk)
        assert found.balanced, found
        return not Batch.objects.exclude(due_us=None, token=None).exists()

    until(at_rest, "everything to be settled", seconds)


def nobody_lost_and_nobody_twice_unlisted(dispatch, relay):
    taken = Counter(recipient for letter in relay.taken for recipient in letter.recipients)
    readers = dict(Address.objects.values_list("pk", "value"))
    deliveries = list(Delivery.objects.filter(dispatch=dispatch))
    assert len(deliveries) == dispatch.audience
    for delivery in deliveries:
        times = taken.pop(readers[delivery.address_id], 0)
        assert delivery.state == "accepted" or (delivery.state == "unsure" and delivery.doubts >= 2), delivery.state
        assert times >= 1 or delivery.doubts, f"delivery {delivery.pk} is lost"
        assert times <= 1 + delivery.doubts, f"delivery {delivery.pk} was taken {times} times"
    assert not taken, "nobody else was written to"
    assert not Attempt.objects.filter(finished_us=None).exists()
