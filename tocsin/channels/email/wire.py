"""Handing parcels to a relay: the conversation, and what each way it can end means for the parcel.

The one rule everything here serves: the dot that completes a message leaves only after `may_start` said True, and from
the first octet of the body until a complete reply nobody can know whether the relay took the message (Fate.LOST).
"""

import ssl
from contextlib import suppress
from typing import overload

from tocsin.channels.email.line import Broken, Line
from tocsin.channels.email.offer import Offer
from tocsin.channels.email.patience import Patience
from tocsin.channels.email.relay import RelaySettings, Tls
from tocsin.channels.email.session import SmtpSession
from tocsin.courier.channel import Crew, Fate, MayStart, Outcome, Parcel, RelayTrouble
from tocsin.lib.errors import BadEnvironment
from tocsin.smtp import auth
from tocsin.smtp.client import CLOSING
from tocsin.smtp.commands import (
    Body,
    Command,
    Data,
    Ehlo,
    Helo,
    Mail,
    Quit,
    Rcpt,
    Rset,
    StartTls,
)
from tocsin.smtp.events import LocalProtocolError, RemoteProtocolError
from tocsin.smtp.replies import Reply
from tocsin.smtp.state import Verb, Verdict


class SmtpRelay:
    """A relay that sessions can be opened with. Implements `courier.channel.Relay`."""

    def __init__(self, settings: RelaySettings, hello: str, patience: Patience | None = None) -> None:
        self.name = settings.name
        self.policy = settings.policy
        self.connections = settings.policy.connections
        self.lanes = settings.policy.lanes
        self.settings = settings
        self._hello = hello
        self._patience = patience or Patience()
        self._tls = _context(settings)

    @overload
    async def connect(self) -> "OneParcelSession": ...
    @overload
    async def connect(self, crew: Crew) -> SmtpSession: ...
    async def connect(self, crew: Crew | None = None) -> "SmtpSession | OneParcelSession":
        """Open a session: connect, EHLO, TLS, AUTH. Raises RelayTrouble with the relay's own words.

        The session of a crew takes many parcels; it asks for the first when it is woken.
        """
        line = await self._introduced()
        return OneParcelSession(line, self._patience) if crew is None else SmtpSession(line, crew, self._patience)

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


class OneParcelSession:
    """An open connection. Takes one parcel at a time. Implements `courier.channel.Session`."""

    def __init__(self, line: Line, patience: Patience) -> None:
        self._line = line
        self._patience = patience
        self._spent = False

    @property
    def usable(self) -> bool:
        """Whether another parcel may be handed over on this connection."""
        return not self._spent and self._line.client.may_send(Verb.MAIL) and not self._line.broken

    async def hand_over(self, parcel: Parcel, may_start: MayStart) -> Outcome:
        """Try to hand `parcel` over. What the relay or the network does is in the Outcome, never raised.

        If `may_start` raises, or this is cancelled, the connection is closed and the error goes on: before
        `may_start` returned nothing was handed over, after it nobody knows.
        """
        if not self.usable:
            return self._end(Fate.RELAY, self._line.broken or "the session is over", Verb.MAIL)
        try:
            mail, rcpt, body = self._commands(parcel)
        except LocalProtocolError as error:
            return Outcome(Fate.REFUSED, f"not sent: {error}", "composing")
        try:
            return await self._envelope(mail, rcpt) or await self._message(body, may_start)
        except BaseException:
            self._line.abort()
            raise

    async def close(self) -> None:
        """Say goodbye if that is possible now, and close."""
        if self._line.client.may_send(Verb.QUIT):
            with suppress(Broken):
                await self._line.ask(Quit(), self._patience.quit)
        self._line.abort()

    def _commands(self, parcel: Parcel) -> tuple[Mail, Rcpt, Body]:
        client = self._line.client
        utf8 = not (parcel.return_path + parcel.recipient).isascii()
        size = len(parcel.body)
        if utf8 and "SMTPUTF8" not in client.extensions:
            raise LocalProtocolError("the relay does not take addresses with non-ASCII characters (SMTPUTF8)")
        if client.size_limit and size > client.size_limit:
            raise LocalProtocolError(f"the relay takes no message over {client.size_limit} octets, this one has {size}")
        mail = Mail(parcel.return_path, size if "SIZE" in client.extensions else None, utf8)
        return mail, Rcpt(parcel.recipient, utf8), Body(parcel.body)

    async def _envelope(self, mail: Mail, rcpt: Rcpt) -> Outcome | None:
        """Name sender and recipient, and ask to send. None when the relay waits for the message."""
        steps: tuple[tuple[Command, float], ...] = (
            (mail, self._patience.mail),
            (rcpt, self._patience.rcpt),
            (Data(), self._patience.data),
        )
        for command, seconds in steps:
            try:
                reply = await self._line.ask(command, seconds)
            except Broken as error:
                return self._end(Fate.RELAY, str(error), command.verb)
            if reply.verdict in {Verdict.NOT_NOW, Verdict.NO}:
                return await self._refused(command.verb, reply)
        return None

    async def _refused(self, verb: Verb, reply: Reply) -> Outcome:
        fate = _fate(verb, reply)
        if fate is Fate.RELAY:
            return self._end(fate, reply.words, verb)
        try:
            await self._line.ask(Rset(), self._patience.reset)
        except Broken:
            self._spent = True
        return Outcome(fate, reply.words, verb.value)

    async def _message(self, body: Body, may_start: MayStart) -> Outcome:
        if not await may_start():
            self._line.abort()
            return Outcome(Fate.STOPPED, "the lease is gone", Verb.BODY.value)
        if self._line.broken:
            return self._end(Fate.RELAY, self._line.broken, Verb.DATA)
        try:
            reply = await self._line.deliver(body, self._patience.block, self._patience.body)
        except Broken as error:
            return self._end(Fate.LOST, str(error), Verb.BODY)
        fate = _fate(Verb.BODY, reply)
        return self._end(fate, reply.words, Verb.BODY) if fate is Fate.RELAY else Outcome(fate, reply.words, "body")

    def _end(self, fate: Fate, words: str, verb: Verb) -> Outcome:
        self._spent = True
        return Outcome(fate, words, verb.value)


def _fate(verb: Verb, reply: Reply) -> Fate:
    """What a reply means for the parcel. MAIL speaks of us, not of the recipient; so does 421 anywhere."""
    if reply.verdict is Verdict.DONE:
        return Fate.TAKEN
    if reply.code == CLOSING or verb is Verb.MAIL:
        return Fate.RELAY
    return Fate.REFUSED_NOW if reply.verdict is Verdict.NOT_NOW else Fate.REFUSED


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
