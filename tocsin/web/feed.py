"""The feed: RSS 2.0 with the full text of the latest posts.

A post's guid is made of its translation key, so it survives a new slug, a new domain and a restored database.
"""

import hashlib
import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Rss201rev2Feed
from django.utils.http import http_date
from django.views.decorators.http import require_safe
from lxml import html

from tocsin.audience.models import Publication
from tocsin.audience.queries import publication
from tocsin.content.models import PostPage
from tocsin.lib import config
from tocsin.web import queries
from tocsin.web.pictures import Shape, picture, prefetch
from tocsin.web.presentation import body

POSTS = 20
ONLY_ON_THE_SITE = ("srcset", "sizes", "loading", "decoding", "class")
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that no XML 1.0 document may contain."""


class FullTextFeed(Rss201rev2Feed):
    """RSS with `content:encoded`."""

    content_type = "application/rss+xml; charset=utf-8"

    def rss_attributes(self) -> dict[str, str]:
        return {**super().rss_attributes(), "xmlns:content": "http://purl.org/rss/1.0/modules/content/"}

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content:encoded", item["full_text"])


@require_safe
def feed(request: HttpRequest) -> HttpResponseBase:
    """The latest posts; answers 304 to who has them already."""
    owner, site_url = publication(), config.current().site_url
    posts = list(queries.posts(owner.language).select_related("lead_image")[:POSTS])
    content = _document(owner, posts, site_url, request).encode()
    etag = f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
    changed = max((int(post.last_published_at.timestamp()) for post in posts), default=None)
    headers = {"ETag": etag, "Cache-Control": "public, max-age=60"}
    if changed is not None:
        headers["Last-Modified"] = http_date(changed)
    response = HttpResponse(content, content_type=FullTextFeed.content_type, headers=headers)
    return get_conditional_response(request, etag=etag, last_modified=changed, response=response) or response


def _document(owner: Publication, posts: list[PostPage], site_url: str, request: HttpRequest) -> str:
    made = FullTextFeed(
        title=_clean(owner.name),
        link=f"{site_url}/",
        description=_clean(owner.tagline or owner.name),
        language=owner.language,
        feed_url=f"{site_url}/feed.xml",
    )
    prefetch((post.lead_image for post in posts), Shape.FEED)
    topics = queries.topics_of(posts)
    for post in posts:
        made.add_item(
            title=_clean(post.title),
            link=site_url + (post.get_url(request) or ""),
            description=_clean(post.summary),
            pubdate=post.first_published_at,
            updateddate=post.last_published_at,
            unique_id=f"urn:uuid:{post.translation_key}",
            unique_id_is_permalink=False,
            author_name=_clean(", ".join(author.name for author in post.authors)) or None,
            categories=[_clean(topic.name) for topic in topics.get(post.pk, [])],
            full_text=_clean(_full_text(post, site_url)),
        )
    return str(made.writeString("utf-8"))


def _full_text(post: PostPage, site_url: str) -> str:
    lead = picture(post.lead_image, Shape.FEED, post.lead_image_alt, credit=post.lead_image_credit)
    parts = [render_to_string("web/blocks/picture.html", {"value": lead})] if lead else []
    parts += [render_to_string(piece.template, {"value": piece.value}) for piece in body(post)]
    tree = html.fragment_fromstring("".join(parts), create_parent="div")
    tree.make_links_absolute(f"{site_url}/", handle_failures="ignore")
    for element in tree.iter():
        for name in ONLY_ON_THE_SITE:
            element.attrib.pop(name, None)
    return str(html.tostring(tree, encoding="unicode"))


def _clean(text: str) -> str:
    return NOT_XML.sub("", text)
