"""`tocsin web`: the site and the newsroom, served by uvicorn in this process."""

import gc
import resource
import socket

import click

from tocsin.cli import installation, listening
from tocsin.cli.django import setup
from tocsin.lib import config
from tocsin.lib.config import Config

GRACE_SECONDS = 5


@click.command("web")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port to listen on.")
@click.option("--fd", type=int, hidden=True, help="A listening socket handed over by `tocsin up`.")
def command(host: str, port: int, fd: int | None) -> None:
    """Serve the site and the newsroom."""
    settings = config.current()
    listener = socket.socket(fileno=fd) if fd is not None else listening.listen(port, host)
    setup()
    installation.require_fitting(settings)
    serve(listener, settings)


def serve(listener: socket.socket, settings: Config) -> None:
    """Serve until SIGTERM or SIGINT."""
    import uvicorn

    from tocsin.web.serving import protocol
    from tocsin.web.serving.application import application

    _allow_many_connections()
    hosts = _names(settings, listener.getsockname()[1])
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            http=protocol.protocol_for(application.front, hosts, behind_tls=settings.behind_tls),
            loop="uvloop",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    gc.collect()
    gc.freeze()  # no collection looks through what was loaded: it would stop all readers for a moment
    server.run(sockets=[listener])


def _names(settings: Config, port: int) -> frozenset[bytes]:
    """What stands in the Host header of those who mean us, as a rule; Django knows the exceptions."""
    names = {settings.site_host, "127.0.0.1", "localhost", "[::1]"}
    written = names | {f"{name}:{port}" for name in names} | {settings.site_netloc}
    return frozenset(name.lower().encode() for name in written)


def _allow_many_connections() -> None:
    """A reader is a file descriptor: take as many as this user may have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
