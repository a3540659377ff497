"""Nothing of the interface stays English when the publication is not: what is said too early, or past the catalogue."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from lxml import html

from tests import catalogues
from tests.conftest import own_database
from tests.everything import publish_everything
from tocsin.audience.models import Publication, Subscriber
from tocsin.content.actions import speak

pytestmark = pytest.mark.database

LANGUAGE = "uk"
"""One whose words are never those of English. That each language has them all is `tests/test_translations.py`."""

HOLE = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd%]")
SHOWN = "//body//text()[not(ancestor::script or ancestor::style)]"
SAID = "//body//@*[name()='aria-label' or name()='placeholder' or name()='title' or name()='alt']"
OURS = {"Who", "Why", "When"}
"""Headings of the posts of `tests.everything`, and words of the interface elsewhere."""


@pytest.fixture(scope="module")
def pages(django_db_blocker: object) -> Iterator[dict[str, list[str]]]:
    """What every page says, piece by piece."""
    settings = pytest.MonkeyPatch()
    with own_database(django_db_blocker, settings):
        speak(LANGUAGE, ())
        Publication.objects.update(language=LANGUAGE)
        reader = Client(raise_request_exception=False, headers={"origin": "http://testserver"})
        leaves = publish_everything()
        Subscriber.objects.update(language=LANGUAGE)
        answers = {leaf.path: reader.get(leaf.path) for leaf in leaves}
        answers["refused"] = reader.post("/subscribe/", {"email": "nobody", "name": "x" * 500})
        yield {path: _pieces(answer.content.decode()) for path, answer in answers.items()}


def _pieces(text: str) -> list[str]:
    tree = html.fromstring(text)
    return [squeezed for piece in (*tree.xpath(SHOWN), *tree.xpath(SAID)) if (squeezed := " ".join(piece.split()))]


def english() -> "re.Pattern[str]":
    """What would be English: any wording of the catalogue that its language says otherwise, whatever stands in its holes."""
    wordings = []
    for message in catalogues.stored(LANGUAGE):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        wordings += [said for said in ids if said and said not in strings and _is_telling(said)]
    return re.compile("|".join(".+?".join(map(re.escape, HOLE.split(" ".join(said.split())))) for said in wordings))


def _is_telling(said: str) -> bool:
    """Whether it would be known again: one word between two holes may be anybody's."""
    return len(HOLE.sub(" ", said).split()) > bool(HOLE.search(said))


def test_nothing_is_english(pages):
    wording = english()
    found = {(path, piece) for path, pieces in pages.items() for piece in pieces if wording.fullmatch(piece)}
    assert {(path, piece) for path, piece in found if piece not in OURS} == set()


def test_the_test_finds_english():
    wording = english()
    assert wording.fullmatch("Stay informed")
    assert wording.fullmatch("12 minutes to read")
    assert not wording.fullmatch("Будьте в курсі")
