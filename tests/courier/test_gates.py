"""What goes to an operator that has its places taken stands aside, and comes back when one is free."""

import asyncio
from collections.abc import Callable

from tocsin.courier.sending.destinations import PROOF
from tocsin.courier.sending.gates import MOST_ASIDE, Gates
from tocsin.courier.sending.operators import Answer, Operators

OK, SLOW_DOWN = "250 2.0.0 ok", "421 4.7.28 unusual rate of mail"


async def look_up(domain: str) -> Answer:
    return Answer(("mx.big.example",) if domain.startswith("customer") else (f"mx.{domain}",), 600)


class House:
    """Gates, what came back from standing aside, and a clock that only a test moves."""

    def __init__(self, most: int, operators: Operators) -> None:
        self.now = 0.0
        self.back: list[int] = []
        self.gates = Gates[int](most, operators, self.back.append, lambda: self.now)

    def enter(self, delivery: int, address: str) -> bool:
        if self.gates.open_for(address, delivery):
            self.gates.enter(delivery, address)
            return True
        return False


def play(most: int, scenario: Callable[[House], None]) -> None:
    async def run() -> None:
        operators = Operators(look_up)
        for domain in ("customer1.example", "customer2.example", "other.example"):
            operators.of(domain)
        await operators.settled()
        scenario(House(most, operators))
        await operators.close()

    asyncio.run(run())


def test_customers_of_one_operator_share_its_places():
    def scenario(house: House) -> None:
        assert house.enter(1, "a@customer1.example")
        assert not house.enter(2, "b@customer2.example")
        assert house.enter(3, "c@other.example")
        assert not house.gates.look()
        house.gates.leave(1, OK)
        assert house.back == [2]
        assert house.enter(2, "b@customer2.example")

    play(1, scenario)


def test_an_operator_that_asks_for_it_is_spared():
    def scenario(house: House) -> None:
        for delivery in (1, 2, 3):
            assert house.enter(delivery, "a@customer1.example")
            house.gates.leave(delivery, SLOW_DOWN)
            house.now += 1.5
        assert not house.enter(4, "a@customer2.example")
        assert not house.gates.look()
        house.now += 1.0
        assert house.gates.look()
        assert house.back == [4]

    play(2, scenario)


def test_what_was_never_let_through_may_leave():
    def scenario(house: House) -> None:
        house.gates.leave(7, OK)
        for delivery in range(3 * PROOF):
            assert house.enter(delivery, "a@other.example")
            house.gates.leave(delivery, OK)
            house.gates.leave(delivery, OK)

    play(1, scenario)


def test_only_so_many_stand_aside_and_all_can_be_put_back():
    def scenario(house: House) -> None:
        assert house.enter(-1, "a@other.example")
        for delivery in range(MOST_ASIDE):
            assert not house.gates.full
            assert not house.enter(delivery, "a@other.example")
        assert house.gates.full
        house.gates.clear()
        assert house.back == list(range(MOST_ASIDE))
        assert not house.gates.full

    play(1, scenario)
