"""The front matter of a document: YAML between two `---` lines. What is done with its values is for `document`."""

from collections.abc import Callable
from datetime import datetime, time
from typing import Any, Final

import yaml

from tocsin.lib.errors import Refused

FENCE: Final = "---"
KINDS: Final = ("news", "alert")
FIRST_YEAR: Final = 1000
LAST_YEAR: Final = 9998
SEVERITIES: Final = ("minor", "moderate", "severe", "extreme")


class _BadValueError(Exception):
    """A value that cannot be taken: what is wrong, and the mend."""

    def __init__(self, wrong: str, mend: str) -> None:
        super().__init__(wrong, mend)
        self.wrong = wrong
        self.mend = mend


def split(text: str, filename: str) -> tuple[dict[str, Any], str, list[str]]:
    """Values by the name of their field in `Document`, the text below, and warnings. Raises Refused with the line."""
    first, *lines = text.split("\n")
    if first.rstrip() != FENCE:
        return {}, text, []
    end = next((number for number, line in enumerate(lines) if line.rstrip() == FENCE), None)
    if end is None:
        raise Refused(
            f"{filename}, line 1: the front matter that opens here is never closed.",
            f"Put a line of {FENCE} below its last key.",
        )
    values, warnings = _read("\n".join(lines[:end]), filename)
    return values, "\n".join(lines[end + 1 :]), warnings


def _read(source: str, filename: str) -> tuple[dict[str, Any], list[str]]:
    # Composed but not constructed: nodes know their lines, and no value has been guessed into a number or a date yet.
    try:
        root = yaml.compose(source, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 2 if mark else 1
        mend = "Write one `key: value` a line; put quotation marks around a value that holds a colon or starts with a sign."
        raise Refused(f"{filename}, line {line}: the front matter is not YAML: {error.problem}.", mend) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise Refused(
            f"{filename}: the front matter is not YAML.", "Write one `key: value` a line between the --- lines."
        ) from error
    if root is None:
        return {}, []
    if not isinstance(root, yaml.MappingNode):
        raise Refused(
            f"{filename}, line 2: what stands between the --- lines is no front matter.",
            "Write one `key: value` a line there, or begin the document with something else than ---.",
        )
    values: dict[str, Any] = {}
    warnings: list[str] = []
    for key, node in root.value:
        name = key.value.strip().lower() if isinstance(key, yaml.ScalarNode) else "?"
        if name not in _READERS:
            warnings.append(f"{filename}, line {key.start_mark.line + 2}: unknown key “{name[:40]}” was ignored.")
            continue
        try:
            values[name] = _READERS[name](node)
        except _BadValueError as bad:
            raise Refused(f"{filename}, line {node.start_mark.line + 2}: {name} {bad.wrong}.", bad.mend) from bad
    return values, warnings


def _text(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _BadValueError(
            "is not a single value", "Write its value on the same line, in quotation marks if it holds brackets."
        )
    return "" if node.tag.endswith(":null") else " ".join(str(node.value).split())


def _limited(limit: int) -> Callable[[yaml.Node], str]:
    def read(node: yaml.Node) -> str:
        text = _text(node)
        if len(text) > limit:
            raise _BadValueError(f"is {len(text)} characters long", f"Shorten it to {limit} characters.")
        return text

    return read


def _one_of(choices: tuple[str, ...]) -> Callable[[yaml.Node], str]:
    def read(node: yaml.Node) -> str:
        word = _text(node).lower()
        if word and word not in choices:
            raise _BadValueError(f"is “{word[:40]}”, which is not known", f"Choose one of: {', '.join(choices)}.")
        return word

    return read


def _list(node: yaml.Node) -> tuple[str, ...]:
    items = [_text(item) for item in node.value] if isinstance(node, yaml.SequenceNode) else _text(node).split(",")
    return tuple(dict.fromkeys(item.strip() for item in items if item.strip()))


def _moment(at: time) -> Callable[[yaml.Node], datetime | None]:
    def read(node: yaml.Node) -> datetime | None:
        text = _text(node)
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise _BadValueError(
                f"is “{text[:40]}”, which is not a date", "Write it as 2026-05-31 or 2026-05-31 14:30."
            ) from None
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:  # in another time zone it might have no date at all
            raise _BadValueError(f"is “{text[:40]}”, a year nobody means", "Write the year in full, like 2026-05-31.")
        return datetime.combine(moment, at) if len(text) <= len("2026-05-31") else moment

    return read


_READERS: Final[dict[str, Callable[[yaml.Node], Any]]] = {
    "title": _limited(255),
    "summary": _limited(500),
    "slug": _limited(255),
    "kind": _one_of(KINDS),
    "severity": _one_of(SEVERITIES),
    "date": _moment(time.min),
    "expires": _moment(time(23, 59, 59)),
    "topics": _list,
    "authors": _list,
    "image": _limited(1000),
    "image_alt": _limited(300),
    "image_credit": _limited(120),
}
KEYS: Final = tuple(_READERS)
