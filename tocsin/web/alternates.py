"""The same page in other languages, where there is one: for search engines (`hreflang`) and for people, as links.

A site of one language asks nothing and shows nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import ResolverMatch, reverse
from django.utils import translation
from wagtail.models import Page

from tocsin.web import languages, queries

TERRITORIES = {"en": "en_GB", "fr": "fr_FR", "de": "de_DE", "uk": "uk_UA"}
"""Open Graph names no language without a country."""


@dataclass(frozen=True)
class Alternate:
    """A page in one language. `name` is the language in its own words."""

    language: str
    name: str
    url: str


def alternates(request: HttpRequest, page: Page | None) -> Sequence[Alternate]:
    """The page in every language it exists in, its own too, the main language first; empty if in one only."""
    spoken = languages.spoken()
    if len(spoken.all) < 2 or request.GET.get("page"):  # further pages of a list are no translations of each other
        return ()
    found = _of_a_page(page, request) if page is not None else _of_an_address(request.resolver_match, spoken.all)
    names = dict(settings.LANGUAGES)
    urls = {language: url for language, url in found if language in spoken.all}
    ordered = sorted(urls, key=lambda language: (language != spoken.main, language))
    return [Alternate(each, names.get(each, each), urls[each]) for each in ordered] if len(urls) > 1 else ()


def territory(language: str) -> str:
    """A language as Open Graph writes it."""
    return TERRITORIES.get(language, language)


def _of_a_page(page: Page, request: HttpRequest) -> Iterator[tuple[str, str]]:
    """A page of the tree and its translations, as far as anybody may read them."""
    if page.pk is None:
        return
    public = page.get_translations(inclusive=True).live().filter(~queries.restricted())
    for each in public.select_related("locale"):
        yield each.locale.language_code, each.get_url(request) or ""


def _of_an_address(match: ResolverMatch | None, spoken: frozenset[str]) -> Iterator[tuple[str, str]]:
    """What is no page of the tree, such as a topic, is at the same place in every language."""
    if match is None or match.url_name not in {"topic", "author", "archive", "subscribe"}:
        return
    for language in spoken:
        with translation.override(language):
            yield language, reverse(match.url_name, args=match.args, kwargs=match.kwargs)
