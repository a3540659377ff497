"""What a page says of itself in its head: Open Graph first, then what browsers show. Pure; the page is not to be trusted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from lxml import etree, html

from tocsin.content.clippings.models import MAX_DESCRIPTION, MAX_SITE_NAME, MAX_TITLE

_END_OF_HEAD: Final = re.compile(rb"</head|<body", re.IGNORECASE)
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
"""Controls, and what turns the direction of what stands around it."""

_TITLES: Final = ("og:title", "twitter:title")
_DESCRIPTIONS: Final = ("og:description", "twitter:description", "description")
_PICTURES: Final = ("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src")


@dataclass(frozen=True)
class Metadata:
    """One line each, empty where the page says nothing. `picture` is an absolute address, not looked at yet."""

    title: str
    description: str
    site_name: str
    picture: str


def read(page: bytes, url: str, charset: str = "") -> Metadata:
    """The metadata of the HTML that came from `url`. `charset`: what the server called it, if it did."""
    tree = _tree(_END_OF_HEAD.split(page, maxsplit=1)[0], charset)
    said = dict(_said(tree)) if tree is not None else {}
    titles = [title.text_content() for title in tree.iter("title")] if tree is not None else []
    return Metadata(
        title=_line(_first(said, _TITLES) or next(iter(titles), ""), MAX_TITLE),
        description=_line(_first(said, _DESCRIPTIONS), MAX_DESCRIPTION),
        site_name=_line(said.get("og:site_name", ""), MAX_SITE_NAME) or site(url),
        picture=_absolute(url, _first(said, _PICTURES)),
    )


def site(url: str) -> str:
    """What to call a site that does not say: its host."""
    return (urlsplit(url).hostname or "").removeprefix("www.")[:MAX_SITE_NAME]


def _tree(head: bytes, charset: str) -> Any:
    for encoding in (charset or None, None):
        try:
            return html.document_fromstring(head, parser=html.HTMLParser(encoding=encoding, no_network=True))
        except LookupError:  # no such encoding
            continue
        except (etree.LxmlError, ValueError):
            return None
    return None


def _said(tree: Any) -> Iterator[tuple[str, str]]:
    """Names and contents; of a name that comes twice the first counts."""
    metas = [(meta.get("property") or meta.get("name") or "", meta.get("content") or "") for meta in tree.iter("meta")]
    return ((name.strip().lower(), content) for name, content in reversed(metas) if content.strip())


def _first(said: dict[str, str], names: tuple[str, ...]) -> str:
    return next((said[name] for name in names if name in said), "")


def _line(text: str, longest: int) -> str:
    line = " ".join(_UNSEEN.sub(" ", text).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _absolute(url: str, written: str) -> str:
    try:
        return urljoin(url, written.strip()) if written.strip() else ""
    except ValueError:
        return ""
