"""The catalogues of translations in `tocsin/locale`: taken from the sources, kept in step, compiled. No wording here.

`scripts/translations` runs it. Django's own `makemessages` would need GNU gettext on every machine; Babel reads
the same calls, and Django's own `templatize` the templates.
"""

import ast
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

Said = str | tuple[str, ...]
ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "tocsin"
LOCALE = SOURCES / "locale"
LANGUAGES = {
    "fr": "nplurals=2; plural=(n > 1)",
    "de": "nplurals=2; plural=(n != 1)",
    "uk": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2)",
}
"""The languages besides English, which stands in the sources, with their rules for plurals."""

HEADER = """# The words of Tocsin. docs/guide/languages.md has the glossary; scripts/translations keeps this file in step.
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals};\\n"

"""
NEVER = datetime(2000, 1, 1, tzinfo=UTC)
"""Stands where Babel would write the time of day, so that the same words are the same bytes."""

FORMS = {"fr": 2, "de": 2, "uk": 3}
CALLS = {
    "_": (0, 1),
    "gettext": (0, 1),
    "gettext_lazy": (0, 1),
    "ngettext": (0, 2),
    "ngettext_lazy": (0, 2),
    "pgettext": (1, 1),
    "pgettext_lazy": (1, 1),
    "npgettext": (1, 2),
    "npgettext_lazy": (1, 2),
}
"""The calls that translate: how many contexts and then how many forms they are given."""

KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3)}
"""The same as Babel wants them, for what Django makes of templates."""

PLACEHOLDERS = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%%")


def sources() -> Catalog:
    """Everything the sources say in English, each with the files that say it."""
    catalog = Catalog(charset="utf-8")
    for path in sorted(SOURCES.rglob("*")):
        if path.suffix == ".py" and "migrations" not in path.parts:
            found = in_python(path.read_text())
        elif path.suffix in {".html", ".txt", ".xml"} and "templates" in path.parts:
            found = in_template(path.read_text())
        else:
            continue
        for said, context in found:
            catalog.add(said, locations=[(path.relative_to(ROOT).as_posix(), 0)], context=context)
    return catalog


def in_python(source: str) -> Iterator[tuple[Said, str | None]]:
    """What is said in a module, also inside f-strings. Raises ValueError for a call whose words are not written there."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name not in CALLS:
            continue
        context, forms = CALLS[name]
        words = [argument.value for argument in node.args[: context + forms] if isinstance(argument, ast.Constant)]
        if len(words) < context + forms or not all(isinstance(word, str) for word in words):
            raise ValueError(f"words for translation must stand in the call: {ast.unparse(node)}")
        yield tuple(words[context:]) if forms > 1 else words[context], words[0] if context else None


def in_template(source: str) -> Iterator[tuple[Said, str | None]]:
    """What is said in a template. Django blanks out what stands between the tags, but its indentation is not Python's."""
    text = "\n".join(line.strip() for line in templatize(source).splitlines())
    for _, said, _, context in extract("python", io.BytesIO(text.encode()), keywords=KEYWORDS):
        yield said, context


def stored(language: str) -> Catalog:
    """The catalogue of a language as it lies in `tocsin/locale`."""
    with po(language).open("rb") as file:
        return read_po(file, locale=language)


def written(catalog: Catalog) -> bytes:
    """The bytes of a .po file."""
    file = io.BytesIO()
    write_po(file, catalog, width=120, sort_output=True, include_lineno=False, omit_header=True)
    return HEADER.format(language=catalog.locale, plurals=LANGUAGES[str(catalog.locale)]).encode() + file.getvalue()


def compiled(catalog: Catalog) -> bytes:
    """The bytes of a .mo file, as Django reads it."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def in_step(language: str, said: Catalog) -> Catalog:
    """The catalogue of a language with what the sources say now: translations kept, new ones empty, no others."""
    known = stored(language) if po(language).exists() else Catalog(locale=language)
    catalog = Catalog(locale=language, charset="utf-8", creation_date=NEVER, fuzzy=False)
    catalog.mime_headers = [("Plural-Forms", LANGUAGES[language])]
    for message in said:
        if message.id:
            before = known.get(message.id, message.context)
            catalog.add(
                message.id,
                _fitting(before, message, FORMS[language]),
                locations=message.locations,
                context=message.context,
            )
    return catalog


def faults(language: str, said: Catalog) -> Iterator[str]:
    """What is wrong with the catalogue of a language, a line each."""
    known = stored(language)
    for message in said:
        if not message.id:
            continue
        translated = known.get(message.id, message.context)
        if translated is None or not all(_forms(translated)):
            yield f"{language}: not translated: {message.id!r}"
        elif translated.fuzzy:
            yield f"{language}: fuzzy: {message.id!r}"
        else:
            yield from _of_placeholders(language, translated)
    for message in known:
        if message.id and said.get(message.id, message.context) is None:
            yield f"{language}: nobody says this any more: {message.id!r}"


def update() -> int:
    """Bring the files in step with the sources; how many strings lack a translation."""
    said, missing = sources(), 0
    for language in LANGUAGES:
        catalog = in_step(language, said)
        po(language).parent.mkdir(parents=True, exist_ok=True)
        po(language).write_bytes(written(catalog))
        mo(language).write_bytes(compiled(catalog))
        for fault in faults(language, said):
            missing += 1
            print(fault)  # noqa: T201 - what the command is for
    return missing


def _of_placeholders(language: str, message: Message) -> Iterator[str]:
    """Every form of a translation fills in what the original fills in; the one for 1 may leave out the number."""
    originals = [sorted(set(PLACEHOLDERS.findall(form))) for form in _said(message)]
    for form in _forms(message):
        if sorted(set(PLACEHOLDERS.findall(form))) not in originals:
            yield f"{language}: other placeholders than {message.id!r}: {form!r}"


def _said(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (message.id,)


def _forms(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, list | tuple) else (message.string,)


def _fitting(before: Message | None, message: Message, forms: int) -> str | tuple[str, ...]:
    if before is not None and isinstance(before.id, tuple) == isinstance(message.id, tuple):
        return before.string
    return ("",) * forms if isinstance(message.id, tuple) else ""


def po(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def mo(language: str) -> Path:
    return po(language).with_suffix(".mo")


if __name__ == "__main__":
    sys.exit(1 if update() else 0)
