"""The interface is complete in every language: what the sources say is translated, and compiled as it lies there."""

import pytest
from django.utils import translation
from django.utils.translation import gettext, ngettext

from tests import catalogues
from tocsin import settings

MEND = "run scripts/translations, fill in what it lists, and run it again"


@pytest.fixture(scope="module")
def said():
    return catalogues.sources()


def test_every_language_of_the_interface_has_a_catalogue():
    assert {code for code, _ in settings.LANGUAGES} == {"en", *catalogues.LANGUAGES}


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_everything_the_sources_say_is_translated(language, said):
    assert list(catalogues.faults(language, said)) == [], MEND


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_what_is_compiled_is_what_is_written(language, said):
    catalogue = catalogues.in_step(language, said)
    assert catalogues.po(language).read_bytes() == catalogues.written(catalogue), MEND
    assert catalogues.mo(language).read_bytes() == catalogues.compiled(catalogue), MEND


@pytest.mark.parametrize(
    ("number", "words"), [(1, "1 читач"), (2, "2 читачі"), (5, "5 читачів"), (11, "11 читачів"), (22, "22 читачі")]
)
def test_ukrainian_counts_in_three_forms(number, words):
    with translation.override("uk"):
        assert ngettext("{number} reader", "{number} readers", number).format(number=number) == words


def test_a_placeholder_that_was_lost_is_a_fault(monkeypatch, said):
    catalogue = catalogues.stored("de")
    catalogue.get("Corrected: {subject}").string = "Berichtigt"
    monkeypatch.setattr(catalogues, "stored", lambda _: catalogue)
    assert list(catalogues.faults("de", said)) == ["de: other placeholders than 'Corrected: {subject}': 'Berichtigt'"]


def test_words_in_f_strings_are_found():
    source = """f"{_('a')} {ngettext('b', 'c', 2)}\""""
    assert list(catalogues.in_python(source)) == [("a", None), (("b", "c"), None)]


def test_words_put_together_elsewhere_cannot_be_translated():
    with pytest.raises(ValueError, match="must stand in the call"):
        list(catalogues.in_python("_(f'{a} b')"))


@pytest.mark.parametrize(("language", "words"), [("fr", "Restez informé"), ("de", "Informiert bleiben")])
def test_readers_see_their_language(language, words):
    with translation.override(language):
        assert gettext("Stay informed") == words
