"""What goes to an operator that has its places taken stands aside, and comes back when one is free."""

import asyncio

from tocsin.courier.sending.destinations import PROOF
from tocsin.courier.sending.gates import MOST_ASIDE, Gates
from tocsin.courier.sending.operators import Answer, Operators

OK, SLOW_DOWN = "250 2.0.0 ok", "421 4.7.28 unusual rate of mail"


async def look_up(domain: str) -> Answer:
    return Answer(("mx.big.example",) if domain.startswith("customer") else (f"mx.{domain}",), 600)


def play(scenario) -> None:
    async def run() -> None:
        operators = Operators(look_up)
        for domain in ("customer1.example", "customer2.example", "other.example"):
            operators.of(domain)
        await operators.settled()
        scenario(operators)
        await operators.close()

    asyncio.run(run())


def test_customers_of_one_operator_share_its_places():
    def scenario(operators: Operators) -> None:
        gates = Gates[str](1, operators)
        assert gates.enter(1, "a@customer1.example", "first", 0.0)
        assert not gates.enter(2, "b@customer2.example", "second", 0.0)
        assert gates.enter(3, "c@other.example", "third", 0.0)
        assert gates.ready(0.0) == []
        gates.leave(1, OK, 0.1)
        assert gates.ready(0.1) == ["second"]
        assert gates.enter(2, "b@customer2.example", "second", 0.1)

    play(scenario)


def test_an_operator_that_asks_for_it_is_spared():
    def scenario(operators: Operators) -> None:
        gates, now = Gates[str](2, operators), 0.0
        for delivery in (1, 2, 3):
            assert gates.enter(delivery, "a@customer1.example", "", now)
            gates.leave(delivery, SLOW_DOWN, now)
            now += 1.5
        assert not gates.enter(4, "a@customer2.example", "fourth", now)
        assert gates.ready(now) == []
        assert gates.ready(now + 1.0) == ["fourth"]

    play(scenario)


def test_what_was_never_let_through_may_leave():
    def scenario(operators: Operators) -> None:
        gates = Gates[str](1, operators)
        gates.leave(7, OK, 0.0)
        for delivery in range(3 * PROOF):
            assert gates.enter(delivery, "a@other.example", "", 0.0)
            gates.leave(delivery, OK, 0.0)
            gates.leave(delivery, OK, 0.0)

    play(scenario)


def test_only_so_many_stand_aside():
    def scenario(operators: Operators) -> None:
        gates = Gates[int](1, operators)
        assert gates.enter(-1, "a@other.example", -1, 0.0)
        for delivery in range(MOST_ASIDE):
            assert not gates.full
            assert not gates.enter(delivery, "a@other.example", delivery, 0.0)
        assert gates.full
        assert gates.clear() == list(range(MOST_ASIDE))
        assert not gates.full

    play(scenario)
