"""Rich text as plain text a person likes to read: wrapped, lists as lists, links numbered and listed below.

Knows HTML fragments as Wagtail's rich text makes them; nothing of posts or mail.
"""

import textwrap
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from lxml import html as lxml_html

WIDTH = 72
BREAK = "\n"
RULE = "* * *"


class LinkNotes:
    """The links of one text, numbered as they appear; the same address keeps its number."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._numbers: dict[str, int] = {}

    def mention(self, words: str, href: str) -> str:
        """How a link reads within the text."""
        url = self._whole(href.strip())
        shown = url.removeprefix("mailto:")
        if words.strip() in {url, shown}:
            return shown
        number = self._numbers.setdefault(url, len(self._numbers) + 1)
        return f"{words} [{number}]"

    def _whole(self, href: str) -> str:
        try:
            return urljoin(self._base_url, href)
        except ValueError:  # no address at all, such as https://[x: shown as it was written
            return href

    def listing(self) -> str:
        """The list that belongs below the text; empty if there were no links."""
        return "\n".join(f"[{number}] {url}" for url, number in self._numbers.items())


def wrap(text: str, *, first: str = "", rest: str = "") -> str:
    """Wrap to WIDTH, keeping line breaks that are there; `first` and `rest` begin the first and the other lines."""
    lines = [" ".join(line.split()) for line in text.strip(BREAK).split(BREAK)]
    wrapped = []
    for position, line in enumerate(lines):
        opening = first if position == 0 else rest
        wrapped.append(
            textwrap.fill(
                line,
                WIDTH,
                initial_indent=opening,
                subsequent_indent=rest,
                break_long_words=False,
                break_on_hyphens=False,
            )
            or opening.rstrip()
        )
    return "\n".join(wrapped)


def from_html(fragment: str, links: LinkNotes) -> str:
    """The plain text of a rich text fragment: paragraphs and lists parted by blank lines."""
    root = lxml_html.fragment_fromstring(fragment, create_parent="div")
    return "\n\n".join(part for part in _parts(root, links) if part.strip())


def words(fragment: str, links: LinkNotes) -> str:
    """The plain text of a fragment as one run of words; only the line breaks that are meant are in it."""
    root = lxml_html.fragment_fromstring(fragment, create_parent="div")
    for paragraph in root.iterfind("p"):
        if paragraph.getnext() is not None:
            paragraph.tail = f" {paragraph.tail or ''}"
    lines = _inline(root, links).split(BREAK)
    return BREAK.join(" ".join(line.split()) for line in lines)


def _parts(container: Any, links: LinkNotes) -> Iterator[str]:
    if container.text and container.text.strip():
        yield wrap(container.text)
    for element in container:
        yield _part(element, links)
        if element.tail and element.tail.strip():
            yield wrap(element.tail)


def _part(element: Any, links: LinkNotes) -> str:
    if element.tag in {"ul", "ol"}:
        return _list(element, links)
    if element.tag == "hr":
        return RULE.center(WIDTH).rstrip()
    return wrap(_inline(element, links))


def _list(element: Any, links: LinkNotes, indent: str = "") -> str:
    lines = []
    for number, item in enumerate(element.iterchildren("li"), 1):
        bullet = f"{number}. " if element.tag == "ol" else "- "
        nested = [child for child in item if child.tag in {"ul", "ol"}]
        words = _inline(item, links, without=nested)
        lines.append(wrap(words, first=indent + bullet, rest=indent + " " * len(bullet)))
        lines += [_list(child, links, indent + " " * len(bullet)) for child in nested]
    return "\n".join(lines)


def _inline(element: Any, links: LinkNotes, without: list[Any] | None = None) -> str:
    pieces = [_flat(element.text)]
    for child in element:
        if child not in (without or []):
            pieces.append(_span(child, links))
        pieces.append(_flat(child.tail))
    return "".join(pieces)


def _span(element: Any, links: LinkNotes) -> str:
    if element.tag == "br":
        return BREAK
    words = _inline(element, links)
    if element.tag == "sup":
        return f"^{words}"
    if element.tag == "a" and element.get("href"):
        return links.mention(words, element.get("href"))
    return words


def _flat(text: str | None) -> str:
    return (text or "").replace("\n", " ")
