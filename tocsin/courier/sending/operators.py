"""Who runs the mail servers of a domain: domains whose mail goes to the same operator are to be treated as one.

Asked for in the background and never waited for: until it is known, a domain is its own operator.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

KEPT = 10_000
AT_A_TIME = 8
WAITING = 1_000
SHORTEST = 300.0
LONGEST = 86_400.0
AFTER_FAILURE = 60.0
"""Seconds: how long an answer is believed, whatever its own time to live, and when to ask again after none."""

_SECOND_LEVEL = {
    "ac",
    "co",
    "com",
    "edu",
    "gen",
    "gob",
    "gouv",
    "gov",
    "govt",
    "ltd",
    "mil",
    "ne",
    "net",
    "nom",
    "or",
    "org",
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """The mail exchangers of a domain, best first; none when it has no MX. `ttl` in seconds."""

    hosts: tuple[str, ...]
    ttl: float


LookUp = Callable[[str], Awaitable[Answer]]
"""Finds the mail exchangers of a domain. Raises OSError or TimeoutError when that cannot be known now."""


class Operators:
    """Remembers who runs which domain's mail. To be used on one event loop."""

    def __init__(self, look_up: LookUp, clock: Callable[[], float] = time.monotonic) -> None:
        self._look_up = look_up
        self._clock = clock
        self._known: dict[str, tuple[str, float]] = {}
        self._asked: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Semaphore(AT_A_TIME)

    def of(self, domain: str) -> str:
        """The operator of a domain's mail as far as it is known; never waits."""
        domain = domain.lower()
        operator, until = self._known.get(domain, (domain, float("-inf")))
        if until <= self._clock() and domain not in self._asked and len(self._asked) < WAITING:
            self._asked.add(domain)
            task = asyncio.get_running_loop().create_task(self._learn(domain))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return operator

    async def settled(self) -> None:
        """Return when nothing is being asked any more."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """Ask no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _learn(self, domain: str) -> None:
        try:
            async with self._turn:
                answer = await self._look_up(domain)
            operator = registrable(answer.hosts[0]) if answer.hosts else domain
            seconds = min(max(answer.ttl, SHORTEST), LONGEST)
        except (OSError, TimeoutError) as error:
            operator, seconds = self._known.get(domain, (domain, 0.0))[0], AFTER_FAILURE
            logger.debug("the mail exchangers of a domain are not known: %s", error)
        finally:
            self._asked.discard(domain)
        self._known.pop(domain, None)
        self._known[domain] = operator, self._clock() + seconds
        if len(self._known) > KEPT:
            del self._known[next(iter(self._known))]


def registrable(host: str) -> str:
    """The name under which a host's owner registered, as far as it shows from the name alone."""
    labels = host.lower().rstrip(".").split(".")
    country = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if country else labels[-2:])


def resolver(nameservers: tuple[str, ...] = (), port: int = 53, seconds: float = 10.0) -> LookUp:
    """Looks up in the DNS, through the system's name servers unless others are given."""
    import dns.asyncresolver  # noqa: PLC0415 - memory that few couriers need
    import dns.exception  # noqa: PLC0415
    import dns.resolver  # noqa: PLC0415

    dns_resolver = dns.asyncresolver.Resolver(configure=not nameservers)
    if nameservers:
        dns_resolver.nameservers = list(nameservers)
        dns_resolver.port = port

    async def look_up(domain: str) -> Answer:
        try:
            found = await dns_resolver.resolve(domain, "MX", lifetime=seconds, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return Answer((), 0)
        except (dns.exception.DNSException, UnicodeError) as error:
            raise OSError(str(error)) from error
        if found.rrset is None:
            return Answer((), 0)
        ranked = sorted((record.preference, record.exchange.to_text()) for record in found)
        return Answer(
            tuple(host for _, host in ranked if host != "."), found.rrset.ttl
        )  # ".": RFC 7505, no mail at all

    return look_up
