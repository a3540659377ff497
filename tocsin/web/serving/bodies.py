"""Takes in the body of a request, within a limit: small for everybody, larger for the newsroom's uploads."""

from tempfile import SpooledTemporaryFile
from typing import IO, Final

from tocsin.web.security import NEWSROOM
from tocsin.web.serving.asgi import Receive, Scope, header

KIB: Final = 1024
FORM: Final = 64 * KIB
"""What a reader can fill in takes a few hundred bytes."""

UPLOAD: Final = 32 * KIB * KIB
LISTS: Final = f"{NEWSROOM}imports/"
LIST: Final = 256 * KIB * KIB
"""A file of readers has about 60 bytes for each: some millions of them."""

IN_MEMORY: Final = 512 * KIB
SESSION: Final = b"sessionid="


class TooLarge(Exception):  # noqa: N818 - reads as a fact
    """The body is larger than this request may have."""


class Gone(Exception):  # noqa: N818
    """The client went away before its request was complete."""


def limit(scope: Scope) -> int:
    """How many bytes the body of this request may have, if who sends it is signed in: a cookie may only look like that."""
    if not scope["path"].startswith(NEWSROOM) or SESSION not in header(scope, b"cookie"):
        return FORM
    return LIST if scope["path"] == LISTS else UPLOAD


async def take(scope: Scope, receive: Receive, most: int) -> IO[bytes]:
    """The body, in memory or in a temporary file. Raises TooLarge, at once if the request says so itself, and Gone."""
    announced = header(scope, b"content-length")
    if announced.isdigit() and int(announced) > most:
        raise TooLarge
    taken = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - whoever gets it closes it
    try:
        await _fill(taken, receive, most)
    except (TooLarge, Gone):
        taken.close()
        raise
    taken.seek(0)
    return taken


async def _fill(taken: IO[bytes], receive: Receive, most: int) -> None:
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        piece, more = message.get("body", b""), message.get("more_body", False)
        size += len(piece)
        if size > most:
            raise TooLarge
        taken.write(piece)
