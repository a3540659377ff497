"""A page on a slow line: its bytes arrive a few tags at a time, and the browser paints in between."""

import re
import socketserver
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from time import sleep

OPENING, REST = 60, 20
"""So many tags arrive one by one: strip and masthead. The rest comes in so many pieces."""
FRAME = 0.02
"""Longer than a browser takes to paint, in seconds. This is a line's slowness, not a wait for anything."""


@contextmanager
def trickling(site: str) -> Iterator[str]:
    """What `site` serves, slowly; the address of the same pages there."""

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = _fetched(site + self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            for piece in _pieces(body) if kind.startswith("text/html") else [body]:
                self.wfile.write(piece)
                self.wfile.flush()
                sleep(FRAME if kind.startswith("text/html") else 0)

        def log_message(self, *_arguments: object) -> None:
            """Nobody reads it."""

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Slow) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def _fetched(url: str) -> tuple[int, str, bytes]:
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read()


def _pieces(page: bytes) -> list[bytes]:
    """The head in one, then the body: each tag of its beginning by itself, the rest in larger pieces."""
    head, opening, body = page.partition(b"<body")
    tags = re.findall(rb"[^>]*>", opening + body)
    few = max(1, len(tags[OPENING:]) // REST)
    return [head, *tags[:OPENING], *(b"".join(tags[at : at + few]) for at in range(OPENING, len(tags), few))]
