"""What is said before the first letter: greeting, EHLO, STARTTLS, AUTH."""

import ssl

from tocsin.channels.email.line import Line
from tocsin.channels.email.patience import Patience
from tocsin.channels.email.relay import RelaySettings, Tls
from tocsin.courier.channel import RelayTrouble
from tocsin.smtp import auth
from tocsin.smtp.commands import Ehlo, Helo, StartTls
from tocsin.smtp.replies import Reply
from tocsin.smtp.state import Verdict


class Introduction:
    """Makes a new line ready. `tls`: None if it is not to be used."""

    def __init__(
        self, line: Line, settings: RelaySettings, hello: str, patience: Patience, tls: ssl.SSLContext | None
    ) -> None:
        self._line = line
        self._settings = settings
        self._hello = hello
        self._patience = patience
        self._tls = tls

    async def make(self) -> None:
        """Raises RelayTrouble, Broken, and what `smtp.events` has for nonsense on either side."""
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
