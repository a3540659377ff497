"""Handing parcels to a relay: the conversation, and what each way it can end means for the parcel.

The one rule everything here serves: the dot that completes a message leaves only after `may_start` said True, and from
the first octet of the body until a complete reply nobody can know whether the relay took the message (Fate.LOST).
"""

import ssl
from contextlib import suppress

from tocsin.channels.email.line import Broken, Line
from tocsin.channels.email.offer import Offer
from tocsin.channels.email.patience import Patience
from tocsin.channels.email.relay import RelaySettings, Tls
from tocsin.channels.email.session import SmtpSession
from tocsin.courier.channel import Crew, RelayTrouble
from tocsin.lib.errors import BadEnvironment
from tocsin.smtp import auth
from tocsin.smtp.commands import (
    Ehlo,
    Helo,
    Quit,
    StartTls,
)
from tocsin.smtp.events import LocalProtocolError, RemoteProtocolError
from tocsin.smtp.replies import Reply
from tocsin.smtp.state import Verdict


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
        return SmtpSession(line, crew, self._patience)

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
            await _Introduction(line, self.settings, self._hello, self._patience, self._tls).make()
        except (Broken, LocalProtocolError, RemoteProtocolError) as error:
            line.abort()
            raise RelayTrouble(f"{line.said.value}: {error}") from error
        except BaseException:
            line.abort()
            raise
        return line


class _Introduction:
    """What is said before the first parcel."""

    def __init__(
        self, line: Line, settings: RelaySettings, hello: str, patience: Patience, tls: ssl.SSLContext | None
    ) -> None:
        self._line = line
        self._settings = settings
        self._hello = hello
        self._patience = patience
        self._tls = tls

    async def make(self) -> None:
        """Raises RelayTrouble or Broken."""
        _demand("greeting", await self._line.greeting(self._patience.greeting))
        await self._say_hello()
        if self._tls and self._settings.tls is not Tls.AT_ONCE:
            await self._secure(self._tls)
        if self._settings.user:
            await self._authenticate()

    async def _say_hello(self) -> None:
        reply = await self._line.ask(Ehlo(self._hello), self._patience.hello)
        if reply.verdict is Verdict.NO:  # from before 1995, or pretending
            reply = await self._line.ask(Helo(self._hello), self._patience.hello)
        _demand("EHLO", reply)

    async def _secure(self, tls: ssl.SSLContext) -> None:
        if "STARTTLS" not in self._line.client.extensions:
            if self._settings.tls is Tls.DEMANDED:
                raise RelayTrouble("STARTTLS is not offered, and a password is not sent without it")
            return
        _demand("STARTTLS", await self._line.ask(StartTls(), self._patience.hello))
        await self._line.secure(tls, self._settings.host, self._patience.tls)
        await self._say_hello()

    async def _authenticate(self) -> None:
        chosen = self._settings.auth
        wanted = (chosen.value,) if chosen else auth.USUAL
        offered = [mechanism for mechanism in wanted if mechanism in self._line.client.mechanisms]
        if not offered:
            raise RelayTrouble(f"AUTH {' or '.join(wanted)} is not offered")
        exchange = auth.MECHANISMS[offered[0]](self._settings.user, self._settings.password)
        reply = await self._line.ask(next(exchange), self._patience.auth)
        while reply.verdict is Verdict.MORE:
            try:
                answer = exchange.send(reply)
            except StopIteration:
                break
            reply = await self._line.ask(answer, self._patience.auth)
        _demand("AUTH", reply)


def _demand(step: str, reply: Reply) -> None:
    if reply.verdict is not Verdict.DONE:
        raise RelayTrouble(f"{step}: {reply.words}")


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
