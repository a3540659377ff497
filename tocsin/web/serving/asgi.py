"""The part of ASGI 3 that is spoken here, as types."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


def header(scope: Scope, name: bytes) -> bytes:
    """The value of a header of the request; several are joined as RFC 9110, 5.3 allows."""
    return b", ".join(value for each, value in scope["headers"] if each == name)
