"""`tocsin up`: the whole newsroom with one command. Prepares the state, starts the processes, keeps them alive.

What outsiders read comes on stdout, one line each: LOGIN, INBOX in the demo, then READY. All chatter goes to stderr.
"""

import http.client
import os
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import click

from tocsin.channels.email import relay
from tocsin.cli import listening, stamp, state, supervisor
from tocsin.cli.supervisor import Child
from tocsin.lib import config

PROBE_PAUSE = 0.2


@click.command("up")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port on 127.0.0.1.")
@click.option(
    "--state", "folder", type=click.Path(path_type=Path), help="State directory. Default: TOCSIN_STATE_DIR, or var/."
)
def command(port: int, folder: Path | None) -> int:
    """Start everything: site, worker, courier.

    Ends, with everything it started, on Ctrl-C or SIGTERM.
    """
    if folder is not None:
        os.environ["TOCSIN_STATE_DIR"] = str(folder.absolute())
    settings = _refuse_what_cannot_work()
    note = state.CAUGHT if settings.inbox_enabled else ""
    with listening.listen(port) as site, state.claim(settings.state_dir, note):
        supervisor.hold_signals()
        try:
            return _run(settings.state_dir, site)
        except supervisor.Stopped:
            return 0


def _refuse_what_cannot_work() -> config.Config:
    """The settings, without keys, after a look at everything that can be wrong before anything is touched."""
    settings = config.load_without_keys(os.environ)
    relay.parse_all(settings.relays)
    state.refuse_if_claimed(settings.state_dir)
    return settings


def _run(folder: Path, site: socket.socket) -> int:
    """Prepare `folder`, then serve on `site` until told to stop; the exit code."""
    port = site.getsockname()[1]
    state.make_keys(folder, os.environ)
    state.remember(folder, os.environ, port)
    settings = config.load(os.environ)
    had_password = (folder / state.PASSWORD).exists()
    if not stamp.is_current(settings):
        code = supervisor.run_once(_child("prepare"))
        if code:
            return code
    _announce_login(settings, first=not had_password)
    inbox = _open_inbox(settings, port) if settings.inbox_enabled else None
    threading.Thread(target=_announce_ready, args=[port], daemon=True).start()
    supervisor.keep_alive(_children(site, inbox))
    return 0


def _open_inbox(settings: config.Config, port: int) -> socket.socket:
    """The sink's listening socket; every child is told its port."""
    inbox = listening.listen_near(settings.inbox_port)
    os.environ["TOCSIN_INBOX_PORT"] = str(inbox.getsockname()[1])
    _announce(f"INBOX http://127.0.0.1:{port}/inbox/")
    return inbox


def _children(site: socket.socket, inbox: socket.socket | None) -> list[Child]:
    """The processes of a newsroom. The sockets stay open here, so that nobody is turned away while a child restarts."""
    children = [_child("web", [site]), _child("worker"), _child("courier")]
    if inbox is not None:
        children.append(_child("inbox", [inbox]))
    return children


def _child(name: str, sockets: Sequence[socket.socket] = ()) -> Child:
    numbers = [listener.fileno() for listener in sockets]
    arguments = [f"--fd={number}" for number in numbers]
    safe = ["-P"] if sys.flags.safe_path else []
    command = [sys.executable, *safe, "-m", "tocsin", name, *arguments]
    return Child(name, command, {**os.environ, "PYTHONUNBUFFERED": "1"}, numbers)


def _announce_login(settings: config.Config, *, first: bool) -> None:
    file = settings.state_dir / state.PASSWORD
    if not file.exists():
        _announce(f"LOGIN {settings.site_url}/admin/")
        return
    password = file.read_text(encoding="ascii").strip() if first else f"(password of the first start in {file})"
    _announce(f"LOGIN {settings.site_url}/admin/ {state.FIRST_USER} {password}")


def _announce_ready(port: int) -> None:
    """Say READY once the front page is really served."""
    status = 0
    while not 200 <= status < 500:
        threading.Event().wait(PROBE_PAUSE)
        status = _front_page_status(port)
    _announce(f"READY http://127.0.0.1:{port}/")


def _front_page_status(port: int) -> int:
    """The status of the front page; 0 when nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _announce(line: str) -> None:
    print(line, flush=True)
