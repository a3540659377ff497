"""The words that the audience's tables use are known here without importing them: the courier has no Django."""

from tocsin.audience.models import Subscriber, Suppression
from tocsin.courier.ledger import standing


def test_the_words_are_the_audiences():
    assert Subscriber.Status.LEFT.value == standing.LEFT
    assert Suppression.Reason.UNSUBSCRIBED.value == standing.UNSUBSCRIBED
