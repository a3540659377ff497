"""The body of a post as it goes into mail: the same blocks once as HTML, once as plain text.

Pictures go by absolute address, never attached. Nothing here knows of the mail around the body.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urljoin

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from lxml import html as lxml_html
from wagtail.images.models import AbstractImage
from wagtail.rich_text import expand_db_html

from tocsin.content import footnotes, tables
from tocsin.content.clippings import queries as clippings
from tocsin.content.clippings.models import Clipping
from tocsin.content.footnotes import Footnotes
from tocsin.content.models import PostPage
from tocsin.content.tables import Align, Cell, Table
from tocsin.desk import plaintables, plaintext
from tocsin.desk.plaintext import LinkNotes

log = logging.getLogger(__name__)

SHOWN_WIDTH = 536
"""CSS pixels a picture fills in the sheet; twice as many are sent for dense screens."""
CARD_WIDTH = 160
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
    notes = Footnotes({mark: _rich(text, url) for mark, text in footnotes.of(post.body).items()})
    clipped = clippings.kept(post.body)
    for block in post.body:
        value = block.value
        match block.block_type:
            case "heading":
                yield Part("heading", clean(value))
            case "text":
                yield Part("text", _referred(_rich(value.source, url), notes))
            case "quote":
                words = _referred(escape(clean(value["text"])), notes)
                yield Part("quote", {"text": words, "attribution": clean(value["attribution"])})
            case "picture":
                image = value["image"]
                alt = "" if image.decorative else image.contextual_alt_text or ""
                yield _picture(image, url, alt, value["caption"], value["credit"])
            case "table":
                yield _table(value, url, notes)
            case "link":
                yield _card(value, clipped, url)
            case "code":
                yield Part("code", {"language": clean(value["language"]), "code": _program(value["code"])})
    listed = notes.listed()
    if listed:
        yield Part("footnotes", [{"number": note.number, "text": mark_safe(note.text)} for note in listed])  # noqa: S308


def _rich(source: str, url: str) -> SafeString:
    return _absolute(clean(expand_db_html(source)), url)


def _referred(html: str, notes: Footnotes) -> SafeString:
    """References as raised numbers: addresses within a mail lead nowhere in many programs."""
    return mark_safe(notes.refer(html, lambda reference: f"<sup>{reference.number}</sup>"))  # noqa: S308 - sanitised


def _table(value: Any, url: str, notes: Footnotes) -> Part | None:
    found = tables.table(value)
    if found is None:
        return None

    def row(cells: Sequence[Cell]) -> list[Cell]:
        return [Cell(_referred(_absolute(clean(cell.html), url), notes), cell.heads, cell.align) for cell in cells]

    return Part("table", Table(clean(found.caption), row(found.head), [row(cells) for cells in found.rows]))


def _card(value: Any, clipped: Mapping[str, Clipping], url: str) -> Part | None:
    card = clippings.card(value, clipped)
    if card is None:
        return None
    words = {"title": clean(card.title), "description": clean(card.description), "site_name": clean(card.site_name)}
    picture = urljoin(url, card.picture) if card.picture else ""
    return Part("link", {**words, "url": card.url, "picture": picture, "width": min(card.width, CARD_WIDTH)})


def _program(code: str) -> str:
    """Lines of code, without what a message cannot carry."""
    return clean(code.expandtabs(4)).strip("\n")


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


def _plain_quote(value: dict[str, str], links: LinkNotes) -> str:
    lines = value["text"].replace("\n", "<br>")
    words = plaintext.wrap(plaintext.words(lines, links), first="> ", rest="> ")
    return f"{words}\n>\n> - {value['attribution']}" if value["attribution"] else words


def _plain_picture(picture: Picture, _: LinkNotes) -> str:
    words = ". ".join(part.rstrip(". ") for part in (picture.alt, picture.caption, picture.credit) if part)
    return plaintext.wrap(gettext("[Picture: {words}]").format(words=words)) if words else ""


def _plain_table(value: Table, links: LinkNotes) -> str:
    head = [plaintext.words(cell.html, links) for cell in value.head]
    rows = [[plaintext.words(cell.html, links) for cell in row] for row in value.rows]
    ends = [cell.align is Align.END for cell in value.rows[0]] if value.rows else []
    return "\n\n".join(part for part in (plaintext.wrap(value.caption), plaintables.write(head, rows, ends)) if part)


def _plain_link(value: dict[str, Any], links: LinkNotes) -> str:
    words = [links.mention(value["title"], value["url"]), value["description"], value["site_name"]]
    return "\n".join(plaintext.wrap(line, first="  ", rest="  ") for line in words if line)


def _plain_code(value: dict[str, str], _: LinkNotes) -> str:
    return "\n".join(f"    {line}".rstrip() for line in value["code"].split("\n"))


def _plain_footnotes(value: list[dict[str, Any]], links: LinkNotes) -> str:
    notes = (
        plaintext.wrap(plaintext.words(note["text"], links), first=f"^{note['number']} ", rest="   ") for note in value
    )
    return "\n".join((_plain_heading(gettext("Footnotes"), links), *notes))


_PLAIN: dict[str, Callable[[Any, LinkNotes], str]] = {
    "heading": _plain_heading,
    "text": _plain_text,
    "quote": _plain_quote,
    "picture": _plain_picture,
    "table": _plain_table,
    "code": _plain_code,
    "link": _plain_link,
    "footnotes": _plain_footnotes,
}
