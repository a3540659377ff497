"""The promises, checked after whatever was done: the sink's own record and the ledger agree."""

import signal
from collections import defaultdict
from typing import Any

from tests.courier.running import until
from tests.crash.scene import Scene
from tocsin.audience.models import Address
from tocsin.courier.models import Attempt, Batch, Delivery, Dispatch
from tocsin.courier.queries import books
from tocsin.courier.states import State

Record = dict[str, Any]


def settle(scene: Scene, seconds: float = 60, **allowed: Any) -> None:
    """Let an undisturbed courier finish over a healthy relay what the others left, then look at everything."""
    scene.sink.heal()
    scene.say("the relay is healthy; an undisturbed courier begins")
    with scene.courier() as courier:
        until_at_rest(seconds)
        assert courier.stop() in {0, -signal.SIGTERM}, "it ends well; told so before it has begun, at once"
    promises_are_kept(scene, **allowed)


def until_at_rest(seconds: float = 60) -> None:
    """Wait until nothing is due any more and no batch is leased."""
    until(at_rest, "everything to be settled", seconds)


def at_rest() -> bool:
    """Whether the couriers have nothing left to do."""
    return not Batch.objects.exclude(due_us=None, token=None).exists()


def promises_are_kept(scene: Scene, *, unlisted: int = 0, dates_lost: bool = False) -> None:
    """Nobody is lost; nobody got it twice who is not listed as unsure; the books balance; nothing is left open.

    `unlisted`: how many may have got it twice unlisted, where the evidence itself was destroyed. `dates_lost`: as well as
    when they were first sent, so that copies differ in their Date.
    """
    messages, addresses, twice = taken(scene), dict(Address.objects.values_list("pk", "value")), 0
    refused = {fault["to"] for fault in scene.sink.seen("fault") if fault["do"].startswith("5")}
    for dispatch in Dispatch.objects.all():
        found = books(dispatch.pk)
        scene.say(f"in the end: {found}")
        assert found.balanced, found
        assert found.settled, found
        deliveries = list(Delivery.objects.filter(dispatch=dispatch))
        assert len(deliveries) == dispatch.audience, "a row for everyone"
        for delivery in deliveries:
            assert delivery.address_id is not None
            address = addresses[delivery.address_id]
            copies = messages.pop((address, dispatch.title), [])
            evidence_agrees(delivery, copies, refused=address in refused)
            twice += len(copies) > 1 + delivery.doubts
            assert dates_lost or len({copy["crc"] for copy in copies}) <= 1, f"copies of {delivery.pk} differ"
    assert not messages, f"who has no row was written to: {list(messages)[:5]}"
    assert twice <= unlisted, f"{twice} got it more often than they were unsure"
    assert not Attempt.objects.filter(finished_us=None).exists(), "no attempt is left open"
    assert not scene.sink.seen("violation"), scene.sink.seen("violation")[:5]


def evidence_agrees(delivery: Delivery, copies: list[Record], *, refused: bool) -> None:
    """One row against what the sink took for it."""
    what = f"delivery {delivery.pk} is {delivery.state} ({delivery.attempts} attempts, {delivery.doubts} doubts)"
    match delivery.state:
        case State.ACCEPTED:
            assert copies, f"{what}, but the sink has no message"
        case State.UNSURE:
            assert delivery.doubts >= 2, f"{what}: it is to be resent once"
        case State.FAILED:
            assert refused, f"{what}, but the sink never refused it"
        case _:
            raise AssertionError(what)
    if delivery.state != State.ACCEPTED:
        assert delivery.doubts or not copies, f"{what}, but the sink took it"
    assert len({copy["id"] for copy in copies}) <= 1, f"{what}: its copies have different names: {copies}"


def taken(scene: Scene) -> dict[tuple[str, str], list[Record]]:
    """What the sink took, by recipient and subject. One Message-ID is of one recipient and one telling."""
    found, owners = defaultdict(list), defaultdict(set)
    for record in scene.sink.records:
        if record["what"] in {"taken", "ended"}:
            owners[record["id"]].add((record["to"], record["subject"]))
        if record["what"] == "taken":
            found[record["to"], record["subject"]].append(record)
    assert all(len(whose) == 1 for whose in owners.values()), "a Message-ID belongs to two messages"
    return dict(found)


def wake_all() -> None:
    """What waits for its time need not wait any more."""
    Delivery.objects.filter(due_us__isnull=False).update(due_us=0)
    Batch.objects.filter(due_us__isnull=False).update(due_us=0)
