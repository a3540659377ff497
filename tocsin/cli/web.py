"""`tocsin web`: the site and the newsroom, served by uvicorn in this process."""

import socket
import warnings

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

    # WhiteNoise hands small files of ours to Django as iterators; Django reads each in a thread, which is fine.
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
    server = uvicorn.Server(
        uvicorn.Config(
            "tocsin.asgi:application",
            http="httptools",
            loop="uvloop",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    server.run(sockets=[listener])
