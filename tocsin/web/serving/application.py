"""The parts of the site put together, and started and stopped with the server (ASGI's lifespan)."""

from functools import cached_property

from django.conf import settings

from tocsin.lib import config
from tocsin.web.cache import generation
from tocsin.web.cache.counting import Counting
from tocsin.web.cache.tally import Tally
from tocsin.web.cache.watch import Watch
from tocsin.web.serving.asgi import Receive, Scope, Send
from tocsin.web.serving.front import Front
from tocsin.web.serving.rendering import Renderer
from tocsin.web.serving.threads import Django


class Application:
    """What a server calls. Made of nothing until it is first needed."""

    def __init__(self) -> None:
        self._tally = Tally()

    @cached_property
    def front(self) -> Front:
        """The front, with Django's middleware loaded."""
        site, django, shared = config.current(), Django(), generation.shared()
        renderer = Renderer(django, shared, self._tally, site.site_netloc, behind_tls=site.behind_tls)
        return Front(django, renderer, shared, settings.ALLOWED_HOSTS, behind_tls=site.behind_tls)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live as long as the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self.front(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        watch, counting, front = Watch(generation.shared()), Counting(self._tally), self.front
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                watch.start()
                counting.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                watch.stop()
                front.close()
                counting.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


application = Application()
