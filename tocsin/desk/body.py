"""The body of a post as it goes into mail: the same blocks once as HTML, once as plain text.

Pictures go by absolute address, never attached. Nothing here knows of the mail around the body.
"""

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from lxml import html as lxml_html
from wagtail.images.models import AbstractImage
from wagtail.rich_text import expand_db_html

from tocsin.content.models import PostPage
from tocsin.desk import plaintext
from tocsin.desk.plaintext import LinkNotes

log = logging.getLogger(__name__)

SHOWN_WIDTH = 536
"""CSS pixels a picture fills in the sheet; twice as many are sent for dense screens."""
RENDITION = f"width-{2 * SHOWN_WIDTH}|jpegquality-75"

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Picture:
    """A picture in mail."""

    url: str
    alt: str
    caption: str
    credit: str
    width: int
    lead: bool = False


@dataclass(frozen=True)
class Part:
    """One block, ready for both forms. `kind` names its template and its plain form."""

    kind: str
    value: Any


def clean(text: str) -> str:
    """Without control characters, which in a message mean personal values (`courier.message`)."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n"))


def parts(post: PostPage, url: str) -> list[Part]:
    """The lead picture and the blocks of a post whose address is `url`."""
    return [part for part in (_lead(post, url), *_blocks(post, url)) if part is not None]


def as_html(body: list[Part]) -> SafeString:
    """The body as HTML, styled by `desk/mail/style.css`."""
    return mark_safe(  # noqa: S308 - rendered by our templates
        "".join(render_to_string(f"desk/mail/blocks/{part.kind}.html", {"value": part.value}) for part in body)
    )


def as_text(body: list[Part], links: LinkNotes) -> str:
    """The body as plain text; its links are noted in `links`."""
    written = (_PLAIN[part.kind](part.value, links) for part in body)
    return "\n\n".join(text for text in written if text)


def _lead(post: PostPage, url: str) -> Part | None:
    if post.lead_image is None:
        return None
    return _picture(post.lead_image, url, post.lead_image_alt, "", post.lead_image_credit, lead=True)


def _blocks(post: PostPage, url: str) -> Iterator[Part | None]:
    for block in post.body:
        value = block.value
        match block.block_type:
            case "heading":
                yield Part("heading", clean(value))
            case "text":
                yield Part("text", _absolute(clean(expand_db_html(value.source)), url))
            case "quote":
                yield Part("quote", {"text": clean(value["text"]), "attribution": clean(value["attribution"])})
            case "picture":
                image = value["image"]
                alt = "" if image.decorative else image.contextual_alt_text or ""
                yield _picture(image, url, alt, value["caption"], value["credit"])


def _picture(image: AbstractImage, url: str, *words: str, lead: bool = False) -> Part | None:
    """None if its file cannot be read: a lost picture must not keep news from its readers."""
    try:
        rendition = image.get_rendition(RENDITION)
    except Exception:
        log.exception("Picture %s is left out of mail", image.pk)
        return None
    alt, caption, credit = (clean(word) for word in words)
    width = min(SHOWN_WIDTH, rendition.width)
    return Part("picture", Picture(urljoin(url, rendition.url), alt, caption, credit, width, lead))


def _absolute(fragment: str, url: str) -> SafeString:
    root = lxml_html.fragment_fromstring(fragment, create_parent="div")
    root.make_links_absolute(url, handle_failures="ignore")
    inner: str = lxml_html.tostring(root, encoding="unicode").removeprefix("<div>").removesuffix("</div>")
    return mark_safe(inner)  # noqa: S308 - rich text, already sanitised when it was written


def _plain_heading(value: str, _: LinkNotes) -> str:
    text = plaintext.wrap(value)
    return f"{text}\n{'-' * max(map(len, text.splitlines()))}"


def _plain_text(value: str, links: LinkNotes) -> str:
    return plaintext.from_html(value, links)


def _plain_quote(value: dict[str, str], _: LinkNotes) -> str:
    words = plaintext.wrap(value["text"], first="> ", rest="> ")
    return f"{words}\n>\n> - {value['attribution']}" if value["attribution"] else words


def _plain_picture(picture: Picture, _: LinkNotes) -> str:
    words = ". ".join(part.rstrip(". ") for part in (picture.alt, picture.caption, picture.credit) if part)
    return plaintext.wrap(f"[Picture: {words}]") if words else ""


_PLAIN: dict[str, Callable[[Any, LinkNotes], str]] = {
    "heading": _plain_heading,
    "text": _plain_text,
    "quote": _plain_quote,
    "picture": _plain_picture,
}
