"""The peer: nginx, one worker, serving the very bytes of our page from disk as fast as it can."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.read.site import SERVER_CORE
from bench.scratch import Scratch, free_port, listening, stop, until
from tocsin.lib.errors import BadEnvironment

ITS_OWN = frozenset({"date", "content-length", "content-type", "connection", "etag", "server", "last-modified"})
"""Headers nginx writes by itself."""

CONFIGURATION = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    server_tokens off;
    etag off;
    open_file_cache max=100;
    open_file_cache_valid 60s;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        default_type "text/html; charset=utf-8";
        location / {{
            root {folder};
            try_files /page =404;
{headers}
        }}
    }}
}}
"""


def require() -> None:
    """Raise BadEnvironment unless nginx, wrk and taskset are there."""
    for name in ("nginx", "wrk", "taskset"):
        if shutil.which(name) is None:
            raise BadEnvironment(
                f"{name} is missing, which is measured with.", "On Debian: apt-get install nginx-light wrk util-linux"
            )


@contextmanager
def serving(scratch: Scratch, headers: Sequence[tuple[str, str]], body: bytes) -> Iterator[int]:
    """nginx with these headers and this body for whatever is asked; its port."""
    folder, port = scratch.folder / "nginx", free_port()
    folder.mkdir(mode=0o755, exist_ok=True)
    folder.chmod(0o755)
    page = folder / "page"
    page.write_bytes(body)
    page.chmod(0o644)
    added = [
        f"            add_header {name} '{_quoted(value)}';" for name, value in headers if name.lower() not in ITS_OWN
    ]
    written = CONFIGURATION.format(folder=folder, port=port, headers="\n".join(added))
    (folder / "nginx.conf").write_text(written, encoding="utf-8")
    process = scratch.start(
        ["taskset", "-c", str(SERVER_CORE), "nginx", "-c", str(folder / "nginx.conf")], log="nginx.log"
    )
    try:
        until(lambda: listening(port), "nginx listens", 15)
        yield port
    finally:
        stop(process)


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'").replace("$", "")
