"""A Markdown, HTML or text file becomes a Document: all that a post needs, checked, and safe to show.

Pure: no database, no files, no network. The desk turns a Document into a post; pictures are named by their paths.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from pathlib import PurePath
from typing import Final

from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

from tocsin.importers import blocks, front_matter
from tocsin.importers.blocks import Block, Body
from tocsin.lib.errors import Refused

MAX_OCTETS: Final = 5_000_000
MAX_TITLE: Final = 255
MAX_SUMMARY: Final = 500
WRAP: Final = 100

_CONTROLS = re.compile(r"[\x01-\x08\x0b-\x1f\x7f-\x9f]")
_URL = re.compile(r"https?://[^\s<>\"]*[\w/=&%#+~-]")
_BULLET = re.compile(r"\s*(?:[-*\N{BULLET}\N{EN DASH}]|\d+[.)])\s")


@dataclass(frozen=True)
class Document:
    """What a file says. Empty strings and None where it says nothing; `topics` and `authors` as they are written."""

    title: str
    summary: str = ""
    kind: str = "news"
    date: datetime | None = None
    """The date shown. Naive means: in the publication's time zone. So does `expires`."""
    topics: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    slug: str = ""
    severity: str = ""
    expires: datetime | None = None
    image: str = ""
    image_alt: str = ""
    image_credit: str = ""
    blocks: tuple[Block, ...] = ()
    warnings: tuple[str, ...] = ()


def parse(data: bytes, filename: str) -> Document:
    """Read a document; its name's ending says what it is. Raises Refused with the mend."""
    read_body = _READERS.get(PurePath(filename).suffix.lower())
    if read_body is None:
        raise Refused(f"{filename} is no kind of document we know.", f"Its name has to end in {', '.join(_READERS)}.")
    values, text, warnings = front_matter.split(_decode(data, filename), filename)
    body = read_body(text, values.get("title", ""))
    values["title"] = values.get("title") or body.title
    values["summary"] = values.get("summary") or _fitting(body.description, MAX_SUMMARY)
    values["kind"] = values.get("kind") or "news"
    _check_title(values["title"], filename)
    if not body.blocks:
        warnings.append(f"{filename} has no text below its title.")
    return Document(**values, blocks=body.blocks, warnings=(*warnings, *body.warnings))


def _decode(data: bytes, filename: str) -> str:
    if len(data) > MAX_OCTETS:
        raise Refused(
            f"{filename} is {len(data) / 1e6:.1f} MB.",
            f"The largest document is {MAX_OCTETS / 1e6:.0f} MB: keep pictures in files of their own.",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Refused(
            f"{filename}, line {line}: the file is not UTF-8 text.",
            "Save it with the encoding UTF-8, or convert it: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW.",
        ) from error
    if "\0" in text:
        raise Refused(
            f"{filename} holds zero bytes: it is no text file, or one in UTF-16.",
            "Save it as text with the encoding UTF-8.",
        )
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _check_title(title: str, filename: str) -> None:
    if not title:
        raise Refused(
            f"{filename} has no title.",
            "Begin it with a line `# Title` (in a text file: the title on its first line), or put `title: ...` between two "
            "lines of --- at its top.",
        )
    if len(title) > MAX_TITLE:
        raise Refused(
            f"{filename}: its first line, taken as the title, is {len(title)} characters long.",
            f"Put a title of at most {MAX_TITLE} characters on a line of its own above the text.",
        )


def _fitting(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rsplit(" ", 1)[0] + "…"


def _markdown(text: str, title: str) -> Body:
    return blocks.from_html(_MARKDOWN.render(text), title=title)


def _html(text: str, title: str) -> Body:
    return blocks.from_html(text, title=title)


def _text(text: str, title: str) -> Body:
    """Paragraphs are parted by blank lines; without a given title the first line is it."""
    lines = text.strip().split("\n")
    if not title:
        title = blocks.plain(lines.pop(0))
    width = min(max(map(len, lines), default=0), WRAP)
    paragraphs = [
        "".join(
            _linked(line) + _joint(line, following, width)
            for line, following in zip(part, [*part[1:], ""], strict=True)
        )
        for part in _parted(lines)
    ]
    body = blocks.from_html("".join(f"<p>{paragraph}</p>" for paragraph in paragraphs))
    return replace(body, title=title)


def _parted(lines: list[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            parts[-1].append(line.strip())
        elif parts[-1]:
            parts.append([])
    return [part for part in parts if part]


def _joint(line: str, following: str, width: int) -> str:
    """A line ended on purpose, if the next word had fitted on it; otherwise it was only wrapped."""
    if not following:
        return ""
    fitted = len(line) + 1 + len(following.split(maxsplit=1)[0]) <= width
    return "<br>" if fitted or _BULLET.match(following) else " "


def _linked(line: str) -> str:
    pieces: list[str] = []
    position = 0
    for match in _URL.finditer(line):
        url = escape(match.group())
        pieces += [escape(line[position : match.start()]), f'<a href="{url}">{url}</a>']
        position = match.end()
    return "".join([*pieces, escape(line[position:])])


_MARKDOWN: Final = (
    MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).use(footnote_plugin, inline=False)
)
# HTML within Markdown takes the same way as an HTML file: everything is sanitised in `blocks`.

_READERS: Final = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".html": _html,
    ".htm": _html,
    ".txt": _text,
}
