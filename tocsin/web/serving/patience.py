"""How long a connection may do nothing. It is looked at every few seconds, so that answering costs no timer. Pure."""

from enum import Enum
from typing import Final

LOOK_SECONDS: Final = 2.5


class Standing(Enum):
    """What a connection is doing, and after how many looks patience with it ends."""

    HEAD = 4  # 10 s for a head to be complete, however it drips
    BODY = 8  # 20 s without a byte of the body
    ANSWERING = 24  # 60 s without taking a byte of the answer
    IDLE = 6  # 15 s between two requests


class Patience:
    """Counts looks at one connection."""

    def __init__(self) -> None:
        self._standing = Standing.IDLE
        self._looks = 0
        self._unread = 0

    def is_over(self, standing: Standing, *, active: bool, unread: int) -> bool:
        """Whether this look is the last. `active`: since the last one a request or part of a body came; `unread`: bytes
        of the answer that the client has not taken yet.
        """
        moved = {
            Standing.HEAD: False,
            Standing.BODY: active,
            Standing.ANSWERING: unread == 0 or unread < self._unread,
            Standing.IDLE: active,
        }[standing]
        self._looks = 0 if moved or standing is not self._standing else self._looks + 1
        self._standing, self._unread = standing, unread
        return self._looks >= standing.value
