"""What a page and the process that serves it cost: bytes, seconds, memory, queries."""

import http.client
import time
from collections.abc import Iterator
from statistics import median

from bench.memory import share
from bench.read.scale import Scale
from bench.read.site import Site
from bench.report import AT_MOST, Figure
from bench.scratch import Scratch, stop

FLIGHT = 14_000


def bytes_on_the_wire(scale: Scale) -> Iterator[Figure]:
    """A text post with its style sheet and script, in brotli."""
    with Scratch() as scratch:
        site = Site(scratch, scale.post)
        with site.serving():
            size = site.bytes_on_the_wire(site.path, "br")
    yield Figure(
        "wire", size, "bytes", FLIGHT, AT_MOST, note=f"head and body of {scale.post.name} published, one request"
    )


def start(scale: Scale) -> Iterator[Figure]:
    """From starting the process to its first page, on a state that is prepared."""
    took = []
    with Scratch() as scratch:
        site = Site(scratch, scale.post)
        for _ in range(scale.starts):
            begun = time.monotonic()
            process = site.start()
            site.wait()
            took.append(time.monotonic() - begun)
            stop(process)
    yield Figure("start", median(took), "s", 3, AT_MOST, note="process start to its first page")


def memory(scale: Scale) -> Iterator[Figure]:
    """After an editor was there and readers read."""
    with Scratch() as scratch:
        site = Site(scratch, scale.post)
        paths = [site.path, "/", *site.editor.ask("fill", 300, posts=300)["paths"]]
        with site.serving() as process:
            site.visit_as_editor()
            _read(site.port, paths, scale.reads)
            megabytes = share(process.pid)
    note = f"Pss of the web process after an editor's visit and {scale.reads:,} reads of {len(paths)} pages"
    yield Figure("memory", megabytes, "MB", 150, AT_MOST, note=note)


def rendering(scale: Scale) -> Iterator[Figure]:
    """A post that is not in the cache, among many."""
    with Scratch() as scratch:
        site = Site(scratch, scale.post)
        paths = site.editor.ask("fill", 600, posts=scale.posts)["paths"]
        rendered = site.editor.ask("render", 600, paths=paths)
    note = f"a post rendered for the cache, {scale.posts:,} posts in the database (SQLite)"
    yield Figure("render", rendered["ms"], "ms", 25, AT_MOST, note=f"{note}; median")
    yield Figure("render-cpu", rendered["cpu"], "ms", None, AT_MOST, note=f"{note}; the processor's time, median")
    yield Figure("render-queries", rendered["queries"], "queries", 12, AT_MOST, note=f"{note}; the most of any")


def _read(port: int, paths: list[str], reads: int) -> None:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for number in range(reads):
        line.request("GET", paths[number % len(paths)], headers={"Accept-Encoding": ("br", "gzip")[number % 2]})
        line.getresponse().read()
    line.close()
