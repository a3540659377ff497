"""Whatever couriers, editors and relays do, in whatever order: the books balance after every step."""

import random

import pytest
from django.db import transaction

from tests.courier.desk import Hand, open_ledger
from tests.courier.people import make_readers, tell_everyone
from tocsin.audience.models import Subscriber
from tocsin.courier import actions
from tocsin.courier.ledger.results import Drop
from tocsin.courier.models import Attempt, Delivery, Dispatch
from tocsin.courier.queries import books
from tocsin.courier.states import Evidence
from tocsin.lib import clock

WIRE = [Evidence.TAKEN, Evidence.TAKEN, Evidence.PUT_OFF, Evidence.REFUSED, Evidence.LOST, Evidence.RETURNED]
STEPS = 120


class World:
    """Two couriers, each with leases, a journal, messages on the wire and an outbox; and everything else that happens.

    `taken`: how often the relay really took each delivery.
    """

    def __init__(self, url: str, seed: int) -> None:
        self.chance = random.Random(seed)
        self.hands = [Hand(open_ledger(url)), Hand(open_ledger(url))]
        self.leases = []
        self.wire = []
        self.outbox = []
        self.taken = {}
        self.post = 0
        self.tell()
        self.claim()
        self.begin()

    def step(self) -> None:
        moves = [
            self.tell,
            self.lose_a_reader,
            self.cancel,
            self.pause,
            self.resume,
            self.resume,
            self.bury,
            self.resend,
        ]
        moves += [
            self.claim,
            self.begin,
            self.answer,
            self.write,
            self.drop,
            self.release,
            self.wait,
            self.put_aside,
        ] * 8
        self.chance.choice(moves)()

    def tell(self) -> None:
        self.post += 1
        tell_everyone(post_id=self.post)

    def lose_a_reader(self) -> None:
        self.chance.choice(list(Subscriber.objects.order_by("pk"))).delete()

    def a_dispatch(self):
        return self.chance.choice(list(Dispatch.objects.all()))

    @transaction.atomic
    def cancel(self) -> None:
        actions.cancel(self.a_dispatch(), "withdrawn")

    @transaction.atomic
    def pause(self) -> None:
        actions.pause(self.a_dispatch())

    @transaction.atomic
    def resume(self) -> None:
        actions.resume(self.a_dispatch())

    @transaction.atomic
    def resend(self) -> None:
        actions.resend_unsure(self.a_dispatch())

    def bury(self) -> None:
        """With its journal, or without; and what it has in its hands may still come back, and be written."""
        victim, heir = self.chance.sample(self.hands, 2)
        replies = [result for hand, result in self.outbox if hand is victim]
        still_open = [this for hand, _, this in self.wire if hand is victim]
        reading = self.chance.choice([None, victim.reading(replies, still_open)])
        if heir.ledger.bury(victim.courier, heir.now, reading=reading):
            self.hands[self.hands.index(victim)] = Hand(victim.ledger, now=victim.now)

    def claim(self) -> None:
        hand = self.chance.choice(self.hands)
        self.leases += [(hand, lease) for lease in hand.ledger.claim(hand.courier, 2, hand.now, 1)]

    def release(self) -> None:
        """As the courier does: nothing of the lease is under way or still to be written."""
        busy = {this.batch for _, _, this in self.wire} | {result.batch for _, result in self.outbox}
        idle = [held for held in self.leases if held[1].batch not in busy]
        if idle:
            hand, lease = held = self.chance.choice(idle)
            self.leases.remove(held)
            hand.ledger.release([lease])

    def a_due_row(self):
        hand, lease = self.chance.choice(self.leases) if self.leases else (None, None)
        under_way = {this.delivery for _, _, this in self.wire} | {result.delivery for _, result in self.outbox}
        due = [delivery for delivery in hand.ledger.due(lease) if delivery not in under_way] if hand else []
        return hand, lease, self.chance.choice(due) if due else None

    def begin(self) -> None:
        for _ in range(4):
            hand, lease, delivery = self.a_due_row()
            if delivery and hand in self.hands and hand.load(delivery).open:
                hand.now += 1
                self.wire.append((hand, lease, hand.intent(lease, delivery)))

    def answer(self) -> None:
        for _ in range(self.chance.randrange(len(self.wire) + 1)):
            hand, _, this = self.wire.pop(self.chance.randrange(len(self.wire)))
            evidence = self.chance.choice(WIRE)
            self.taken[this.delivery] = self.taken.get(this.delivery, 0) + (evidence is Evidence.TAKEN)
            self.outbox.append((hand, hand.result(this, evidence)))

    def write(self) -> None:
        for hand in {id(hand): hand for hand, _ in self.outbox}.values():
            mine = [result for other, result in self.outbox if other is hand]
            for _ in range(self.chance.choice([1, 1, 2])):
                hand.ledger.settle_many(mine)
        self.outbox = []

    def drop(self) -> None:
        hand, lease, delivery = self.a_due_row()
        if delivery and (why := hand.load(delivery).drop(hand.now)):
            hand.ledger.drop_many([Drop(delivery, lease.batch, lease.token, *why)], hand.now)

    def put_aside(self) -> None:
        hand, lease, delivery = self.a_due_row()
        if delivery:
            hand.ledger.put_aside_many([hand.result(hand.intent(lease, delivery), Evidence.RETURNED, "trouble")])

    def wait(self) -> None:
        for hand in self.hands:
            hand.now += self.chance.choice([clock.SECOND, clock.MINUTE, clock.HOUR])


@pytest.mark.parametrize("seed", range(6))
def test_the_books_balance_after_every_step(committed, seed):
    make_readers(12)
    world = World(committed, seed)
    for _ in range(STEPS):
        world.step()
        for dispatch in Dispatch.objects.all():
            found = books(dispatch.pk)
            assert found.balanced, found
            assert min(getattr(found, state) for state in ("planned", "deferred", "unsure")) >= 0, found
    world.write()
    assert world.taken
    for delivery in Delivery.objects.all():
        times = world.taken.get(delivery.pk, 0)
        assert times <= 1 + delivery.doubts
        assert (delivery.state == "accepted") == (times > 0)
        written = Attempt.objects.filter(delivery=delivery, outcome__in=["taken", "duplicate"]).count()
        assert written == times or (written == times - 1 and delivery.state == "accepted")
    for hand in world.hands:
        hand.ledger.close()
