"""Whatever couriers, editors and relays do, in whatever order: the books balance after every step."""

import random

import pytest
from django.db import transaction

from tests.courier.desk import Hand, open_ledger
from tests.courier.people import make_readers, tell_everyone
from tocsin.audience.models import Subscriber
from tocsin.courier import actions
from tocsin.courier.models import Attempt, Delivery, Dispatch
from tocsin.courier.queries import books
from tocsin.courier.states import Evidence
from tocsin.lib import clock

WIRE = [Evidence.TAKEN, Evidence.TAKEN, Evidence.PUT_OFF, Evidence.REFUSED, Evidence.LOST, Evidence.RETURNED]
STEPS = 150


class World:
    """Two couriers, each with leases and messages on the wire, and everything else that can happen."""

    def __init__(self, url: str, seed: int) -> None:
        self.chance = random.Random(seed)
        self.hands = [Hand(open_ledger(url)), Hand(open_ledger(url))]
        self.leases: list[tuple[Hand, object]] = []
        self.wire: list[tuple[Hand, object]] = []
        self.post = 0
        self.tell()

    def step(self) -> None:
        moves = [self.tell, self.lose_a_reader, self.cancel, self.bury, self.resend]
        moves += [self.claim, self.begin, self.answer, self.drop, self.release, self.wait, self.put_aside] * 8
        self.chance.choice(moves)()

    def tell(self) -> None:
        self.post += 1
        tell_everyone(post_id=self.post)

    def lose_a_reader(self) -> None:
        Subscriber.objects.order_by("?").first().delete()

    def cancel(self) -> None:
        with transaction.atomic():
            actions.cancel(self.chance.choice(list(Dispatch.objects.all())), "withdrawn")

    def resend(self) -> None:
        with transaction.atomic():
            actions.resend_unsure(self.chance.choice(list(Dispatch.objects.all())))

    def bury(self) -> None:
        victim, heir = self.chance.sample(self.hands, 2)
        if heir.ledger.bury(victim.courier, heir.now):
            self.hands[self.hands.index(victim)] = Hand(victim.ledger, now=victim.now)

    def claim(self) -> None:
        hand = self.chance.choice(self.hands)
        self.leases += [(hand, lease) for lease in hand.ledger.claim(hand.courier, 2, hand.now, 1)]

    def release(self) -> None:
        if self.leases:
            hand, lease = self.leases.pop(self.chance.randrange(len(self.leases)))
            hand.ledger.release([lease])

    def a_due_row(self):
        hand, lease = self.chance.choice(self.leases) if self.leases else (None, None)
        due = hand.ledger.due(lease) if hand else []
        return hand, lease, self.chance.choice(due) if due else None

    def begin(self) -> None:
        hand, lease, delivery = self.a_due_row()
        on_the_wire = {this.delivery for _, this in self.wire if this.lease == lease}
        if delivery and delivery not in on_the_wire:
            this = hand.attempt(lease, delivery)
            if hand.ledger.begin(this):
                self.wire.append((hand, this))

    def answer(self) -> None:
        if self.wire:
            hand, this = self.wire.pop(self.chance.randrange(len(self.wire)))
            hand.ledger.settle(this, self.chance.choice(WIRE), "words", hand.now)

    def drop(self) -> None:
        hand, lease, delivery = self.a_due_row()
        if delivery and (why := hand.load(delivery).drop(hand.now)):
            hand.ledger.drop(lease, delivery, *why, hand.now)

    def put_aside(self) -> None:
        hand, lease, delivery = self.a_due_row()
        if delivery:
            hand.ledger.put_aside(hand.attempt(lease, delivery), "trouble", hand.now)

    def wait(self) -> None:
        for hand in self.hands:
            hand.now += self.chance.choice([clock.SECOND, clock.MINUTE, clock.HOUR])


@pytest.mark.parametrize("seed", range(4))
def test_the_books_balance_after_every_step(committed, seed):
    make_readers(12)
    world = World(committed, seed)
    for _ in range(STEPS):
        world.step()
        for dispatch in Dispatch.objects.all():
            found = books(dispatch.pk)
            assert found.balanced, found
            assert min(getattr(found, state) for state in ("planned", "deferred", "unsure")) >= 0, found
    taken = Attempt.objects.filter(outcome__in=["taken", "duplicate"])
    for delivery in Delivery.objects.all():
        times = taken.filter(delivery=delivery).count()
        assert times <= 1 + delivery.doubts
        if times:
            assert delivery.state == "accepted"
        if delivery.state == "accepted":
            assert times
    for hand in world.hands:
        hand.ledger.close()
