"""What a body's links are shown as: the editor's own words first, then what the page says of itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tocsin.content.clippings import metadata, pictures
from tocsin.content.clippings.actions import canonical, canonical_all
from tocsin.content.clippings.models import Clipping


@dataclass(frozen=True)
class Card:
    """A link with what there is to be seen of its page. `picture` is our copy's address, empty without one."""

    url: str
    title: str
    description: str
    site_name: str
    picture: str
    width: int
    height: int


def kept(body: Iterable[Any]) -> dict[str, Clipping]:
    """What is kept of the pages a body shows, by address; in one query, or none."""
    wanted = canonical_all(block.value["url"] for block in body if block.block_type == "link")
    return {clipping.url: clipping for clipping in Clipping.objects.filter(url__in=wanted)} if wanted else {}


def card(value: Mapping[str, str], known: Mapping[str, Clipping]) -> Card | None:
    """The card of one block; None for an address that is none."""
    url = canonical(value["url"])
    if not url:
        return None
    clipping = known.get(url) or Clipping(url=url)
    return Card(
        url=url,
        title=value["title"] or clipping.title or url,
        description=value["description"] or clipping.description,
        site_name=clipping.site_name or metadata.site(url),
        picture=pictures.url(clipping.picture) if clipping.picture else "",
        width=clipping.picture_width,
        height=clipping.picture_height,
    )
