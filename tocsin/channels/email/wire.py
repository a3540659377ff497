"""Relays that letters can be handed to: how a connection is opened, and what it trusts."""

import ssl
from contextlib import suppress

from tocsin.channels.email.introduction import Introduction
from tocsin.channels.email.line import Broken, Line
from tocsin.channels.email.offer import Offer
from tocsin.channels.email.patience import Patience
from tocsin.channels.email.relay import RelaySettings, Tls
from tocsin.channels.email.session import SmtpSession
from tocsin.courier.channel import Crew, RelayTrouble
from tocsin.lib.errors import BadEnvironment
from tocsin.smtp.commands import Quit
from tocsin.smtp.events import LocalProtocolError, RemoteProtocolError


class SmtpRelay:
    """A relay that sessions can be opened with. Implements `courier.channel.Relay`."""

    def __init__(self, settings: RelaySettings, hello: str, patience: Patience | None = None) -> None:
        self.name = settings.name
        self.policy = settings.policy
        self.settings = settings
        self._hello = hello
        self._patience = patience or Patience()
        self._tls = _context(settings)

    async def connect(self, crew: Crew) -> SmtpSession:
        """Open a session: connect, EHLO, TLS, AUTH. Raises RelayTrouble with the relay's own words.

        The session asks for its first parcel when it is woken.
        """
        line = await self._introduced()
        try:
            return SmtpSession(line, crew, self._patience)
        except Broken as error:  # by what came right behind the last answer
            raise RelayTrouble(str(error)) from error

    async def inspect(self) -> Offer:
        """Open a session and say goodbye: what the relay offers. Sends nothing. Raises RelayTrouble."""
        line = await self._introduced()
        try:
            offer = Offer.of(line)
            with suppress(Broken):
                await line.ask(Quit(), self._patience.quit)
        except Broken as error:
            raise RelayTrouble(f"{line.said.value}: {error}") from error
        finally:
            line.abort()
        return offer

    async def _introduced(self) -> Line:
        at_once = self._tls if self.settings.tls is Tls.AT_ONCE else None
        try:
            line = await Line.open(self.settings.host, self.settings.port, at_once, self._patience.connect)
        except Broken as error:
            raise RelayTrouble(f"connecting: {error}") from error
        try:
            await Introduction(line, self.settings, self._hello, self._patience, self._tls).make()
        except (Broken, LocalProtocolError, RemoteProtocolError) as error:
            line.abort()
            raise RelayTrouble(f"{line.said.value}: {error}") from error
        except BaseException:
            line.abort()
            raise
        return line


def _context(settings: RelaySettings) -> ssl.SSLContext | None:
    """Verifies certificate and host name, against the system's store or the one CA named."""
    if settings.tls is Tls.NEVER:
        return None
    try:
        return ssl.create_default_context(cafile=settings.ca)
    except (OSError, ssl.SSLError) as error:
        raise BadEnvironment(
            f"The certificate file {settings.ca} of relay {settings.name} cannot be used.",
            "It must be a readable PEM file with the certificate of the authority that signed the relay's.",
        ) from error
