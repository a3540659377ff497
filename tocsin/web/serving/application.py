"""The parts of the site put together, and started and stopped with the server (ASGI's lifespan)."""

from functools import cached_property

from django.conf import settings

from tocsin.lib import config
from tocsin.web.cache import generation
from tocsin.web.cache.watch import Watch
from tocsin.web.serving.asgi import Receive, Scope, Send
from tocsin.web.serving.front import Front
from tocsin.web.serving.rendering import Renderer
from tocsin.web.serving.threads import Django


class Application:
    """What a server calls. Made of nothing until it is first needed."""

    @cached_property
    def front(self) -> Front:
        """The front, with Django's middleware loaded."""
        site, django, shared = config.current(), Django(), generation.shared()
        renderer = Renderer(django, shared, site.site_netloc, behind_tls=site.behind_tls)
        return Front(django, renderer, shared, settings.ALLOWED_HOSTS, behind_tls=site.behind_tls)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live as long as the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self.front(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        watch, front = Watch(generation.shared()), self.front
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                watch.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                watch.stop()
                front.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


application = Application()
