"""The site as an ASGI application: pages out of the cache, everything else to Django.

One render makes a page for however many ask for it. It may only be joined by who came before anything changed: renders
are known by page *and* generation. A page that cannot be made because the database is away is shown as it last was.
"""

import asyncio
import logging
import time
from typing import Final

from django.http.request import split_domain_port, validate_host

from tocsin.web.cache.entries import Entry, Face
from tocsin.web.cache.generation import Generation
from tocsin.web.cache.shelves import Store
from tocsin.web.cache.tally import is_a_reader
from tocsin.web.cache.targets import PICTURES, Target, target
from tocsin.web.compression import preferred
from tocsin.web.security import NEWSROOM
from tocsin.web.serving import bodies, refusals
from tocsin.web.serving.asgi import Receive, Scope, Send, header
from tocsin.web.serving.rendering import Broken, Renderer, Unavailable
from tocsin.web.serving.threads import Django, Full, Room, Workers, send_answer
from tocsin.web.sessions import is_signed_in

log = logging.getLogger(__name__)

LENT_SECONDS: Final = 1.0
"""So long a page is shown as it last was before the database is asked again."""

NOT_SHARED_REMEMBERED: Final = 1_024
"""How many addresses are known not to be for everybody."""

PERSONAL: Final = frozenset({b"authorization", b"if-match", b"if-unmodified-since"})
SESSION: Final = b"sessionid="


class Front:
    """Everything that is asked over HTTP comes through here, but for what the protocol answers from `store` itself."""

    def __init__(
        self, django: Django, renderer: Renderer, generation: Generation, hosts: list[str], *, behind_tls: bool
    ) -> None:
        self.store = Store()
        self.generation = generation
        self.renders = 0
        self._django = django
        self._renderer = renderer
        self._workers = Workers()
        self._hosts = hosts
        self._behind_tls = behind_tls
        self._flights: dict[tuple[bytes, int], asyncio.Future[Entry | None]] = {}
        self._not_shared: dict[bytes, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not self._is_ours(header(scope, b"host")):
            await refusals.another_host(send, secure=self._is_secure(scope))
            return
        try:
            page = self._page(scope)
            entry = await self._entry(page, secure=self._is_secure(scope)) if page else None
            if entry is None:
                await self._ask_django(scope, receive, send)
            else:
                await self._show(entry, scope, send)
        except Full:
            log.warning("Too many wait; %s is told to come back.", scope["method"])
            await refusals.busy(scope, send, secure=self._is_secure(scope))

    def close(self) -> None:
        """Render nothing more."""
        self._workers.close()

    def key(self, page: Target, *, secure: bool) -> bytes:
        """Under which the store knows a page. Behind TLS its headers say so (HSTS)."""
        return b"s" + page.raw if secure else page.raw

    def _page(self, scope: Scope) -> Target | None:
        """What is asked for, if it may be a page for everybody."""
        if scope["method"] not in {"GET", "HEAD"}:
            return None
        for name, value in scope["headers"]:
            if name in PERSONAL or (name == b"cookie" and SESSION in value):
                return None
            if name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
                return None
        return target(scope["path"], scope["query_string"])

    def _is_ours(self, host: bytes) -> bool:
        domain, _ = split_domain_port(host.decode("latin-1"))
        return bool(domain) and validate_host(domain, self._hosts)

    def _is_secure(self, scope: Scope) -> bool:
        return self._behind_tls and header(scope, b"x-forwarded-proto") == b"https"

    async def _entry(self, page: Target, *, secure: bool) -> Entry | None:
        """The page as it is now; None if it is not for everybody. Raises Full."""
        key, came = self.key(page, secure=secure), time.time()
        while True:
            generation = self.generation.now
            entry = self.store.entries.get(key)
            if entry is not None and entry.holds(generation, time.time()):
                return entry
            if self._not_shared.get(key) == generation:
                return None
            made = await asyncio.shield(self._flight(page, key, secure=secure))
            if made is None or made.until > came:  # else its time was over before this reader came
                return made

    def _flight(self, page: Target, key: bytes, *, secure: bool) -> asyncio.Future[Entry | None]:
        flight = key, self.generation.now
        if flight not in self._flights:
            self._flights[flight] = made = asyncio.ensure_future(self._render(page, key, secure=secure))
            made.add_done_callback(lambda done: (self._flights.pop(flight, None), done.exception()))
        return self._flights[flight]

    async def _render(self, page: Target, key: bytes, *, secure: bool) -> Entry | None:
        last = self.store.entries.get(key)
        generation = self.generation.now
        try:
            self.renders += 1
            room = _room(page, is_known=last is not None)
            entry = await self._workers.run(room, lambda: self._renderer.render(page, key, secure=secure))
        except Unavailable:
            return self._lend(last)
        except Broken:
            return None
        if entry is None:
            self._remember_not_shared(key, generation)
        elif last is None or last.generation <= entry.generation:
            self.store.put(entry)
        return entry

    def _lend(self, last: Entry | None) -> Entry | None:
        """The page as it last was, good for a second; unless something was taken down since."""
        if last is None or last.recalls != self.generation.recalls:
            return None
        if not last.lent:
            log.warning("The database is away: %s is shown as it last was.", last.key.decode())
        last.lent = True
        last.generation = self.generation.now
        last.until = time.time() + LENT_SECONDS
        return last

    def _remember_not_shared(self, key: bytes, generation: int) -> None:
        if len(self._not_shared) >= NOT_SHARED_REMEMBERED:
            self._not_shared.clear()
        self._not_shared[key] = generation

    async def _show(self, entry: Entry, scope: Scope, send: Send) -> None:
        known = entry.size
        face = entry.face(preferred(header(scope, b"accept-encoding").decode("latin-1")))
        entry.used = True
        if scope["method"] == "GET" and is_a_reader(dict(scope["headers"])):
            entry.views.seen += 1
        if entry.size != known:
            self.store.grown(entry)
        if _is_known(entry, face, scope):
            headers = [each for each in face.headers if each[0] != b"content-length"]
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": entry.status, "headers": face.headers})
        await send({"type": "http.response.body", "body": face.body})

    async def _ask_django(self, scope: Scope, receive: Receive, send: Send) -> None:
        room = Room.NEWSROOM if scope["path"].startswith((NEWSROOM, "/static/", "/documents/")) else Room.FORMS
        most = await self._limit(scope, room)
        try:
            body = await bodies.take(scope, receive, most)
        except bodies.Gone:
            return
        except bodies.TooLarge:
            await refusals.too_large(scope, receive, send, most, secure=self._is_secure(scope))
            return
        with body:
            answer = await self._workers.run(room, self._django.respond, scope, body)
            await send_answer(answer, send, self._workers, room)

    async def _limit(self, scope: Scope, room: Room) -> int:
        """How large a body may be. Before anything large is taken in, the one who sends it must be signed in."""
        most = bodies.limit(scope)
        if most == bodies.FORM or scope["method"] in {"GET", "HEAD"}:
            return bodies.FORM
        signed_in = await self._workers.run(room, is_signed_in, header(scope, b"cookie"))
        return most if signed_in else bodies.FORM


def _room(page: Target, *, is_known: bool) -> Room:
    """Who makes it: pictures take their time, and no page waits behind one."""
    if page.path.startswith(PICTURES):
        return Room.PICTURES
    return Room.PAGES if is_known else Room.STRANGERS


def _is_known(entry: Entry, face: Face, scope: Scope) -> bool:
    """Whether the reader has this very page already (RFC 9110, 13.2.2)."""
    if entry.status != 200:
        return False
    tags = header(scope, b"if-none-match")
    if tags:
        return face.tag in tags or tags.strip() == b"*"
    return bool(entry.modified) and header(scope, b"if-modified-since") == entry.modified
