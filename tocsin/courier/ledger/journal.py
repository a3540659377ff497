"""What one courier is about to send and what came back, in a file of its own, written before it is true of the wire.

A journal is `COURIER.N.journal` in the state directory's folder `courier`, locked while its courier lives: whoever can
take the lock knows it dead. It begins with a header naming courier and boot. Each record after it carries its length
and a CRC-32; what a kill tore off the end is dropped, and what is dropped had not been promised to anybody. Nothing
here is forced to the disk: after another boot a missing record proves nothing.

When a file is full the next one is begun, and it goes when all its intents are settled in the ledger.
"""

import fcntl
import os
import struct
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from errno import EIO, ENOSPC
from functools import lru_cache
from pathlib import Path
from typing import Self
from zlib import crc32

from tocsin.courier.ledger.part import cut
from tocsin.courier.ledger.results import Intent, Result
from tocsin.courier.states import Evidence

VERSION = 1
FULL = 4 * 1024 * 1024
FRAME = struct.Struct("<II")
"""Before each payload: its length in bytes and its CRC-32."""
FIELDS = struct.Struct("<BQQqHqqB")
"""Kind, delivery, batch, token, number, started, finished and the length of the relay's name; then name and reply."""
LONGEST = FIELDS.size + 255 + 4 * 1000
HEADER, INTENT = 255, 0
KINDS = {
    Evidence.TAKEN: 1,
    Evidence.PUT_OFF: 2,
    Evidence.REFUSED: 3,
    Evidence.LOST: 4,
    Evidence.RETURNED: 5,
}
EVIDENCE = {kind: evidence for evidence, kind in KINDS.items()}


@dataclass(frozen=True)
class Reading:
    """What a journal tells. `replies`: what came back, in order. `open`: the intents to which nothing came back.

    `whole`: nothing is missing but a torn end; otherwise a missing record proves nothing.
    """

    courier: str
    boot: str
    replies: tuple[Result, ...]
    open: tuple[Intent, ...]
    whole: bool


@dataclass
class _Segment:
    """One file. `unsettled`: the deliveries whose intents stand in it or before it, once it is full."""

    path: Path
    file: int
    size: int = 0
    unsettled: set[int] = field(default_factory=set)

    def write(self, data: bytes) -> None:
        """One write(2), all of it or nothing. Raises OSError."""
        written = 0
        try:
            written = os.write(self.file, data)
        finally:
            if written == len(data):
                self.size += written
            else:
                os.ftruncate(self.file, self.size)  # what follows must not stand behind half a record
        if written != len(data):
            raise OSError(ENOSPC, os.strerror(ENOSPC), str(self.path))

    def close(self) -> None:
        with suppress(OSError):
            os.close(self.file)


class Journal:
    """The journal of this process' courier. Used by one thread."""

    def __init__(self, folder: Path, courier: str, boot: str) -> None:
        self._folder = folder
        self._courier = courier
        self._boot = boot
        self._number = 0
        self._old: list[_Segment] = []
        self._unsettled: set[int] = set()
        self._broken = False
        self._now = self._begin()

    @classmethod
    def create(cls, folder: Path, courier: str, boot: str) -> Self:
        """Make and lock a courier's journal. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, courier, boot)

    def intend(self, intents: Sequence[Intent]) -> None:
        """Write down, in one write(2), what is about to leave. Raises OSError; then none of it is written."""
        self._write(b"".join([_intent(intent) for intent in intents]))
        self._unsettled.update([intent.delivery for intent in intents])

    def came_back(self, results: Sequence[Result]) -> None:
        """Write down, in one write(2), what came back. Raises OSError; then none of it is written."""
        self._write(b"".join([_reply(result) for result in results]))

    def turn(self, results: Sequence[Result], intents: Sequence[Intent]) -> None:
        """`came_back` and then `intend`, in one write(2)."""
        self._write(b"".join([*map(_reply, results), *map(_intent, intents)]))
        self._unsettled.update([intent.delivery for intent in intents])

    def settled(self, deliveries: Iterable[int]) -> None:
        """These deliveries' results are in the ledger, or they came back unsent: their intents need not be kept."""
        gone = set(deliveries)
        self._unsettled -= gone
        for segment in self._old:
            segment.unsettled -= gone
        while self._old and not self._old[0].unsettled:
            segment = self._old.pop(0)
            segment.path.unlink(missing_ok=True)
            segment.close()

    def read(self) -> Reading | None:
        """What it tells so far."""
        return read(self._folder, self._courier)

    def close(self) -> None:
        """Unlock it; its files stay until whoever settles them removes them."""
        for segment in (*self._old, self._now):
            segment.close()

    def _write(self, data: bytes) -> None:
        if self._broken:
            raise OSError(EIO, os.strerror(EIO), str(self._now.path))
        if self._now.size > FULL:
            self._turn_over()
        try:
            self._now.write(data)
        except OSError:
            # Half a record may stand there that could not be taken back: nothing may be written behind it.
            self._broken = os.fstat(self._now.file).st_size != self._now.size
            raise

    def _turn_over(self) -> None:
        """Begin the next file. The old one stays locked until all its intents are settled."""
        full = self._now
        self._number += 1
        self._now = self._begin()
        full.unsettled = set(self._unsettled)
        self._old.append(full)
        self.settled(())

    def _begin(self) -> _Segment:
        path = self._folder / f"{self._courier}.{self._number}.journal"
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        segment = _Segment(path, file)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)  # who only looks whether it is free lets go at once
            segment.write(_framed(bytes([HEADER, VERSION]) + f"{self._courier} {self._boot}".encode("ascii")))
        except OSError:
            path.unlink(missing_ok=True)
            segment.close()
            raise
        return segment


def couriers(folder: Path) -> set[str]:
    """The couriers of which a journal lies in `folder`."""
    return {path.name.partition(".")[0] for path in folder.glob("*.journal")}


def is_dead(folder: Path, courier: str) -> bool:
    """Whether a courier's journal is here and nobody holds it: that courier is dead."""
    files = _files(folder, courier)
    return bool(files) and all(_is_free(path) for path in files)


def remove(folder: Path, courier: str) -> None:
    """Remove a journal that was folded into the ledger."""
    for path in _files(folder, courier):
        path.unlink(missing_ok=True)


def read(folder: Path, courier: str) -> Reading | None:
    """What a courier's journal tells; None when there is none, or none that can be read."""
    boot, whole, records = "", True, []
    files = _files(folder, courier)
    for path in files:
        try:
            header, payloads, ends_well = _payloads(path.read_bytes())
        except OSError:
            return None
        whole = whole and ends_well
        if not header and path == files[-1]:
            continue  # killed while it began this file
        if header.partition(" ")[0] != courier or (boot and header != f"{courier} {boot}"):
            whole = False
            continue
        boot = header.partition(" ")[2]
        records += [_record(payload) for payload in payloads]
    if not boot:
        return None
    replies, open_ = _paired(records)
    return Reading(courier, boot, replies, open_, whole)


def _paired(records: Sequence[Intent | Result]) -> tuple[tuple[Result, ...], tuple[Intent, ...]]:
    """The replies, and the intents that none of them answers. A delivery's reply answers its latest intent."""
    replies: list[Result] = []
    waiting: dict[int, Intent] = {}
    for record in records:
        if isinstance(record, Result):
            waiting.pop(record.delivery, None)
            replies.append(record)
        else:
            waiting[record.delivery] = record
    return tuple(replies), tuple(waiting.values())


def _files(folder: Path, courier: str) -> list[Path]:
    """A journal's files, the oldest first."""
    return sorted(folder.glob(f"{courier}.*.journal"), key=lambda path: int(path.name.split(".")[1]))


def _is_free(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _framed(payload: bytes) -> bytes:
    return FRAME.pack(len(payload), crc32(payload)) + payload


def _intent(this: Intent) -> bytes:
    delivery, batch, token, number, relay, started_us = this
    name = _name(relay)
    return _framed(FIELDS.pack(INTENT, delivery, batch, token, number, started_us, 0, len(name)) + name)


def _reply(this: Result) -> bytes:
    delivery, batch, token, number, relay, started_us, finished_us, evidence, reply = this
    name = _name(relay)
    fields = FIELDS.pack(KINDS[evidence], delivery, batch, token, number, started_us, finished_us, len(name))
    return _framed(fields + name + cut(reply).encode("utf-8", "replace"))


@lru_cache(64)
def _name(relay: str) -> bytes:
    return relay.encode()[:255]


def _payloads(data: bytes) -> tuple[str, list[bytes], bool]:
    """A file's header, empty if there is none; its sound records from the beginning on; and whether no sound one stands
    behind the first that is not.
    """
    head = _payload_at(data, 0)
    header = head[2:].decode("ascii", "replace") if head and head[:2] == bytes([HEADER, VERSION]) else ""
    found: list[bytes] = []
    at = FRAME.size + len(head) if head and header else 0
    while header and (payload := _record_at(data, at)):
        found.append(payload)
        at += FRAME.size + len(payload)
    return header, found, not any(_record_at(data, later) for later in range(at + 1, len(data) - FRAME.size))


def _record_at(data: bytes, at: int) -> bytes | None:
    payload = _payload_at(data, at)
    if payload is None or len(payload) < FIELDS.size or len(payload) < FIELDS.size + payload[FIELDS.size - 1]:
        return None
    return payload if payload[0] == INTENT or payload[0] in EVIDENCE else None


def _payload_at(data: bytes, at: int) -> bytes | None:
    if at + FRAME.size > len(data):
        return None
    length, crc = FRAME.unpack_from(data, at)
    begin = at + FRAME.size
    if not 0 < length <= LONGEST or begin + length > len(data):
        return None
    payload = data[begin : begin + length]
    return payload if crc32(payload) == crc else None


def _record(payload: bytes) -> Intent | Result:
    kind, delivery, batch, token, number, started_us, finished_us, length = FIELDS.unpack_from(payload)
    relay = payload[FIELDS.size : FIELDS.size + length].decode("utf-8", "replace")
    if kind == INTENT:
        return Intent(delivery, batch, token, number, relay, started_us)
    reply = payload[FIELDS.size + length :].decode("utf-8", "replace")
    return Result(delivery, batch, token, number, relay, started_us, finished_us, EVIDENCE[kind], reply)
