"""The site served for real, over a socket, in a thread of the test: readers come in by TCP."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import uvicorn

from tocsin.web.serving.application import Application
from tocsin.web.serving.front import Front
from tocsin.web.serving.protocol import Protocol, protocol_for


@dataclass(frozen=True)
class Reply:
    """An answer. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class House:
    """A running site. `ready` counts what the protocol answered from bytes that were ready."""

    application: Application
    port: int
    ready: int = 0
    asked: int = 0
    _lines: list[http.client.HTTPConnection] = field(default_factory=list)

    @property
    def front(self) -> Front:
        """Its page cache."""
        return self.application.front

    def get(self, path: str = "/", method: str = "GET", body: bytes | None = None, **headers: str) -> Reply:
        """Ask on a connection of its own."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            return ask(line, path, method, body, headers)
        finally:
            line.close()

    @contextmanager
    def line(self) -> Iterator[http.client.HTTPConnection]:
        """A connection that stays open."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        yield line
        line.close()

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def raw(self, *pieces: bytes) -> bytes:
        """Send pieces, and everything that comes back until the site closes the connection."""
        with self.connect() as line:
            for piece in pieces:
                line.sendall(piece)
            return rest(line)


def ask(
    line: http.client.HTTPConnection, path: str, method: str = "GET", body: bytes | None = None, headers: Any = None
) -> Reply:
    """One request on an open connection."""
    line.request(method, path, body, {name.replace("_", "-"): value for name, value in (headers or {}).items()})
    answer = line.getresponse()
    content = answer.read()
    return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, content)


def rest(line: socket.socket) -> bytes:
    """Everything until the other side closes."""
    received = b""
    while True:
        try:
            piece = line.recv(65536)
        except ConnectionResetError:
            return received
        if not piece:
            return received
        received += piece


@contextmanager
def running(*, behind_tls: bool = False) -> Iterator[House]:
    """A site, its watch and its threads, over whatever database this process uses."""
    application = Application()
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    port = listener.getsockname()[1]
    hosts = frozenset({b"127.0.0.1:%d" % port, b"news.example.org"})
    house = House(application, port)

    class Counted(protocol_for(application.front, hosts, behind_tls=behind_tls)):  # type: ignore[misc]
        def _is_answered(self, data: bytes) -> bool:
            answered: bool = super()._is_answered(data)
            house.asked += 1
            house.ready += answered
            return answered

    assert issubclass(Counted, Protocol)
    options: dict[str, Any] = {
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        "ws": "none",
        "loop": "uvloop",
    }
    server = uvicorn.Server(uvicorn.Config(application, http=Counted, **options))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        assert house.get("/robots.txt").status == 200
        yield house
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()
