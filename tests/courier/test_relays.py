"""What one relay's desk concludes from what came back; no database, no sockets."""

import pytest

from tests.courier.standins import StandinRelay
from tests.courier.world import World, refusal
from tocsin.courier.channel import CannotCompose, Fate, Outcome
from tocsin.courier.sending.circuit import Phase
from tocsin.courier.sending.judge import STREAK
from tocsin.courier.sending.outbox import Slip

DENIED = refusal("554 5.7.1 relay access denied")


def phase(world):
    return world.desk._circuit.phase


def try_again(world):
    """The wait is over."""
    world.desk._circuit._until = 0
    world.station.wake()


def test_a_relay_that_greets_may_be_used():
    async def steps(world):
        assert world.desk.serves
        assert world.desk.connections == 4
        ids = world.add(5)
        await world.until(lambda: len(world.relay.taken) == 5)
        assert world.settled() == dict.fromkeys(ids, "taken")
        assert [lease.first for lease in world.written(Slip.RELEASE)] == [1]

    World().run(steps)


def test_a_relay_that_cannot_be_reached_is_left_alone():
    async def steps(world):
        assert not world.desk.serves
        assert world.station.notices._posted == {"relay:25": "connection refused"}

    relay = StandinRelay()
    relay.trouble = "connection refused"
    World(relay).run(steps)


def test_a_relay_that_greets_but_takes_no_sender_stays_in_trouble_until_it_does():
    answers = [Outcome(Fate.RELAY, "553 5.1.8 sender refused", "MAIL")]

    async def steps(world):
        (delivery,) = world.add(1)
        await world.until(lambda: not world.desk.serves)
        assert world.station.board.waiting((2,)) == 1, "nothing happened to the delivery"
        world.station.notices._posted.clear()
        answers.append(Outcome(Fate.RELAY, "553 5.1.8 sender refused", "MAIL"))
        try_again(world)
        await world.until(lambda: len(world.relay.sessions) == 2 and not world.desk.serves)
        assert not world.station.notices._posted, "it was in trouble all the time"
        try_again(world)
        await world.until(lambda: phase(world) is Phase.CLOSED)
        assert world.settled() == {delivery: "taken"}
        assert world.station.notices._posted == {"relay:25": ""}

    World(StandinRelay(lambda _: answers.pop() if answers else None)).run(steps)


def test_a_delivery_that_ends_a_fresh_session_stands_aside():
    async def steps(world):
        ids = world.add(1)
        await world.until(lambda: not world.desk.serves)
        assert [result.delivery for result in world.written(Slip.PUT_ASIDE)] == ids
        assert world.station.board.waiting((2,)) == 0

    World(StandinRelay(lambda _: Outcome(Fate.RELAY, "421 4.3.2 closing", "RCPT"))).run(steps)


def test_a_session_that_served_may_end():
    answers = [None, None, Outcome(Fate.RELAY, "421 4.7.0 enough", "MAIL")]

    async def steps(world):
        ids = world.add(6)
        await world.until(lambda: len(world.relay.taken) == 6)
        assert phase(world) is Phase.CLOSED
        assert world.settled() == dict.fromkeys(ids, "taken")
        assert len(world.relay.sessions) == 2

    World(StandinRelay(lambda _: answers.pop(0) if answers else None, connections=1)).run(steps)


def test_a_lost_connection_leaves_one_unsure_and_proves_no_relay_sound():
    answers = [None, None, Outcome(Fate.LOST, "connection lost", "body")]

    async def steps(world):
        ids = world.add(12)
        await world.until(lambda: len(world.relay.taken) == 11)
        assert sorted(world.settled().values()) == ["lost"] + ["taken"] * 11
        assert sorted(world.settled()) == ids

    World(StandinRelay(lambda _: answers.pop(0) if answers else None)).run(steps)


@pytest.mark.parametrize("words", ["554 5.7.1 relay access denied", "451 4.3.0 not now"])
def test_a_streak_of_refusals_fails_nobody_and_an_acceptance_ends_it(words):
    broken = True

    async def steps(world):
        nonlocal broken
        world.add(30)
        await world.until(lambda: not world.desk.serves)
        await world.quiet()
        assert not [result for result in world.written(Slip.DECIDE) if result.evidence.value == "refused"]
        assert len(world.written(Slip.NOTE)) == STREAK
        aside = len(world.written(Slip.PUT_ASIDE))
        assert aside == (STREAK if words[0] == "5" else 1)
        assert words in world.station.notices._posted["relay:25"]
        try_again(world)
        await world.until(lambda: len(world.written(Slip.PUT_ASIDE)) == aside + 1)
        assert not world.desk.serves, "one more of the same is enough"
        broken = False
        try_again(world)
        await world.until(lambda: phase(world) is Phase.CLOSED)
        await world.until(lambda: len(world.relay.taken) == 30 - STREAK - 1)

    World(StandinRelay(lambda _: refusal(words) if broken else None, connections=1)).run(steps)


def test_when_there_is_nothing_more_refusals_are_decided():
    answers = [refusal("550 5.1.1 unknown"), refusal("554 5.7.1 go away")]

    async def steps(world):
        world.add(2)
        await world.until(lambda: len(world.written(Slip.NOTE)) == 2)
        assert not world.written(Slip.RELEASE), "they are still to be decided"
        world.desk.nothing_more()
        decided = [result.evidence.value for result in world.written(Slip.DECIDE)]
        assert decided == ["refused", "put off"]
        assert world.written(Slip.RELEASE)

    World(StandinRelay(lambda _: answers.pop(0), connections=1)).run(steps)


def test_mailboxes_that_are_full_are_put_off_however_many():
    async def steps(world):
        world.add(3 * STREAK)
        await world.until(lambda: len(world.written(Slip.DECIDE)) == 3 * STREAK)
        assert {result.evidence.value for result in world.written(Slip.DECIDE)} == {"put off"}
        assert world.desk.serves

    World(StandinRelay(lambda _: refusal("452 4.2.2 mailbox full"))).run(steps)


TOO_BIG = Outcome(Fate.REFUSED, "not sent: the relay takes no message over 100 octets", "composing")
TOO_BIG_AT_MAIL = Outcome(Fate.RELAY, "552 5.3.4 message size exceeds the limit", "MAIL")


@pytest.mark.parametrize("answer", [TOO_BIG, TOO_BIG_AT_MAIL])
def test_what_is_too_big_for_one_relay_is_left_to_another(answer):
    small, large = StandinRelay(lambda _: answer, "small:25"), StandinRelay(name="large:25")

    async def steps(world):
        ids = world.add(20)
        await world.until(lambda: len(large.taken) == 20)
        assert world.settled() == dict.fromkeys(ids, "taken")
        assert world.desk.serves

    World(small, large).run(steps)


def test_what_waits_for_the_relay_that_can_take_it_holds_up_nobody():
    small = StandinRelay(lambda parcel: TOO_BIG if parcel.delivery_id <= 3 else None, "small:25")
    large = StandinRelay(name="large:25", per_second=0.5)

    async def steps(world):
        ids = world.add(40)
        await world.until(lambda: len(world.settled()) >= 37)
        assert sum(result.relay == small.name for result in world.written(Slip.SETTLE)) >= len(ids) - 6

    World(small, large).run(steps)


def test_what_was_left_to_a_relay_is_not_sent_when_its_telling_is_stopped():
    small = StandinRelay(lambda _: TOO_BIG, "small:25", weight=1)
    large = StandinRelay(name="large:25", per_second=0.5)

    async def steps(world):
        world.add(5)
        await world.until(lambda: len(world.desks[1].giving._kept) >= 3)
        before = len(large.taken)
        world.station.board.close({1})
        world.desks[1].giving.limits._limits.clear()
        world.desks[1].call()
        await world.until(lambda: not world.desks[1].giving.keeps)
        await world.quiet()
        assert len(large.taken) == before

    World(small, large).run(steps)


def test_a_standby_takes_what_the_others_never_can():
    small = StandinRelay(lambda parcel: TOO_BIG if parcel.delivery_id % 2 else None, "small:25")
    standby = StandinRelay(name="standby:25", weight=0)

    async def steps(world):
        ids = world.add(40)
        await world.until(lambda: len(world.settled()) == len(ids))
        assert {parcel.delivery_id % 2 for parcel in standby.taken} == {1}
        assert len(standby.taken) == 20

    World(small, standby).run(steps)


def test_what_is_too_big_for_every_relay_fails_with_the_words():
    small, smaller = StandinRelay(lambda _: TOO_BIG, "small:25"), StandinRelay(lambda _: TOO_BIG, "smaller:25")

    async def steps(world):
        ids = world.add(STREAK + 5)
        await world.until(lambda: len(world.settled()) == len(ids))
        assert {result.reply for result in world.written(Slip.SETTLE)} == {TOO_BIG.reply}
        assert set(world.settled().values()) == {"refused"}
        assert all(desk.serves for desk in world.desks)

    World(small, smaller).run(steps)


def test_what_is_too_big_waits_for_a_relay_that_does_not_work_now():
    small, large = StandinRelay(lambda _: TOO_BIG, "small:25"), StandinRelay(name="large:25")
    large.trouble = "connection refused"

    async def steps(world):
        ids = world.add(1)
        await world.until(lambda: world.written(Slip.PUT_ASIDE))
        assert [result.delivery for result in world.written(Slip.PUT_ASIDE)] == ids

    World(small, large).run(steps)


def test_a_second_relay_takes_over_from_one_in_trouble():
    broken = StandinRelay(lambda _: Outcome(Fate.RELAY, "451 4.3.0 not today", "MAIL"), "broken:25")
    sound = StandinRelay(name="sound:25")

    async def steps(world):
        world.add(200)
        await world.until(lambda: len(sound.taken) == 200)

    World(broken, sound).run(steps)


def test_a_standby_is_used_only_when_no_other_works():
    first, standby = StandinRelay(name="first:25"), StandinRelay(name="standby:25", weight=0)

    async def steps(world):
        world.add(100)
        await world.until(lambda: len(first.taken) == 100)
        assert not standby.taken
        first.answer = lambda _: Outcome(Fate.RELAY, "421 4.3.2 closing", "MAIL")
        world.add(100)
        await world.until(lambda: len(standby.taken) == 100)

    World(first, standby).run(steps)


def test_a_relay_is_given_no_more_a_second_than_it_may_have():
    async def steps(world):
        world.add(100)
        await world.until(lambda: len(world.relay.taken) >= 25)
        before = len(world.relay.taken)
        await world.until(lambda: len(world.relay.taken) >= before + 10)

    world = World(StandinRelay(per_second=100))
    import time

    began = time.monotonic()
    world.run(steps)
    assert time.monotonic() - began > 0.13


def test_a_connection_is_renewed_after_so_many_messages():
    async def steps(world):
        world.add(25)
        await world.until(lambda: len(world.relay.taken) == 25)
        assert len(world.relay.sessions) >= 3

    World(StandinRelay(per_connection=10, connections=1)).run(steps)


def test_an_alert_leaves_alone_with_chunking():
    async def steps(world):
        world.add(20)
        await world.until(lambda: len(world.relay.taken) == 20)
        assert max(world.relay.flights) > 1
        world.relay.flights.clear()
        world.add(5, lane=1)
        await world.until(lambda: len(world.relay.taken) == 25)
        assert world.relay.flights == [1] * 5

    World(StandinRelay(connections=1)).run(steps)


def test_flights_grow_with_success_and_shrink_with_refusals():
    refused = False

    async def steps(world):
        nonlocal refused
        world.add(200)
        await world.until(lambda: len(world.relay.taken) == 200)
        assert max(world.relay.flights) >= 16
        refused = True
        world.add(40)
        await world.until(lambda: len(world.written(Slip.DECIDE)) == 40)
        assert world.relay.flights[-1] == 1

    relay = StandinRelay(lambda _: refusal("450 4.2.1 later") if refused else None, connections=1)
    World(relay).run(steps)


def test_one_connection_is_kept_for_urgent_lanes():
    async def steps(world):
        world.add(50)
        await world.until(lambda: len(world.relay.sessions) == 2)
        await world.quiet()
        assert len(world.relay.sessions) == 2
        world.add(1, lane=1)
        await world.until(lambda: len(world.relay.sessions) == 3)

    relay = StandinRelay(connections=3)
    relay.hangs = True
    World(relay).run(steps)


def test_what_cannot_be_composed_is_dropped_and_the_rest_goes_on():
    class Unsendable:
        def address(self, recipient):
            raise CannotCompose("the reader has no name")

    async def steps(world):
        (broken,) = world.add(1, edition=Unsendable())
        world.add(1)
        await world.until(lambda: len(world.relay.taken) == 1)
        (drop,) = world.written(Slip.DROP)
        assert (drop.delivery, drop.reason) == (broken, "It cannot be composed: the reader has no name")
        assert len(world.written(Slip.RELEASE)) == 2

    World().run(steps)


def test_a_fault_of_ours_before_the_wire_is_tried_again_later(caplog):
    class Faulty:
        def address(self, recipient):
            return 1 / 0

    async def steps(world):
        (broken,) = world.add(1, edition=Faulty())
        world.add(1)
        await world.until(lambda: len(world.relay.taken) == 1)
        assert [result.delivery for result in world.written(Slip.PUT_ASIDE)] == [broken]

    World().run(steps)
    assert "met a fault of ours" in caplog.text


def test_nothing_starts_when_the_lease_is_not_sure():
    async def steps(world):
        world.sure = False
        world.add(3)
        await world.quiet()
        assert not world.relay.taken
        world.sure = True
        world.station.wake()
        await world.until(lambda: len(world.relay.taken) == 3)

    World().run(steps)


def test_nothing_starts_when_the_lease_was_lost_while_the_intents_were_written():
    async def steps(world):
        begin, written = world.station.diary.begin, []

        def begin_and_be_stopped_for_long(intents):
            written.extend(intents)
            world.sure = False
            return begin(intents)

        world.station.diary.begin = begin_and_be_stopped_for_long
        world.add(3)
        await world.until(lambda: written)
        await world.quiet()
        assert not world.relay.taken

    World().run(steps)


def test_a_resend_has_the_date_of_the_first_attempt():
    async def steps(world):
        world.add(1, started_us=77, attempts=1)
        await world.until(lambda: world.relay.taken)
        assert world.relay.taken[0].body == b"77"
        (result,) = world.written(Slip.SETTLE)
        assert result.number == 2
        assert result.started_us > 77

    World().run(steps)


def test_an_operator_is_given_few_at_a_time_and_holds_up_nobody_else():
    async def steps(world):
        world.add(30, domain="slow.example")
        world.add(30, domain="other.example")
        await world.until(lambda: len(world.relay.taken) == 60)
        assert max(world.relay.flights) <= 4
        first = [parcel.recipient.partition("@")[2] for parcel in world.relay.taken[:20]]
        assert {"slow.example", "other.example"} == set(first)

    World(StandinRelay(per_destination=2, connections=1)).run(steps)


def test_what_waited_long_for_its_operator_is_looked_up_again():
    answers = [refusal("450 4.7.28 too many messages, slow down")]

    async def steps(world):
        world.add(3, domain="slow.example")
        await world.until(lambda: len(world.written(Slip.DECIDE)) == 1)
        for pieces in list(world.desk.giving._gates._parked._queues.values()):
            for piece in pieces:
                piece.best_before = 0.0
        world.desk.giving._gates._destinations._operators.clear()
        world.station.wake()
        await world.quiet()
        assert not world.relay.taken
        assert world.station.board.waiting((2,)) == 1, "one at a time"
        assert world.station.board.ready((2,)) == 0

    World(StandinRelay(lambda _: answers.pop() if answers else None, per_destination=1, connections=1)).run(steps)


def test_idle_connections_are_closed():
    async def steps(world):
        world.add(1)
        await world.until(lambda: world.relay.taken)
        await world.until(lambda: all(session.over for session in world.relay.sessions))

    World(idle=0.05).run(steps)
