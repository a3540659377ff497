"""What one courier is about to send and what came back, in a file of its own, written before it is true of the wire.

A journal is `COURIER.N.journal` in the state directory's folder `courier`, locked while its courier lives: whoever can
take the lock knows it dead. It begins with a header naming courier and boot. Each record after it carries its length
and a CRC-32; what a kill tore off the end is dropped, and what is dropped had not been promised to anybody.

A file is given all its room at once and written through memory that is mapped to it (mmap(2), MAP_SHARED): what was
stored there is in the file, whatever becomes of the process, as after a write(2). Nothing is forced to the disk: after
another boot a missing record proves nothing. The rest of a file is zeros.

When a file is full the next one is begun, and it goes when all its intents are settled in the ledger.
"""

import fcntl
import mmap
import os
import struct
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Self
from zlib import crc32

from tocsin.courier.ledger.part import REPLY_CHARACTERS
from tocsin.courier.ledger.results import Intent, Result
from tocsin.courier.states import Evidence

VERSION = 1
ROOM = 1024 * 1024
"""Octets of a file."""
FRAME = struct.Struct("<II")
"""Before each payload: its length in bytes and its CRC-32."""
FIELDS = struct.Struct("<BQQqHqqB")
"""Kind, delivery, batch, token, number, started, finished and the length of the relay's name; then name and reply."""
MOST_OF_A_REPLY = 4 * REPLY_CHARACTERS
"""Octets, enough for all that the ledger keeps of one."""
LONGEST = FIELDS.size + 255 + MOST_OF_A_REPLY
HEADER, INTENT = 255, 0
DELIVERY = attrgetter("delivery")
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
    room: mmap.mmap
    unsettled: set[int] = field(default_factory=set)

    @classmethod
    def begin(cls, path: Path, room: int) -> Self:
        """Make a file with so much room, and lock it. Raises OSError; then there is none."""
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)  # who only looks whether it is free lets go at once
            os.posix_fallocate(file, 0, room)  # a full disk is met here, and nowhere else
            return cls(path, file, mmap.mmap(file, room))
        except OSError:
            path.unlink(missing_ok=True)
            os.close(file)
            raise

    def close(self) -> None:
        self.room.close()
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
        self._now = self._begin(0)

    @classmethod
    def create(cls, folder: Path, courier: str, boot: str) -> Self:
        """Make and lock a courier's journal. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, courier, boot)

    def intend(self, intents: Sequence[Intent]) -> None:
        """Write down what is about to leave, all at once. Raises OSError; then none of it is written."""
        self._write(b"".join(map(_intent, intents)))
        self._unsettled.update(map(DELIVERY, intents))

    def came_back(self, result: Result) -> None:
        """Write down what came back. Raises OSError; then it is not written."""
        self._write(_reply(result))

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
        try:
            self._now.room.write(data)
        except ValueError:  # it does not fit, and nothing of it was written
            if self._now.room.closed:
                raise
            self._turn_over(len(data))
            self._now.room.write(data)

    def _turn_over(self, needed: int) -> None:
        """Begin the next file. The old one stays locked until all its intents are settled."""
        full, self._now = self._now, self._begin(self._number + 1, needed)
        self._number += 1
        full.room.close()
        full.unsettled = set(self._unsettled)
        self._old.append(full)
        self.settled(())

    def _begin(self, number: int, needed: int = 0) -> _Segment:
        header = _framed(bytes([HEADER, VERSION]) + f"{self._courier} {self._boot}".encode("ascii"))
        path = self._folder / f"{self._courier}.{number}.journal"
        segment = _Segment.begin(path, max(ROOM, len(header) + needed))
        segment.room.write(header)
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
    payload = FIELDS.pack(INTENT, delivery, batch, token, number, started_us, 0, len(name)) + name
    return FRAME.pack(len(payload), crc32(payload)) + payload


def _reply(this: Result) -> bytes:
    delivery, batch, token, number, relay, started_us, finished_us, evidence, reply = this
    name = _name(relay)
    fields = FIELDS.pack(KINDS[evidence], delivery, batch, token, number, started_us, finished_us, len(name))
    payload = fields + name + reply.encode("utf-8", "replace")[:MOST_OF_A_REPLY]
    return FRAME.pack(len(payload), crc32(payload)) + payload


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
    written = len(data.rstrip(b"\0"))
    return header, found, not any(_record_at(data, later) for later in range(at + 1, written))


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
