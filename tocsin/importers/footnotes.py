"""Finds the footnotes of a document, whatever program wrote it: a link and a note that lead to each other.

Markdown, Pandoc, WordPress, Word and LibreOffice all mark them up differently, but in each the number in the text links
to the note and the note links back. Both links are taken out; `[^n]` stands where the number was.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tocsin.importers.elements import Element

_NOTES: Final = frozenset({"li", "p", "dd", "div", "td", "aside"})
_AROUND: Final = frozenset({"sup", "a", "b", "i", "cite"})
_LOOKS_LIKE_A_NUMBER: Final = re.compile(r"^[\[(]?[\w:*†‡]{1,7}[\])]?$")


@dataclass(frozen=True)
class Footnote:
    """A note, its link back taken out."""

    mark: str
    element: Element


class _Tree:
    """The elements of a document by what they are called, and where each stands."""

    def __init__(self, root: Element) -> None:
        self.parents: dict[int, Element] = {}
        self.named: dict[str, Element] = {}
        for element in root.walk():
            for child in element.children:
                if isinstance(child, Element):
                    self.parents[id(child)] = element
            for name in (element.attributes.get("id"), element.attributes.get("name")):
                if name:
                    self.named.setdefault(name, element)

    def target(self, link: Element) -> Element | None:
        """What a link leads to within the document."""
        return self.named.get(link.attributes.get("href", "").removeprefix("#")) if _is_inner(link) else None

    def above(self, element: Element) -> Iterator[Element]:
        """The element and what it stands in, from the inside out."""
        at: Element | None = element
        while at is not None:
            yield at
            at = self.parents.get(id(at))

    def note(self, link: Element) -> Element | None:
        """The note a link leads to: the block that is the target, or that the target stands in."""
        target = self.target(link)
        return next((each for each in self.above(target) if each.tag in _NOTES), None) if target else None

    def remove(self, element: Element) -> None:
        """Take an element out, and what holds nothing without it."""
        parent = self.parents.get(id(element))
        if parent is not None:
            parent.children[:] = [child for child in parent.children if child is not element]
            if parent.tag in _AROUND and not parent.text.strip():
                self.remove(parent)

    def replace(self, element: Element, text: str) -> None:
        """Put text where an element was, and where the `<sup>` was that held nothing else."""
        parent = self.parents[id(element)]
        if parent.tag in _AROUND and parent.text.strip() == element.text.strip() and id(parent) in self.parents:
            self.replace(parent, text)
        else:
            parent.children[:] = [text if child is element else child for child in parent.children]


def take_out(root: Element) -> list[Footnote]:
    """The footnotes below `root`, in the order in which the text refers to them; they are gone from the tree then."""
    tree = _Tree(root)
    found: dict[int, Footnote] = {}
    leading_back: dict[int, dict[int, Element]] = {}  # by note: its links by where they lead
    backs: list[Element] = []
    for link in [each for each in root.find("a") if _is_inner(each)]:
        note = tree.note(link)
        if note is None or not _LOOKS_LIKE_A_NUMBER.match(link.text.strip()):
            continue
        links = leading_back.setdefault(id(note), {})
        if not links:
            links.update({id(tree.target(each)): each for each in note.find("a") if _is_inner(each)})
        around = list(tree.above(link))
        back = [links[id(each)] for each in around[:3] if id(each) in links]
        if back and not any(each is note for each in around):
            footnote = found.setdefault(id(note), Footnote(str(len(found) + 1), note))
            tree.replace(link, f"[^{footnote.mark}]")
            backs += back
    for each in backs:
        tree.remove(each)
    for footnote in found.values():
        tree.remove(footnote.element)
    return list(found.values())


def _is_inner(link: Element) -> bool:
    return link.attributes.get("href", "").startswith("#")
