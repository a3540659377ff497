"""Listening sockets: bound early, so that a port in use is told in words before anything is started."""

import errno
import socket

from tocsin.lib.errors import BadEnvironment

BACKLOG = 1024


def listen(port: int, host: str = "127.0.0.1") -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises BadEnvironment."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise BadEnvironment(
                f"Port {port} on {host} is in use by another program.", f"Stop it, or choose another: --port {port + 1}"
            ) from error
        raise BadEnvironment(
            f"Port {port} on {host} cannot be listened on: {error.strerror}",
            "Choose an address of this machine and a port above 1023.",
        ) from error


def listen_near(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1, at `port` if that is free, else anywhere."""
    try:
        return listen(port)
    except BadEnvironment:
        return listen(0)
