"""HTML becomes the blocks of a post's body (`content.blocks.BodyBlock`), with what it says of title and summary.

Rich text is written anew from the tree, element by element, so nothing passes that is not written here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any, Final, Literal
from urllib.parse import unquote, urlsplit

from tocsin.importers import cells, elements, footnotes
from tocsin.importers.elements import Element
from tocsin.importers.footnotes import Footnote

Block = (
    tuple[Literal["heading", "text"], str]
    | tuple[Literal["quote", "picture", "code"], dict[str, str]]
    | tuple[Literal["table"], dict[str, Any]]
    | tuple[Literal["footnotes"], list[dict[str, str]]]
)
"""("heading", plain), ("text", HTML), ("quote", {text, attribution}), ("picture", {path, alt, caption, credit}),
("code", {language, code}), ("table", as `content.tables.stored`) or ("footnotes", [{mark, text as HTML}])."""

MAX_HEADING: Final = 200
MAX_ATTRIBUTION: Final = 160
MAX_ALT: Final = 300
MAX_CAPTION: Final = 300
MAX_CREDIT: Final = 120
MAX_LANGUAGE: Final = 40

_SPACE = re.compile(r"[ \t\n\f\r]+")
_BREAK: Final = "<br/>"
_AROUND_BREAK = re.compile(r" *<br/> *")
_DASH = re.compile(r"^(?:[-\N{EN DASH}\N{EM DASH}\N{HORIZONTAL BAR}]+)\s*(?=\S)")


@dataclass(frozen=True)
class Body:
    """What a document's HTML holds. `title` is its first h1, or its title element; it is not among the blocks."""

    title: str
    description: str
    blocks: tuple[Block, ...]
    warnings: tuple[str, ...]


def from_html(html: str, *, title: str = "") -> Body:
    """Read untrusted HTML. With a `title` given, only an opening h1 that repeats it is left out of the blocks."""
    root, left_out = elements.read(html)
    articles = root.find("article")
    main = articles[0] if len(articles) == 1 else root
    notes = footnotes.take_out(main)
    first = next((line for h1 in main.find("h1") if (line := plain(h1.text))), "")
    builder = _Blocks(skip_heading=title or first)
    builder.flow(main)
    builder.flush()
    builder.footnotes(notes)
    if left_out:
        builder.warn(f"Left out, since a post cannot hold it: {', '.join(left_out)}.")
    page_title = next((plain(element.text) for element in root.find("title")), "")
    descriptions = [
        plain(meta.attributes.get("content", ""))
        for meta in root.find("meta")
        if meta.attributes.get("name", "").lower() == "description"
    ]
    return Body(
        title=first or page_title,
        description=next(iter(descriptions), ""),
        blocks=tuple(builder.blocks),
        warnings=tuple(builder.warnings),
    )


def plain(text: str) -> str:
    """Text on one line, spaces collapsed."""
    return " ".join(text.split())


class _Blocks:
    """Collects blocks; consecutive paragraphs, lists and rules gather in one text block until `flush`."""

    def __init__(self, *, skip_heading: str) -> None:
        self.blocks: list[Block] = []
        self.warnings: list[str] = []
        self._paragraphs: list[str] = []
        self._skip_heading: str | None = skip_heading
        self._handlers: dict[str, Callable[[Element], None]] = {
            **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), self._heading),
            **dict.fromkeys(("footer", "meta", "title"), self._nothing),
            "blockquote": self._quote,
            "figure": self._figure,
            "hr": self._rule,
            "img": self._picture,
            "ol": self._list,
            "ul": self._list,
            "dt": self._term,
            "pre": self._code,
            "table": self._table,
        }

    def warn(self, warning: str) -> None:
        """Say it once."""
        if warning not in self.warnings:
            self.warnings.append(warning)

    def flush(self) -> None:
        """Close the text block under way."""
        if self._paragraphs:
            self.blocks.append(("text", "".join(self._paragraphs)))
            self._paragraphs = []

    def flow(self, container: Element) -> None:
        """Take a container's children: runs of inline content become paragraphs, blocks are handled by their tag."""
        run: list[str] = []
        for child in container.children:
            if isinstance(child, str):
                run.append(self._inline(child))
            elif child.tag in self._handlers or not child.is_inline:
                self._paragraph("".join(run))
                run = []
                self._handlers.get(child.tag, self.flow)(child)
            else:
                run.append(self._inline(child))
                run = self._interrupt(run, child)
        self._paragraph("".join(run))

    def _interrupt(self, run: list[str], inline: Element) -> list[str]:
        pictures = inline.find("img")
        if not pictures:
            return run
        self._paragraph("".join(run))
        for picture in pictures:
            self._picture(picture)
        return []

    def _paragraph(self, inline: str) -> None:
        tidy = _tidy(inline)
        if tidy:
            self._paragraphs.append(f"<p>{tidy}</p>")

    def _inline(self, node: Element | str) -> str:
        if isinstance(node, str):
            return escape(_SPACE.sub(" ", node), quote=False)
        if node.tag == "br":
            return "<br/>"
        if node.tag in {"img", "title", "meta"}:
            return ""
        content = "".join(self._inline(child) for child in node.children)
        tag = elements.INLINE.get(node.tag)
        if tag is None or not _tidy(content):
            return content
        if tag != "a":
            return f"<{tag}>{content}</{tag}>"
        href = self._href(node.attributes.get("href", "").strip())
        return f'<a href="{escape(href)}">{content}</a>' if href else content

    def _href(self, href: str) -> str:
        if href.startswith("//"):
            href = f"https:{href}"
        if not href or href.startswith("#"):
            return ""
        if href.startswith("/") or _scheme(href) in elements.SCHEMES:
            return href
        self.warn(f"The link to {href} leads nowhere from a post and was left out. Write the whole address.")
        return ""

    def _nothing(self, _: Element) -> None:
        """What is no part of the text."""

    def _heading(self, element: Element) -> None:
        for picture in element.find("img"):
            self._picture(picture)
        text = plain(element.text)
        if element.tag == "h1" and text and text == self._skip_heading:
            self._skip_heading = None
        elif len(text) > MAX_HEADING:
            self._paragraph(f"<b>{escape(text, quote=False)}</b>")
        elif text:
            self.flush()
            self.blocks.append(("heading", text))

    def _quote(self, element: Element) -> None:
        lines = [line for line in _lines(element) if line]
        named = {plain(source.text) for source in element.find("footer", "cite")}
        attribution = ""
        if len(lines) > 1 and len(lines[-1]) <= MAX_ATTRIBUTION and (_DASH.match(lines[-1]) or lines[-1] in named):
            attribution = _DASH.sub("", lines.pop())
        for link in element.find("a"):
            self.warn(f"A quotation holds no links: {link.attributes.get('href', '')} was left out.")
        if lines:
            self.flush()
            self.blocks.append(("quote", {"text": "\n\n".join(lines), "attribution": attribution}))
        for picture in element.find("img"):
            self._picture(picture)

    def _figure(self, element: Element) -> None:
        captions = element.find("figcaption")
        pictures = element.find("img")
        if not pictures:
            self.flow(element)
        for picture in pictures:
            self._picture(picture, plain(captions[0].text) if captions else "")

    def _picture(self, element: Element, caption: str = "") -> None:
        path = element.attributes.get("src", "").strip()
        alt = plain(element.attributes.get("alt", ""))
        if not path or path.startswith("//") or _scheme(path):
            self.warn(
                f"The picture “{alt or path[:80]}” is not a file beside the document and was left out. "
                "Save it there and name that file."
            )
            return
        words, _, credit = (caption or plain(element.attributes.get("title", ""))).partition("|")
        self.flush()
        picture = {
            "path": unquote(path),
            "alt": self._short(alt, MAX_ALT),
            "caption": self._short(words.strip(), MAX_CAPTION),
            "credit": self._short(credit.strip(), MAX_CREDIT),
        }
        self.blocks.append(("picture", picture))
        if not alt:
            self.warn(
                f"The picture {unquote(path)} has no alternative text. Say what it shows, in the brackets of ![...]."
            )

    def _short(self, text: str, limit: int) -> str:
        if len(text) <= limit:
            return text
        self.warn(f"“{text[:40]}…” is longer than {limit} characters and was cut.")
        return text[: limit - 1].rstrip() + "…"

    def _rule(self, _: Element) -> None:
        self._paragraphs.append("<hr/>")

    def _term(self, element: Element) -> None:
        self._paragraph(f"<b>{escape(plain(element.text), quote=False)}</b>" if plain(element.text) else "")

    def _list(self, element: Element) -> None:
        items = self._items(element)
        self._paragraphs += [items] if items else []
        for picture in element.find("img"):
            self._picture(picture)

    def _items(self, element: Element) -> str:
        items: list[str] = []
        for child in element.children:
            if isinstance(child, Element) and child.tag in {"ul", "ol"} and items:
                items[-1] += self._items(child)
            else:
                items.append(self._item(child))
        content = "".join(f"<li>{item}</li>" for item in items if item)
        return f"<{element.tag}>{content}</{element.tag}>" if content else ""

    def _item(self, node: Element | str) -> str:
        """An item's text, its paragraphs parted by line breaks, its lists last."""
        parts: list[str] = []
        nested: list[str] = []
        self._gather(node, parts, nested)
        return "<br/>".join(tidy for part in parts if (tidy := _tidy(part))) + "".join(nested)

    def _gather(self, node: Element | str, parts: list[str], nested: list[str]) -> None:
        if isinstance(node, Element) and node.tag in {"ul", "ol"}:
            nested.append(self._items(node))
        elif isinstance(node, Element) and node.tag == "pre":
            parts += [self._lines_of_code(node), ""]
        elif isinstance(node, str) or node.is_inline:
            parts[-1:] = [(parts[-1] if parts else "") + self._inline(node)]
        else:
            parts.append("")
            for child in node.children:
                self._gather(child, parts, nested)
            parts.append("")

    def _code(self, element: Element) -> None:
        code = element.text.strip("\n")
        if code.strip():
            self.flush()
            self.blocks.append(("code", {"language": _language(element)[:MAX_LANGUAGE], "code": code}))

    def _lines_of_code(self, element: Element) -> str:
        """Code within an item of a list, which holds no blocks."""
        lines = element.text.strip("\n").expandtabs(4).split("\n")
        written = [
            "\N{NO-BREAK SPACE}" * (len(line) - len(line.lstrip(" "))) + escape(line.strip(), quote=False)
            for line in lines
        ]
        return f"<code>{'<br/>'.join(written)}</code>" if element.text.strip() else ""

    def _table(self, element: Element) -> None:
        """A table of cells; what only arranges a page in columns is read cell by cell."""
        grid = cells.read(element)
        if grid is None:
            for each in element.find("caption", "td", "th"):
                if not each.find("table"):
                    self.flow(each)
            return
        self.flush()
        self.blocks.append(("table", grid.value(self._href)))
        for picture in element.find("img"):
            self._picture(picture)

    def footnotes(self, notes: list[Footnote]) -> None:
        """The notes that were taken out of the document; the heading and the line above them go too."""
        written = [(note.mark, _tidy(self._item(note.element))) for note in notes]
        kept = [{"mark": mark, "text": f"<p>{text}</p>"} for mark, text in written if text]
        if not kept:
            return
        self._drop_rule()
        if self.blocks and self.blocks[-1][0] == "heading":
            self.blocks.pop()
            self._drop_rule()
        self.blocks.append(("footnotes", kept))

    def _drop_rule(self) -> None:
        """Take away a line across the page that ends what there is so far."""
        if self.blocks and self.blocks[-1][0] == "text":
            bare = str(self.blocks.pop()[1]).removesuffix("<hr/>")
            self.blocks += [("text", bare)] if bare else []


def _language(element: Element) -> str:
    """What a block of code says it is written in: `class="language-python"`, as CommonMark writes it."""
    for each in element.find("pre", "code"):
        for name in each.attributes.get("class", "").split():
            if name.startswith(("language-", "lang-")):
                return name.partition("-")[2]
    return ""


def _tidy(inline: str) -> str:
    """Inline HTML without blanks and breaks at its ends; empty when nothing is to be seen in it."""
    tidy = _AROUND_BREAK.sub(_BREAK, _SPACE.sub(" ", inline)).strip()
    start, end = 0, len(tidy)
    while tidy.startswith(_BREAK, start):
        start += len(_BREAK)
    while tidy.endswith(_BREAK, start, end):
        end -= len(_BREAK)
    tidy = tidy[start:end]
    return tidy if re.sub(r"<[^>]*>|\s", "", tidy) else ""


def _lines(element: Element) -> list[str]:
    """The paragraphs of a block as plain text."""
    lines = [""]
    for child in element.children:
        if isinstance(child, str) or child.is_inline:
            lines[-1] += child if isinstance(child, str) else child.text
        else:
            lines += [*_lines(child), ""]
    return [plain(line) for line in lines]


def _scheme(url: str) -> str:
    """Its scheme in lower case; empty for a path, `invalid` for what is no address."""
    try:
        return urlsplit(url).scheme
    except ValueError:
        return "invalid"
