"""E-mail as the courier sees it: relays to hand parcels to, and a composer."""

from urllib.parse import urlsplit

import idna

from tocsin.channels.email.compose import Composer
from tocsin.channels.email.edition import Edition
from tocsin.channels.email.headers import wire_host
from tocsin.channels.email.patience import Patience
from tocsin.channels.email.relay import RelaySettings, Tls, parse_all
from tocsin.channels.email.wire import SmtpRelay
from tocsin.courier.channel import Relay
from tocsin.courier.message import Message
from tocsin.lib.config import Config
from tocsin.lib.errors import BadEnvironment
from tocsin.lib.links import Links
from tocsin.lib.tokens import Signer


class EmailChannel:
    """Implements `courier.channel.Channel`. Without a relay and without the demo's inbox, `relays` is empty."""

    name = "email"

    def __init__(self, relays: tuple[Relay, ...], composer: Composer) -> None:
        self.relays = relays
        self._composer = composer

    @classmethod
    def from_config(cls, config: Config) -> "EmailChannel":
        """The channel as configured. Raises BadEnvironment with the mend."""
        host = _site_host(config)
        links = Links(_ascii_url(config.site_url, host), Signer(config.secret_keys))
        return cls(
            relays=smtp_relays(config),
            composer=Composer(host, links, config.address_key.encode()),
        )

    def compose(self, edition_id: int, message: Message) -> Edition:
        """Prepare an edition once. Raises CannotCompose."""
        return self._composer.compose(edition_id, message)


def smtp_relays(config: Config, patience: Patience | None = None) -> tuple[SmtpRelay, ...]:
    """The relays as configured. Raises BadEnvironment with the mend."""
    settings = (_inbox(config.inbox_port),) if config.inbox_enabled else parse_all(config.relays)
    return tuple(SmtpRelay(each, _site_host(config), patience) for each in settings)


def _inbox(port: int) -> RelaySettings:
    """The demo's sink for caught mail, in our own process group."""
    return RelaySettings(host="127.0.0.1", port=port, tls=Tls.NEVER)


def _site_host(config: Config) -> str:
    try:
        return wire_host(config.site_host)
    except idna.IDNAError as error:
        raise BadEnvironment(
            f"TOCSIN_SITE_URL: {config.site_host!r} is not a host name.", "Write it as https://news.example.org."
        ) from error


def _ascii_url(url: str, host: str) -> str:
    """The site's URL as a header field can hold it."""
    parts = urlsplit(url)
    return url if url.isascii() else f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")
