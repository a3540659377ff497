"""Untrusted HTML becomes a small tree of elements that are safe to walk. What they mean is for `blocks`.

nh3 parses as a browser does and drops what is not named here; the tree is built from its balanced output. The depth
is bounded, so that whoever walks the tree may recurse.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

import nh3

from tocsin.lib.errors import Refused

MAX_DEPTH: Final = 100

INLINE: Final = {
    "a": "a",
    "b": "b",
    "strong": "b",
    "i": "i",
    "em": "i",
    "cite": "i",
    "s": "s",
    "del": "s",
    "strike": "s",
    "sub": "sub",
    "sup": "sup",
    "code": "code",
    "kbd": "code",
    "samp": "code",
    "tt": "code",
}
"""Inline elements, and what each is written as in a post's rich text."""

_BLOCKS: Final = frozenset(
    {"article", "aside", "blockquote", "caption", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "footer"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "summary"}
    | {"table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"}
)
_OTHERS: Final = frozenset({"br", "img", "meta", "title"})
_DROPPED: Final = frozenset(
    {"audio", "button", "canvas", "embed", "form", "frame", "frameset", "iframe", "input", "link", "map", "math", "nav"}
    | {"noembed", "noframes", "noscript", "object", "option", "plaintext", "script", "select", "source", "style", "svg"}
    | {"template", "textarea", "track", "video", "xmp"}
)
_VOID: Final = frozenset({"br", "hr", "img", "meta"})
SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
"""What a link may begin with. Whoever writes one asks again: taking control characters out of `java&#1;script:` (which
nh3 takes for a path) makes another address of it."""

_CELL: Final = {"colspan", "rowspan", "align", "style"}
_ATTRIBUTES: Final = {
    "*": {"id"},
    "a": {"href", "name"},
    "code": {"class"},
    "img": {"src", "alt", "title"},
    "meta": {"name", "content"},
    "pre": {"class"},
    "td": _CELL,
    "th": _CELL,
}
_WORTH_A_WARNING = re.compile(r"<(audio|embed|form|iframe|object|script|svg|video)\b", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
_CLOSED_BY_THE_NEXT = _VOID | {"p", "li", "td", "th", "tr", "dt", "dd", "input", "link", "option"}
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Element:
    """One element; its children are elements and text."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element | str"] = field(default_factory=list)

    def walk(self) -> Iterator["Element"]:
        """This element and all below it, in document order."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def find(self, *tags: str) -> list["Element"]:
        """The elements below (or this one) that are any of `tags`, in document order."""
        return [element for element in self.walk() if element.tag in tags]

    @property
    def text(self) -> str:
        """All text in it, line breaks as such."""
        if self.tag == "br":
            return "\n"
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def is_inline(self) -> bool:
        """Whether it can stand within a line of text: it is no block and holds none."""
        return not any(element.tag in _BLOCKS for element in self.walk())


def read(html: str) -> tuple[Element, list[str]]:
    """The tree of a fragment or a whole page, and the names of what had to be left out. Raises Refused when too deep."""
    _refuse_depth(html)
    left_out = sorted({match.lower() for match in _WORTH_A_WARNING.findall(html)})
    clean = nh3.clean(
        html,
        tags={*INLINE, *_BLOCKS, *_OTHERS},
        clean_content_tags=set(_DROPPED),
        attributes=_ATTRIBUTES,
        filter_style_properties={"text-align"},
        url_schemes=set(SCHEMES),
        link_rel=None,
    )
    builder = _Builder()
    builder.feed(_CONTROLS.sub("", clean))
    builder.close()
    return builder.root, left_out


def _refuse_depth(html: str) -> None:
    """Parsing as browsers do takes the square of the depth: refuse what is absurd before it takes hours."""
    depth = 0
    for closing, tag in _TAG.findall(html):
        if tag.lower() not in _CLOSED_BY_THE_NEXT:
            depth += -1 if closing else 1
        if depth > 10 * MAX_DEPTH:
            raise _too_deep()


def _too_deep() -> Refused:
    return Refused(
        f"The document is nested more than {MAX_DEPTH} elements deep.",
        "Save it from a word processor as plain text or Markdown, and try that file.",
    )


class _Builder(HTMLParser):
    """Builds the tree from HTML that is known to be balanced."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("main")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: _CONTROLS.sub("", value or "") for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)
        if len(self._open) > MAX_DEPTH:
            raise _too_deep()

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and len(self._open) > 1:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(_CONTROLS.sub("", data))
