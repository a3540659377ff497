"""How what a relay may still be given comes from the ledger into a courier's hand, and back."""

import asyncio
import math
from collections.abc import Callable

import pytest

from tocsin.courier.channel import Policy
from tocsin.courier.lanes import Lane
from tocsin.courier.ledger.ledger import Ledger
from tocsin.courier.ledger.retry import RetryPlan
from tocsin.courier.sending import caps
from tocsin.courier.sending.caps import Caps
from tocsin.courier.sending.clerk import Clerk, LedgerAway
from tocsin.courier.sending.quotas import Account, Quotas
from tocsin.lib import clock

NAME = "relay.example:25"


class Courier:
    """The quotas of one courier with one relay; works on the ledger when its caps say that there is need."""

    def __init__(self, url: str, policy: Policy) -> None:
        self.clerk = Clerk(url, RetryPlan())
        self.needs = self.changes = 0
        self.caps = Caps(self._need)
        self.quotas = Quotas(self.clerk, [Account(NAME, policy, self.caps, self._changed)])

    def _need(self) -> None:
        self.needs += 1

    def _changed(self) -> None:
        self.changes += 1

    async def send(self, most: int, lane: Lane = Lane.DIGEST) -> int:
        now = asyncio.get_running_loop().time()
        for sent in range(most):
            while self.caps.wait(now, lane) == math.inf:
                await self.quotas.bring()
            if self.caps.wait(now, lane):
                return sent
            self.caps.take(now, lane)
        return most


def run(url: str, policy: Policy, *scenarios: Callable[[Courier], object]) -> None:
    async def play() -> None:
        couriers = [Courier(url, policy) for _ in scenarios]
        for scenario, courier in zip(scenarios, couriers, strict=True):
            await scenario(courier)  # type: ignore[misc]
        for courier in couriers:
            courier.clerk.close()

    asyncio.run(play())


def test_two_couriers_send_no_more_than_the_cap_together(committed):
    async def first(courier: Courier) -> None:
        assert await courier.send(30) == 30
        await courier.quotas.close()

    async def second(courier: Courier) -> None:
        assert await courier.send(1000) == 65
        assert await courier.send(1000, Lane.ALERT) == 5
        assert courier.needs >= 3
        assert courier.changes >= courier.needs

    run(committed, Policy(per_hour=100), first, second)


def test_when_it_ends_nothing_is_kept(committed):
    async def scenario(courier: Courier) -> None:
        await courier.send(3)
        await courier.quotas.close()
        rest = await courier.clerk.do(Ledger.reserve, NAME, Policy(per_hour=19), 99, clock.now_us())
        assert rest.granted == 16

    run(committed, Policy(per_hour=19), scenario)


def test_what_was_not_used_goes_back_after_a_while(committed, monkeypatch):
    monkeypatch.setattr(caps, "KEEP_SECONDS", 0.0)

    async def scenario(courier: Courier) -> None:
        now = asyncio.get_running_loop().time()
        assert courier.caps.wait(now, Lane.DIGEST) == math.inf
        await courier.quotas.bring()
        rest = await courier.clerk.do(Ledger.reserve, NAME, Policy(per_hour=19), 99, clock.now_us())
        assert rest.granted == 19

    run(committed, Policy(per_hour=19), scenario)


def test_a_ledger_that_is_away_is_asked_again(tmp_path):
    async def scenario(courier: Courier) -> None:
        for _ in range(2):
            with pytest.raises(LedgerAway):
                await courier.send(1)
        assert courier.needs == courier.changes == 2

    run(f"sqlite:///{tmp_path}/none.sqlite3", Policy(per_day=5), scenario)
