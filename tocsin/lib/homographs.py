"""Addresses that look like another one: letters of two scripts in one word, or Cyrillic ones that all look Latin. Pure.

UTS 39 (section 5.2) calls the first *mixed script*; the second is what browsers show as xn--...: whole-script confusables
below a Latin top-level domain. Languages that write several scripts at once (Japanese, Korean, Chinese) mix only with Latin
letters a reader can tell apart, so only scripts that share shapes are looked at.
"""

import re
import unicodedata
from typing import Final

ALIKE: Final = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN")
"""Scripts with letters of the same shapes."""

LOOKS_LATIN: Final = frozenset("асеорхуѕіјһԁӏԛԝαορν")  # noqa: RUF001 - that is what they are for
WORDS: Final = re.compile(r"[.@]")


def pretence(address: str) -> str:
    """Which part of an address looks like something else, and why, in words for a reader; '' if none."""
    if address.isascii():
        return ""
    top = address.rpartition(".")[2]
    for word in WORDS.split(address):
        if word.isascii():
            continue
        scripts = _scripts(word)
        if len(scripts) > 1:
            return f"“{word}” mixes {' and '.join(script.capitalize() for script in scripts)} letters that look alike"
        if top.isascii() and scripts != ["LATIN"] and all(_passes_for_latin(letter) for letter in word):
            return f"“{word}” is written in {scripts[0].capitalize()} letters that look Latin" if scripts else ""
    return ""


def _scripts(word: str) -> list[str]:
    names = [unicodedata.name(letter, "").partition(" ")[0] for letter in word if letter.isalpha()]
    return [script for script in ALIKE if script in names]


def _passes_for_latin(letter: str) -> bool:
    return letter.lower() in LOOKS_LATIN or not letter.isalpha()
