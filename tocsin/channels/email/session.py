"""One open connection to a relay at work: many letters, callbacks only. What is said when, `smtp.transfer` decides.

The one rule everything here serves: bytes that could complete a message leave only after the crew's `may_start` said
True, and from the first octet of a body until a complete reply nobody can know whether the relay took it (Fate.LOST).
"""

import asyncio
import math
import socket

from tocsin.channels.email.line import Line, why
from tocsin.channels.email.patience import Patience, Watch
from tocsin.courier.channel import Crew, Fate, Outcome, Parcel
from tocsin.smtp.client import CLOSING
from tocsin.smtp.events import LocalProtocolError
from tocsin.smtp.letters import End, Ending, Passage
from tocsin.smtp.state import Verb
from tocsin.smtp.transfer import Transfer, Way

HIGH_WATER = 262_144
"""Octets that wait in the transport before nothing more is written."""
IN_FLIGHT = 1_048_576
"""Octets of bodies in flight before no more parcels are asked for, whatever the crew would give."""
QUICKACK = getattr(socket, "TCP_QUICKACK", None)

COMPOSING = "composing"
INTERRUPTED = "interrupted"
NOT_STARTED = Outcome(Fate.RETURNED, "not started: the courier may not send it now")
PHASES = {verb: verb.value for verb in Verb} | {Verb.BDAT: Verb.BODY.value, Verb.RSET: Verb.MAIL.value}
"""What the courier calls the moment of a refusal. A chunk is a body, and RSET speaks of us as MAIL does."""
TAKEN, TAKEN_THERE, BODY = Fate.TAKEN, End.TAKEN, Verb.BODY.value
FATES = {End.TAKEN: Fate.TAKEN, End.BROKEN: Fate.RELAY, End.BEHIND: Fate.RETURNED, End.UNKNOWN: Fate.LOST}


class SmtpSession(asyncio.Protocol):
    """Hands over what its crew gives it. Implements `courier.channel.Session`.

    Asks for nothing before the first `wake`. Every call of the crew is made on the event loop.
    """

    def __init__(self, line: Line, crew: Crew, patience: Patience) -> None:
        self._crew = crew
        self._client = line.client
        self._transfer: Transfer[Parcel] = Transfer(line.client)
        self.takes_many = self._transfer.way is Way.CHUNKED
        self._loop = asyncio.get_running_loop()
        self._transport = line.hand_on(self, HIGH_WATER)
        self._socket = self._transport.get_extra_info("socket") if self.takes_many else None
        secured = self._transport.get_extra_info("ssl_object") is not None
        self._write = self._write_joined if secured else self._transport.writelines
        self._over = self._loop.create_future()
        self._why = ""  # what made us end the session
        self._closing = False
        self._quitting = False
        self._aborted = False
        self._paused = False
        self._moving = False  # the crew is being called, and what it asks meanwhile waits
        self._woken = False
        self._most = 0  # letters in flight when the last flight left
        self._watch = Watch(self._loop, self._give_up)
        self._block = patience.block
        self._limits = _limits(patience)

    # What the courier asks.

    def wake(self) -> None:
        """There may be parcels again."""
        self._woken = True
        self._move()

    async def close(self) -> None:
        """Finish what is in flight, say QUIT and close. Cancelled, abort."""
        self._closing = True
        try:
            self._move()
            await asyncio.shield(self._over)
        finally:
            self.abort()

    def abort(self) -> None:
        """Close at once: what is in flight is LOST, or RETURNED if nothing of its body left.

        Called from within a call of the crew, it waits until that has returned.
        """
        self._aborted = True
        if not self._moving:
            self._end(INTERRUPTED)

    # What the event loop tells.

    def data_received(self, data: bytes) -> None:
        """Replies, or parts of some."""
        if self._over.done():
            return
        if self._socket and QUICKACK:
            self._socket.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)  # it wears off, and a flight would wait for an ACK
        transfer = self._transfer
        if endings := transfer.receive_data(data):
            self._report(endings)
        if transfer.broken:
            self._end(transfer.broken)
        elif transfer.answered:
            self._move()
            self._be_patient()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come."""
        self._end(f"connection lost: {why(exc)}" if exc else "connection closed by the relay")

    def pause_writing(self) -> None:
        """The transport holds enough."""
        self._paused = True

    def resume_writing(self) -> None:
        """What the transport held is on its way."""
        self._paused = False
        if not self._over.done():
            self._move()
            self._be_patient()

    # What follows.

    def _move(self) -> None:
        """Let everything leave that can."""
        if self._moving or self._over.done():
            return
        self._moving = True
        try:
            self._step()
            while self._woken and not self._over.done():
                self._step()
        finally:
            self._moving = False
        if self._aborted:
            self._end(INTERRUPTED)

    def _step(self) -> None:
        transfer = self._transfer
        woken, self._woken = self._woken, False
        if not transfer.pending and not self._aborted:
            if self.takes_many:
                self._fly(at_once=woken)
            else:
                self._talk()
        if (self._closing or transfer.spent) and not transfer.in_flight:
            self._say_goodbye()
        while transfer.pending and not self._paused:
            self._write(transfer.data_to_send())
        if self._watch.seconds == math.inf:
            self._be_patient()

    def _write_joined(self, pieces: list[bytes | memoryview]) -> None:
        """TLS makes a record of each piece it is given."""
        self._transport.write(b"".join(pieces))

    def _fly(self, *, at_once: bool) -> None:
        """Send whole letters, when half of the last flight is answered or we were woken."""
        transfer = self._transfer
        if not at_once and transfer.in_flight * 2 > self._most:
            return
        flight: list[Passage[Parcel]] = []
        octets = transfer.octets
        while octets < IN_FLIGHT and (passage := self._next()):
            flight.append(passage)
            octets += len(passage.body)
        if not flight:
            return
        if not self._may_start([passage.letter for passage in flight]):
            for passage in flight:
                self._crew.came_back(passage.letter, NOT_STARTED)
            self._closing = True
            return
        for passage in flight:
            transfer.begin(passage)
        self._most = transfer.in_flight

    def _talk(self) -> None:
        """Send the body that is due, and the next envelope right behind it."""
        transfer = self._transfer
        parcel = transfer.due
        ahead = self._next() if transfer.wants else None
        if parcel:
            if not self._may_start([parcel]):
                if ahead:
                    self._crew.came_back(ahead.letter, NOT_STARTED)
                self._aborted = True  # after a 354 there is nothing else left to say
                return
            transfer.give_body(ahead)
        elif ahead:
            transfer.begin(ahead)

    def _may_start(self, parcels: list[Parcel]) -> bool:
        return self._crew.may_start(parcels) and not self._aborted

    def _next(self) -> Passage[Parcel] | None:
        """The next parcel that this relay can take."""
        transfer = self._transfer
        while not self._closing and not transfer.spent and (parcel := self._crew.next_parcel()):
            try:
                return transfer.prepare(parcel, str(parcel.delivery_id) if transfer.names else "")
            except LocalProtocolError as error:
                self._crew.came_back(parcel, Outcome(Fate.REFUSED, f"not sent: {error}", COMPOSING))
        return None

    def _be_patient(self) -> None:
        """The relay did its part: what is awaited now may take its whole time. Part of a reply is none."""
        if self._over.done():
            return
        if self._transfer.pending:
            self._watch.wait(self._block)
        elif awaiting := self._client.awaiting:
            self._watch.wait(self._limits[awaiting[0]])
        else:
            self._watch.wait(math.inf)

    def _say_goodbye(self) -> None:
        if not self._client.awaiting:
            self._quitting = True
            if not self._transfer.quit():
                self._end("")

    def _give_up(self) -> None:
        complaint = "no progress" if self._transfer.pending else "no answer"
        self._end(f"{complaint} within {self._watch.seconds:g} s")

    def _end(self, words: str) -> None:
        """The session is over."""
        if self._over.done():
            return
        self._over.set_result(None)
        self._watch.stop()
        self._report(self._transfer.over(words))
        self._transport.abort()
        self._crew.ended(self._why if self._quitting or self._aborted else words)

    def _report(self, endings: list[Ending[Parcel]]) -> None:
        held, self._moving = self._moving, True
        try:
            for ending in endings:
                outcome = Outcome(TAKEN, ending.words, BODY) if ending.end is TAKEN_THERE else self._outcome(ending)
                self._crew.came_back(ending.letter, outcome)
        finally:
            self._moving = held

    def _outcome(self, ending: Ending[Parcel]) -> Outcome:
        if ending.end is End.REFUSED:
            fate = _fate(ending)
            if fate is Fate.RELAY:
                self._why = self._why or ending.words
            return Outcome(fate, ending.words, PHASES[ending.verb])
        fate = FATES[ending.end]
        if fate is Fate.RELAY and self._aborted:
            fate = Fate.RETURNED
        return Outcome(fate, ending.words, "" if fate is Fate.RETURNED else PHASES[ending.verb])


def _fate(refusal: Ending[Parcel]) -> Fate:
    """What a refusal means for the parcel. MAIL and RSET speak of us, not of the recipient; so does 421 anywhere."""
    if refusal.code == CLOSING or refusal.verb in {Verb.MAIL, Verb.RSET}:
        return Fate.RELAY
    return Fate.REFUSED_NOW if refusal.code < 500 else Fate.REFUSED


def _limits(patience: Patience) -> dict[Verb, float]:
    """How long the answer to each command may take, once it is the oldest that waits."""
    return {
        Verb.MAIL: patience.mail,
        Verb.RCPT: patience.rcpt,
        Verb.DATA: patience.data,
        Verb.BODY: patience.body,
        Verb.BDAT: patience.body,
        Verb.RSET: patience.reset,
        Verb.QUIT: patience.quit,
    }
