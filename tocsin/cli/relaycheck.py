"""What `tocsin doctor` looks at in the relays: each is greeted, logged in to, and sent nothing; then how they fit together."""

import asyncio
import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tocsin.channels.email.channel import smtp_relays
from tocsin.channels.email.offer import Offer
from tocsin.channels.email.options import LANES
from tocsin.channels.email.patience import Patience
from tocsin.channels.email.relay import RelaySettings, Tls
from tocsin.channels.email.wire import SmtpRelay
from tocsin.cli.finding import Finding
from tocsin.cli.relaymends import mend_of
from tocsin.courier.channel import RelayTrouble
from tocsin.courier.lanes import Lane
from tocsin.lib import clock
from tocsin.lib.config import Config

PATIENCE = Patience(connect=10, greeting=35, hello=15, tls=10, auth=15)
"""Shorter than the courier's: a person waits. Some relays keep strangers waiting for half a minute."""
EDITION = 256 * 1024
"""Octets: no edition of text with its pictures linked is larger."""
SOON = timedelta(days=14)
BULK = frozenset({Lane.INSTANT.value, Lane.DIGEST.value})


@dataclass(frozen=True)
class Seen:
    """One relay, and what it offers; or its trouble."""

    settings: RelaySettings
    offer: Offer | None
    trouble: str = ""

    @property
    def lanes(self) -> frozenset[int]:
        """The lanes it serves."""
        return frozenset(LANES.values()) if self.settings.policy.lanes is None else self.settings.policy.lanes

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        try:
            return ipaddress.ip_address(self.settings.host).is_loopback
        except ValueError:
            return self.settings.host == "localhost"


def look(config: Config) -> tuple[Seen, ...]:
    """Greet all relays, at the same time. Raises BadEnvironment when one is written wrongly."""
    relays = smtp_relays(config, PATIENCE)

    async def look_at_all() -> list[Seen]:
        return await asyncio.gather(*map(_look, relays))

    return tuple(asyncio.run(look_at_all()))


async def _look(relay: SmtpRelay) -> Seen:
    try:
        return Seen(relay.settings, await relay.inspect())
    except RelayTrouble as trouble:
        return Seen(relay.settings, None, str(trouble))


def findings(relays: Sequence[Seen]) -> Iterator[Finding]:
    """What can be said without a database."""
    for seen in relays:
        name = seen.settings.name
        if seen.offer is None:
            yield Finding("relay", False, f"{name} says: {seen.trouble}", mend_of(seen.trouble, seen.settings))
        else:
            yield Finding("relay", True, f"{name} takes mail.")
            yield from _offered(seen, seen.offer, name)
    yield from _lanes(relays)


def _offered(seen: Seen, offer: Offer, name: str) -> Iterator[Finding]:
    if offer.size_limit is not None and offer.size_limit < EDITION:
        message = f"{name} takes no message over {offer.size_limit // 1024:,} KB; long editions are refused."
        yield Finding("size", False, message, "Let it take 1 MB or more (Postfix: message_size_limit), or use another.")
    if offer.certificate_ends and offer.certificate_ends < datetime.now(tz=UTC) + SOON:
        message = f"The certificate of {name} ends on {offer.certificate_ends:%Y-%m-%d}."
        yield Finding("certificate", True, message, "No mail is handed over when it has ended: see that it is renewed.")
    if not offer.certificate_ends and seen.settings.tls is not Tls.NEVER and not seen.is_local:
        message = f"{name} offers no TLS: mail to it can be read on its way."
        yield Finding("tls", True, message, "Let it offer STARTTLS. If it is to be so, write tls=none.")
    if "PIPELINING" not in offer.extensions:
        message = f"{name} does not offer PIPELINING: sending is several times slower."
        yield Finding("pipelining", True, message, "Every usual mail server offers it; is a firewall rewriting SMTP?")


def _lanes(relays: Sequence[Seen]) -> Iterator[Finding]:
    """Whether every lane is served, and whether alerts would wait behind the rest."""
    served = frozenset[int]().union(*(seen.lanes for seen in relays))
    if unserved := [name for name, lane in LANES.items() if lane not in served]:
        message = f"No relay serves {', '.join(unserved)}: such mail waits for ever."
        yield Finding("lanes", False, message, "Add these lanes to the option lanes of a relay, or leave it out.")
    alerting = [seen for seen in relays if Lane.ALERT in seen.lanes]
    mixed = [seen for seen in alerting if seen.lanes & BULK]
    if not alerting or len(mixed) < len(alerting):
        return
    names = ", ".join(seen.settings.name for seen in mixed)
    if all(seen.settings.policy.connections == 1 for seen in mixed):
        message = f"{names} may have one connection only: an alert waits until what is on it has been answered."
        yield Finding("alerts", True, message, "Allow connections=2 or more: one of them is kept for alerts.")
    if all(seen.is_local for seen in mixed):
        message = f"Alerts would wait behind digests in the queue of {names}, which takes mail faster than it delivers."
        mend = "Give alerts a queue of their own: a second Postfix instance or relay with lanes=alert,transactional."
        yield Finding("alerts", True, message, f"{mend} See docs/guide/relays.md.")


def used_up(relays: Sequence[Seen]) -> Iterator[Finding]:
    """Which relays have been given all that their caps allow. Needs the database."""
    from tocsin.courier.queries import capped_until

    for settings in (seen.settings for seen in relays):
        if until := capped_until(settings.name, settings.policy, clock.now_us()):
            message = f"{settings.name} has been given all that hour=, day= or ramp= allow, until {until:%H:%M} UTC."
            mend = "Mail waits until then; alerts may use what is kept for them. Allow more if the provider does."
            yield Finding("caps", True, message, mend)


def readers_out_of_reach(relays: Sequence[Seen]) -> Iterator[Finding]:
    """Whether the relays take the addresses of all subscribers. Needs the database."""
    from tocsin.audience.models import Address

    without = [seen for seen in relays if seen.offer and "SMTPUTF8" not in seen.offer.extensions]
    number = Address.objects.filter(channel="email", value__regex=r"[^ -~].*@").count() if without else 0
    if number:
        names = ", ".join(seen.settings.name for seen in without)
        message = f"{number} subscribers have addresses that {names} cannot take (SMTPUTF8): their mail fails."
        mend = "Let it offer SMTPUTF8 (Postfix: smtputf8_enable = yes), or use a relay that does."
        yield Finding("smtputf8", False, message, mend)
