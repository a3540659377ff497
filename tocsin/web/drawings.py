"""Serves what `cards.py` draws, and the manifest that names the icons.

A card is drawn when it is first asked for and kept in the state directory under the name of what is on it.
"""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tocsin.audience.models import Publication
from tocsin.audience.queries import publication
from tocsin.content.models import PostPage
from tocsin.lib import colours
from tocsin.web import cards
from tocsin.web.alerts import alert
from tocsin.web.look import LIGHT_PAPER

A_MONTH = 30 * 86_400
A_DAY = 86_400


def card_path(post: PostPage, owner: Publication) -> str:
    """Where the card of a post is; empty if its title cannot be drawn or it was never saved."""
    drawn = _drawn(post, owner)
    if post.pk is None or not all(map(cards.can_draw, drawn)):
        return ""
    return reverse("card", args=[post.pk, cards.digest(*drawn)])


@require_safe
def card(request: HttpRequest, pk: int, drawn: str) -> HttpResponseBase:  # noqa: ARG001
    """A post's card. Under a digest that is not today's it is where it is now. Raises Http404."""
    post = get_object_or_404(PostPage.objects.live().public(), pk=pk)
    path = card_path(post, publication())
    if not path:
        raise Http404("it has no card")
    if cards.digest(*_drawn(post, publication())) != drawn:
        return redirect(path)
    return _picture(_kept(drawn, post), A_MONTH)


@require_safe
def icon(request: HttpRequest, size: int) -> HttpResponse:  # noqa: ARG001
    """The site's icon. Raises Http404 for a size that the manifest does not name."""
    if size not in cards.ICON_SIZES:
        raise Http404("no such size")
    return _picture(cards.icon(size, publication().accent), A_DAY)


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The web application manifest: name, colours, icons."""
    owner = publication()
    accent = str(colours.readable_on(colours.parse(owner.accent), LIGHT_PAPER))
    facts = {
        "name": owner.name,
        "short_name": owner.name[:30],
        "description": owner.tagline,
        "lang": owner.language,
        "start_url": "/",
        "display": "browser",
        "background_color": str(LIGHT_PAPER),
        "theme_color": accent,
        "icons": [
            {"src": reverse("icon", args=[size]), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
            for size in cards.ICON_SIZES
            for purpose in ("any", "maskable")
        ],
    }
    content = json.dumps({name: value for name, value in facts.items() if value}, ensure_ascii=False)
    return HttpResponse(content, content_type="application/manifest+json")


def _drawn(post: PostPage, owner: Publication) -> Sequence[str]:
    """All that is on a post's card: title, name, accent, label."""
    warned = alert(post, (), timezone.now())
    return post.title, owner.name, owner.accent, warned.label if warned else ""


def _kept(name: str, post: PostPage) -> bytes:
    path = Path(settings.MEDIA_ROOT) / "cards" / f"{name}.png"
    if path.exists():
        return path.read_bytes()
    content = cards.card(*_drawn(post, publication()))
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)
    return content


def _picture(content: bytes, seconds: int) -> HttpResponse:
    return HttpResponse(
        content,
        content_type="image/png",
        headers={
            "Cache-Control": f"public, max-age={seconds}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "cross-origin",  # others show it beside a link to us
        },
    )
