"""The three formats of a feed page: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1, each with the full text.

Paging is RFC 5005's: links `first`, `last`, `previous` (newer posts) and `next` (older ones); JSON Feed has `next_url`.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed

from tocsin.web.feeds.entries import Entry, FeedPage

JSON_FEED = "https://jsonfeed.org/version/1.1"


@dataclass(frozen=True)
class Format:
    """One way to write a feed."""

    label: str
    content_type: str
    write: Callable[[FeedPage], bytes]


def _paging(page: FeedPage) -> Iterator[tuple[str, str]]:
    for relation, url in (
        ("first", page.first_url),
        ("last", page.last_url),
        ("previous", page.newer_url),
        ("next", page.older_url),
    ):
        if url:
            yield relation, url


class _Rss(Rss201rev2Feed):
    """With `content:encoded`, an author that needs no e-mail address, and paging links."""

    def rss_attributes(self) -> dict[str, str]:
        return {**super().rss_attributes(), "xmlns:content": "http://purl.org/rss/1.0/modules/content/"}

    def add_root_elements(self, handler: Any) -> None:
        super().add_root_elements(handler)
        for relation, url in self.feed["paging"]:
            handler.addQuickElement("atom:link", None, {"rel": relation, "href": url})

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content:encoded", item["full_text"])


class _Atom(Atom1Feed):
    """With `content`, all the authors, and paging links."""

    def add_root_elements(self, handler: Any) -> None:
        super().add_root_elements(handler)
        for relation, url in self.feed["paging"]:
            handler.addQuickElement("link", None, {"rel": relation, "href": url})

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        for name, url in item["people"]:
            handler.startElement("author", {})
            handler.addQuickElement("name", name)
            handler.addQuickElement("uri", url)
            handler.endElement("author")
        super().add_item_elements(handler, item)
        handler.addQuickElement("content", item["full_text"], {"type": "html"})


def _written(page: FeedPage, made: SyndicationFeed, people: Callable[[Entry], dict[str, Any]]) -> bytes:
    for entry in page.entries:
        made.add_item(
            title=entry.title,
            link=entry.url,
            description=entry.summary,
            pubdate=entry.published,
            updateddate=entry.updated,
            unique_id=entry.id,
            unique_id_is_permalink=False,
            categories=list(entry.topics),
            full_text=entry.html,
            **people(entry),
        )
    return str(made.writeString("utf-8")).encode()


def _rss(page: FeedPage) -> bytes:
    made = _Rss(
        title=page.title,
        link=page.page_url,
        description=page.description,
        language=page.language,
        feed_url=page.own_url,
        paging=list(_paging(page)),
    )
    return _written(page, made, lambda entry: {"author_name": ", ".join(name for name, _ in entry.authors) or None})


def _atom(page: FeedPage) -> bytes:
    made = _Atom(
        title=page.title,
        link=page.page_url,
        description=None,
        subtitle=page.description,
        language=page.language,
        feed_url=page.own_url,
        feed_guid=page.first_url,
        author_name=page.title,  # for entries without an author of their own, RFC 4287 section 4.1.1
        paging=list(_paging(page)),
    )
    return _written(page, made, lambda entry: {"people": entry.authors})


def _json(page: FeedPage) -> bytes:
    document = {
        "version": JSON_FEED,
        "title": page.title,
        "description": page.description,
        "home_page_url": page.page_url,
        "feed_url": page.own_url,
        "next_url": page.older_url,
        "language": page.language,
        "items": [_item(entry) for entry in page.entries],
    }
    return json.dumps(_stated(document), ensure_ascii=False, separators=(",", ":")).encode()


def _item(entry: Entry) -> dict[str, Any]:
    return _stated(
        {
            "id": entry.id,
            "url": entry.url,
            "title": entry.title,
            "summary": entry.summary,
            "content_html": entry.html,
            "image": entry.image,
            "date_published": entry.published.isoformat(timespec="seconds"),
            "date_modified": entry.updated.isoformat(timespec="seconds"),
            "authors": [{"name": name, "url": url} for name, url in entry.authors],
            "tags": list(entry.topics),
            "language": entry.language,
        }
    )


def _stated(facts: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty, but for the list that a feed must have."""
    return {name: value for name, value in facts.items() if value or name == "items"}


FORMATS = {
    "feed.xml": Format("RSS", "application/rss+xml", _rss),
    "atom.xml": Format("Atom", "application/atom+xml", _atom),
    "feed.json": Format("JSON Feed", "application/feed+json", _json),
}
"""By the name of the file that a feed is asked for as, below the page it belongs to."""
