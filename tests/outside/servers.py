"""Real servers on this machine that answer as badly as a test asks for, and a door that may visit them."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from ipaddress import ip_address

from tocsin.outside import networks
from tocsin.outside.door import Door
from tocsin.outside.networks import Address

Handler = Callable[[socket.socket, str], None]


@dataclass
class Server:
    """Listens until the test is over; `asked` has the heads of all requests, `visits` counts connections."""

    handler: Handler
    tls: ssl.SSLContext | None = None
    asked: list[str] = field(default_factory=list)
    visits: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._over = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def url(self, host: str = "there.example", path: str = "/") -> str:
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{path}"

    def close(self) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # closing alone would let one more in
        self._listener.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.visits += 1
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, plain: socket.socket) -> None:
        try:
            connection = self.tls.wrap_socket(plain, server_side=True) if self.tls else plain
        except OSError:
            return  # our certificate was not good enough
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                data = connection.recv(4096)
                if not data:
                    return
                head += data
            self.asked.append(head.decode())
            try:
                self.handler(connection, head.decode())
            except OSError:
                return  # the other side has gone, as it should


@contextmanager
def serving(handler: Handler | bytes, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server that answers by `handler`, or always with these bytes."""
    server = Server(handler if callable(handler) else lambda connection, _: connection.sendall(handler), tls)
    try:
        yield server
    finally:
        server.close()


def page(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def door(server: Server, **names: str) -> Door:
    """A door to whom `there.example` is this machine, and this machine alone is allowed besides the public."""
    known = {"there.example": "127.0.0.1", **{name.replace("_", "."): address for name, address in names.items()}}

    def resolve(host: str, seconds: float) -> list[Address]:
        return [ip_address(known[host])] if host in known else []

    def is_allowed(address: Address) -> bool:
        return str(address) == "127.0.0.1" or networks.is_public(address)

    return replace(Door(), resolve=resolve, is_allowed=is_allowed, ports=frozenset({80, 443, server.port}))
