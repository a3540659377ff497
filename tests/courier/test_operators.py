"""Whose mail servers a domain uses, asked of a real name server in the background."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from tocsin.courier.sending import operators
from tocsin.courier.sending.operators import AFTER_FAILURE, AT_A_TIME, Answer, LookUp, Operators, registrable, resolver

ZONE = {
    "reader.example": ["20 alt.big-mail.example.", "10 mx1.eu.big-mail.example."],
    "shop.example": ["5 mx9.us.big-mail.example."],
    "own.example": ["10 mail.own.example."],
    "none.example": ["0 ."],
    "plain.example": [],
}


@dataclass
class NameServer(asyncio.DatagramProtocol):
    """Answers MX questions from ZONE; says nothing at all about names below `silent.example`."""

    asked: list[str] = field(default_factory=list)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        name = query.question[0].name
        domain = name.to_text().rstrip(".")
        self.asked.append(domain)
        if domain.endswith("silent.example"):
            return
        response = dns.message.make_response(query)
        if domain == "broken.example":
            response.set_rcode(dns.rcode.SERVFAIL)
        elif domain not in ZONE:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif ZONE[domain]:
            response.answer.append(dns.rrset.from_text(name, 600, "IN", "MX", *(f"{mx}" for mx in ZONE[domain])))
        self.transport.sendto(response.to_wire(), address)


@asynccontextmanager
async def name_server(seconds: float = 5.0) -> AsyncIterator[tuple[NameServer, LookUp]]:
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(NameServer, ("127.0.0.1", 0))
    try:
        yield server, resolver(("127.0.0.1",), transport.get_extra_info("sockname")[1], seconds)
    finally:
        transport.close()


async def learn(known: Operators, *domains: str) -> list[str]:
    for domain in domains:
        known.of(domain)
    await known.settled()
    return [known.of(domain) for domain in domains]


def test_customers_of_one_operator_go_together():
    async def scenario() -> None:
        async with name_server() as (server, look_up):
            known = Operators(look_up)
            assert known.of("Reader.example") == "reader.example"  # not known yet, and not waited for
            found = await learn(known, "reader.example", "shop.example", "own.example")
            assert found == ["big-mail.example", "big-mail.example", "own.example"]
            assert sorted(server.asked) == ["own.example", "reader.example", "shop.example"]

    asyncio.run(scenario())


@pytest.mark.parametrize("domain", ["none.example", "plain.example", "nowhere.example", "broken.example", "x..y"])
def test_a_domain_without_mail_servers_is_its_own_operator(domain: str):
    async def scenario() -> None:
        async with name_server() as (_, look_up):
            assert await learn(Operators(look_up), domain) == [domain]

    asyncio.run(scenario())


def test_a_name_server_that_says_nothing_is_asked_again_later():
    async def scenario() -> None:
        async with name_server(seconds=0.2) as (server, look_up):
            now = 0.0
            known = Operators(look_up, lambda: now)
            assert await learn(known, "silent.example") == ["silent.example"]
            asked = len(server.asked)
            now += AFTER_FAILURE - 1
            await learn(known, "silent.example")
            assert len(server.asked) == asked
            now += 1
            await learn(known, "silent.example")
            assert len(server.asked) > asked

    asyncio.run(scenario())


def test_an_answer_is_believed_for_its_time_and_then_until_there_is_another():
    async def scenario() -> None:
        answers = [Answer(("mx.first.example",), 1000), Answer(("mx.second.example",), 1000)]
        now = 0.0

        async def look_up(_: str) -> Answer:
            if not answers:
                raise OSError("away")
            return answers.pop(0)

        known = Operators(look_up, lambda: now)
        assert await learn(known, "a.example") == ["first.example"]
        now = 999.0
        assert await learn(known, "a.example") == ["first.example"]
        now = 1000.0
        assert known.of("a.example") == "first.example"
        await known.settled()
        assert known.of("a.example") == "second.example"
        now = 3000.0
        assert await learn(known, "a.example") == ["second.example"]

    asyncio.run(scenario())


def test_it_asks_for_few_at_a_time_and_remembers_a_bounded_number(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(operators, "KEPT", 50)
    monkeypatch.setattr(operators, "WAITING", 100)

    async def scenario() -> None:
        running = most = 0

        async def look_up(domain: str) -> Answer:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1
            return Answer((f"mx.{domain}",), 0)

        known = Operators(look_up)
        for number in range(300):
            known.of(f"{number}.example")
        assert len(known._asked) == 100
        await known.settled()
        assert most <= AT_A_TIME
        assert len(known._known) == 50

    asyncio.run(scenario())


def test_it_can_be_closed_while_it_asks():
    async def scenario() -> None:
        async with name_server() as (_, look_up):
            known = Operators(look_up)
            known.of("silent.example")
            await asyncio.sleep(0)
            await known.close()
            await known.settled()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("mx1.eu.mail.example.", "mail.example"),
        ("MX.Mail.Example", "mail.example"),
        ("a.mx.example.co.uk", "example.co.uk"),
        ("mx.example.com.au", "example.com.au"),
        ("co.uk", "co.uk"),
        ("mail.example.de", "example.de"),
        ("localhost", "localhost"),
    ],
)
def test_the_name_that_an_operator_registered(host: str, name: str):
    assert registrable(host) == name
