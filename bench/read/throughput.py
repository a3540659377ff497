"""Requests a second for a post's page, against nginx in turn; at rest and while an editor publishes every second."""

import re
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.pairs import Compared, alternate
from bench.read import nginx
from bench.read.scale import Scale
from bench.read.site import READERS_CORE, Site
from bench.report import AT_MOST, Figure
from bench.scratch import Scratch
from tocsin.lib.errors import BadEnvironment

AT_REST, WHILE_PUBLISHING = 0.85, 0.5
BROWSER = "br, gzip"
CONNECTIONS = 32
LOOKS_AFTER_PUBLISH = 10


def at_rest(scale: Scale) -> Iterator[Figure]:
    """Nothing changes: in brotli, as browsers ask, and uncompressed."""
    with Scratch() as scratch:
        site = Site(scratch, scale.post)
        with site.serving():
            for name, coding in (("post-page", BROWSER), ("post-page-uncompressed", "identity")):
                compared = _compared(scratch, site, coding, scale)
                yield _figure(
                    name, compared, AT_REST, f"wrk -t1 -c{CONNECTIONS}, keep-alive, Accept-Encoding: {coding}"
                )


def while_publishing(scale: Scale) -> Iterator[Figure]:
    """An editor publishes the page again every second; nginx is left in peace."""
    with Scratch() as scratch:
        site = Site(scratch, scale.post)
        with site.serving(), Editor(site) as editor:
            compared = _compared(scratch, site, BROWSER, scale, editor)
        note = f"the page is published again every second, {editor.published} times, while it is read"
        yield _figure("post-page-publishing", compared, WHILE_PUBLISHING, note)
        note = f"{editor.looks} reads, {LOOKS_AFTER_PUBLISH} right after each Publish returned; those that showed less"
        yield Figure("stale-pages", editor.stale, "pages", 0, AT_MOST, note=note)


@dataclass
class Editor:
    """Publishes every second while `at_work`, and looks at once whether the page shows it."""

    site: Site
    published: int = 0
    looks: int = 0
    stale: int = 0
    at_work: threading.Event = field(default_factory=threading.Event)
    _done: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> "Editor":
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.at_work.set()
        if self._thread is not None:
            self._thread.join(60)

    def _work(self) -> None:
        while not self._done.is_set():
            self.at_work.wait()
            begun = time.monotonic()
            self.site.editor.ask("republish", number=self.published + 1)
            self.published += 1
            self._look()
            self._done.wait(max(0.0, 1 - (time.monotonic() - begun)))

    def _look(self) -> None:
        for _ in range(LOOKS_AFTER_PUBLISH):
            _, _, body = self.site.get(self.site.path)
            shown = re.search(rb"<title>Number (\d+) ", body)
            self.looks += 1
            self.stale += shown is None or int(shown[1]) < self.published


def _compared(scratch: Scratch, site: Site, coding: str, scale: Scale, editor: Editor | None = None) -> Compared:
    _, headers, body = site.get(site.path, accept_encoding=coding)
    with nginx.serving(scratch, headers, body) as port:

        def ours() -> float:
            if editor is not None:
                editor.at_work.set()
            try:
                return _requests_a_second(site.port, site.path, coding, scale.seconds)
            finally:
                if editor is not None:
                    editor.at_work.clear()

        def peer() -> float:
            return _requests_a_second(port, site.path, coding, scale.seconds)

        ours(), peer()
        return alternate(ours, peer, scale.pairs)


def _requests_a_second(port: int, path: str, coding: str, seconds: int) -> float:
    command = ["taskset", "-c", str(READERS_CORE), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}"]
    command += ["-H", f"Accept-Encoding: {coding}", f"http://127.0.0.1:{port}{path}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if rate is None or "Non-2xx" in said:
        raise BadEnvironment(f"wrk did not read the page: {said}", "Please report it.")
    return float(rate[1])


def _figure(name: str, compared: Compared, target: float, note: str) -> Figure:
    return Figure(name, compared.ours, "requests/s", target, peer=compared.peer, ratio=compared.ratio, note=note)
